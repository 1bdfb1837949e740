/** Reads lines by one matcher, whose patterns may stretch over several lines. */
import type { BuildError } from "../../../protocol/dev-server.ts";
import type { ProblemMatcher, ProblemPattern } from "../project-config.ts";
import type { Match } from "./guarded-regexp.ts";
import { compilePatterns, type Captures } from "./pattern.ts";
import { placeFile, type BuildPlace } from "./places.ts";

/** Reads one format of output. */
export interface ProblemReader {
  /** @param line without ANSI sequences and line end. @returns what is complete now */
  read(line: string): readonly BuildError[];
  /** The output ended. */
  end(): readonly BuildError[];
  /** What a person should see of a line that is made for programs; undefined for nothing. */
  shown?(line: string): string | undefined;
}

/** @param compile makes the regular expressions */
export function createMatcherReader(
  matcher: ProblemMatcher,
  place: BuildPlace,
  compile: (source: string) => Match,
): ProblemReader {
  const listed: readonly ProblemPattern[] = isList(matcher.pattern)
    ? matcher.pattern
    : [matcher.pattern];
  const patterns = compilePatterns(listed, compile);
  /** Lines matched so far, and what they said. */
  let open: { lines: readonly string[]; captures: Captures } = { lines: [], captures: {} };
  /** What stands above the lines of a loop. */
  let loop: Captures | undefined;

  const close = (): void => {
    open = { lines: [], captures: {} };
  };

  const read = (line: string): readonly BuildError[] => {
    const last = patterns.at(-1);
    const again = loop === undefined ? undefined : last?.match(line);
    if (again !== undefined) return toErrors({ ...loop, ...again }, matcher, place);
    loop = undefined;
    const at = open.lines.length;
    const found = patterns[at]?.match(line);
    if (found === undefined) {
      // What was taken for a beginning was none; another may begin within the lines behind it.
      const rest = open.lines.slice(1);
      close();
      return at === 0 ? [] : [...rest, line].flatMap(read);
    }
    const captures = { ...open.captures, ...found };
    if (at + 1 < patterns.length) {
      open = { lines: [...open.lines, line], captures };
      return [];
    }
    if (last?.loop === true) loop = open.captures;
    close();
    return toErrors(captures, matcher, place);
  };

  return {
    read,
    end: () => {
      close();
      loop = undefined;
      return [];
    },
  };
}

function toErrors(
  captures: Captures,
  matcher: ProblemMatcher,
  place: BuildPlace,
): readonly BuildError[] {
  const { file, code, message = "" } = captures;
  const line = captures.isFile === true ? 1 : numberOf(captures.line);
  // A group that matched nothing: there is no place to show.
  if (file === undefined || line === undefined) return [];
  const endLine = numberOf(captures.endLine);
  const endColumn = numberOf(captures.endColumn);
  return [
    {
      file: placeFile(file, place, matcher.fileLocation),
      line,
      column: numberOf(captures.column) ?? 1,
      ...(endColumn !== undefined && { endLine: endLine ?? line, endColumn }),
      severity: severityOf(captures.severity) ?? matcher.severity ?? "error",
      message,
      source: matcher.source ?? matcher.owner ?? "build",
      ...(code !== undefined && { code }),
    },
  ];
}

/** Places begin at 1; a compiler that says 0 does not know. */
function numberOf(text: string | undefined): number | undefined {
  const number = Number.parseInt(text ?? "", 10);
  return number > 0 ? number : undefined;
}

/** Words and letters as VS Code reads them. */
function severityOf(text = ""): BuildError["severity"] | undefined {
  const word = text.toLowerCase();
  if (word === "error" || word === "e") return "error";
  if (word === "warning" || word === "warn" || word === "w") return "warning";
  return ["info", "information", "note", "hint", "i"].includes(word) ? "info" : undefined;
}

function isList(pattern: ProblemMatcher["pattern"]): pattern is readonly ProblemPattern[] {
  return Array.isArray(pattern);
}
