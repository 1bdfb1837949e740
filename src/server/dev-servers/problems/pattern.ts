/** One pattern of a matcher: what a line says by it. */
import { UserError } from "../../../protocol/errors.ts";
import type { ProblemPattern } from "../project-config.ts";
import type { Match } from "./guarded-regexp.ts";

/** What lines said so far; texts as they stood there. */
export interface Captures {
  file?: string;
  line?: string;
  column?: string;
  endLine?: string;
  endColumn?: string;
  severity?: string;
  code?: string;
  message?: string;
  /** The finding is about a file as a whole. */
  isFile?: boolean;
}

export interface CompiledPattern {
  readonly loop: boolean;
  match(text: string): Captures | undefined;
}

const groups = ["file", "line", "column", "endLine", "endColumn", "severity", "code"] as const;

/**
 * The patterns of a matcher, checked as a whole. A single pattern without groups has those of VS Code: file, line, column
 * are groups 1 to 3, the message is the whole line. Throws `config_failed`.
 */
export function compilePatterns(
  patterns: readonly ProblemPattern[],
  compile: (source: string) => Match,
): readonly CompiledPattern[] {
  const isSingle = patterns.length === 1;
  const kind = patterns[0]?.kind ?? "location";
  const full = isSingle ? patterns.map((pattern) => withDefaults(pattern, kind)) : patterns;
  const says = (name: keyof ProblemPattern): boolean => full.some((one) => one[name] !== undefined);
  if (full.length === 0) throw refused("has no pattern. Add one with a regexp");
  if (!says("file") || !says("message"))
    throw refused("names no group for file or message. Add both to its pattern");
  if (kind === "location" && !says("line") && !says("location"))
    throw refused('names no group for a line. Add line or location, or set kind to "file"');
  if (full.slice(0, -1).some((one) => one.loop === true) || (isSingle && full[0]?.loop === true))
    throw refused("loops before its last pattern. Only the last of several patterns can loop");
  return full.map((pattern) => ({
    loop: pattern.loop === true,
    match: capturer(pattern, kind === "file", compile(pattern.regexp)),
  }));
}

function withDefaults(pattern: ProblemPattern, kind: string): ProblemPattern {
  if (kind === "file" || pattern.location !== undefined) return { file: 1, message: 0, ...pattern };
  return { file: 1, line: 2, column: 3, message: 0, ...pattern };
}

function capturer(
  pattern: ProblemPattern,
  isFile: boolean,
  match: Match,
): (text: string) => Captures | undefined {
  return (text) => {
    const found = match(text);
    if (found === undefined) return undefined;
    const captures: Captures = isFile ? { isFile } : {};
    for (const name of groups) {
      const value = textOf(found, pattern[name]);
      if (value !== undefined) captures[name] = value;
    }
    const message = textOf(found, pattern.message);
    if (message !== undefined) captures.message = message;
    const location = textOf(found, pattern.location);
    return location === undefined ? captures : { ...captures, ...parseLocation(location) };
  };
}

function textOf(
  found: readonly (string | undefined)[],
  group: number | undefined,
): string | undefined {
  const text = group === undefined ? undefined : found[group]?.trim();
  return text === "" ? undefined : text;
}

/** `line`, `line,column` or `line,column,endLine,endColumn`. */
function parseLocation(text: string): Captures {
  const [line, column, endLine, endColumn] = text.split(",");
  return {
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
    ...(endLine !== undefined && { endLine }),
    ...(endColumn !== undefined && { endColumn }),
  };
}

function refused(what: string): UserError {
  return new UserError("config_failed", `A problem matcher ${what}`);
}
