/** Structured errors of a Vite server, kept per file until the file transforms again. No text is scraped for places. */
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { Problem } from "../../protocol/model.ts";

/** What Vite, Rolldown, esbuild and plugins put on the errors they throw. All of it is optional and loosely typed. */
export interface ViteError {
  readonly message?: string;
  readonly name?: string;
  readonly plugin?: string;
  readonly id?: unknown;
  readonly code?: unknown;
  readonly loc?: { readonly file?: string; readonly line?: number; readonly column?: number };
  readonly errors?: readonly ViteError[];
  /** esbuild's form (Vite 5 to 7 config files and transforms). */
  readonly location?: {
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
  } | null;
  readonly text?: string;
  readonly stack?: string;
}

/** Plugins whose columns are 1-based; everybody else counts from 0, as Vite's own `loc` does. */
const oneBasedColumns = new Set(["vite:vue", "vite:css", "vite:postcss"]);
/** Errors that such a plugin only hands on: Vue's script blocks are parsed by Babel, which counts from 0. */
const zeroBasedCodes = new Set(["BABEL_PARSER_SYNTAX_ERROR"]);

export interface Problems {
  /** @param file where it happened when the error does not say */
  failed(error: ViteError, file?: string): void;
  /** The file transforms: nothing is wrong with it any more. */
  passed(file: string): void;
  /** Files that have problems now. */
  files(): readonly string[];
  all(): readonly Problem[];
}

/** @param changed called with the whole list, and only when it differs from the last one */
export function createProblems(
  root: string,
  changed: (problems: readonly Problem[]) => void,
): Problems {
  const byFile = new Map<string, { about: string; problem: Problem }>();
  let told = "[]";

  const tell = (): void => {
    const list = all();
    const text = JSON.stringify(list);
    if (text === told) return;
    told = text;
    changed(list);
  };
  const all = (): readonly Problem[] => [...byFile.values()].map((entry) => entry.problem);

  return {
    failed(error, file) {
      if (isNoFault(error)) return;
      const problem = toProblem(error, root, file);
      // Keyed by the module that failed: an error in an imported file clears when its importer transforms.
      byFile.set(file ?? problem.file, { about: file ?? problem.file, problem });
      tell();
    },
    passed(file) {
      if (byFile.delete(file)) tell();
    },
    files: () => [...byFile.keys()],
    all,
  };
}

/** Turns an error into the one shape. Line and column become 1-based. */
export function toProblem(error: ViteError, root: string, fallbackFile?: string): Problem {
  const detail = error.errors?.[0] ?? error;
  const place = placeOf(detail) ?? placeOf(error) ?? {};
  const plugin = error.plugin ?? detail.plugin ?? "";
  const file = place.file ?? idOf(error.id) ?? idOf(detail.id) ?? fallbackFile ?? root;
  const column = place.column ?? 0;
  return {
    file: path.resolve(root, file),
    line: Math.max(1, place.line ?? 1),
    column: Math.max(1, isOneBased(plugin, detail.code) ? column : column + 1),
    severity: "error",
    message: messageOf(detail, error),
    source: plugin === "" ? "vite" : plugin,
    ...(typeof detail.code === "string" ? { code: detail.code } : {}),
  };
}

/**
 * Errors that say "ask again", not "this is wrong": a closed server, an outdated optimised dependency. A script that
 * cannot be loaded is told by the page; Vite also says so of files that exist, where a path contains `#`.
 */
function isNoFault({ code }: ViteError): boolean {
  const passing =
    /^ERR_(CLOSED_SERVER|OUTDATED_OPTIMIZED_DEP|OPTIMIZE_DEPS_PROCESSING_ERROR|LOAD_URL)$/;
  return typeof code === "string" && passing.test(code);
}

function isOneBased(plugin: string, code: unknown): boolean {
  return oneBasedColumns.has(plugin) && !zeroBasedCodes.has(String(code));
}

function placeOf(error: ViteError): { file?: string; line?: number; column?: number } | undefined {
  const loc = error.loc ?? error.location;
  if (loc?.line !== undefined)
    return { ...loc, ...(loc.file === undefined ? {} : { file: withoutQuery(loc.file) }) };
  // Rolldown's JSON plugin says the place only in words.
  const said = /\bat line (\d+) column (\d+)/.exec(error.message ?? "");
  return said === null ? undefined : { line: Number(said[1]), column: Number(said[2]) - 1 };
}

function idOf(id: unknown): string | undefined {
  return typeof id === "string" && id !== "" ? withoutQuery(id) : undefined;
}

function withoutQuery(id: string): string {
  return id.replace(/[?#].*$/, "").replace(/^\0/, "");
}

/** The first line that says something: messages carry colours, code frames, a counting head line and a tag. */
function messageOf(detail: ViteError, error: ViteError): string {
  const raw = detail.text ?? detail.message ?? error.message ?? "Unknown error";
  const lines = stripVTControlCharacters(raw)
    .split("\n")
    .map((line) => line.trim());
  const first =
    lines.find((line) => line !== "" && !/^(Transform|Build) failed with \d+ error/.test(line)) ??
    raw;
  return first
    .replace(/^\[[A-Z_]+\] (Error: )?/, "")
    .replace(/^\[[\w:@/.-]+\] /, "")
    .replace(/^\S+?:\d+:\d+:? /, "");
}
