/** Pure: our problems as ranges of an editor, each once. */
import type { Problem } from "../protocol/model.ts";

/** 0-based; `end` is exclusive and absent when it is not known. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly end?: { readonly line: number; readonly column: number };
}

/** 1-based lines and columns to 0-based ones; nothing below zero, no end before its start. */
export function toPlace(problem: Problem): Place {
  const line = Math.max(problem.line - 1, 0);
  const column = Math.max(problem.column - 1, 0);
  if (problem.endLine === undefined && problem.endColumn === undefined) return { line, column };
  const end = {
    line: Math.max((problem.endLine ?? problem.line) - 1, 0),
    column: Math.max((problem.endColumn ?? problem.column) - 1, 0),
  };
  const isAfter = end.line > line || (end.line === line && end.column > column);
  return isAfter ? { line, column, end } : { line, column };
}

/** The same fault can reach us from the transform and from the page; the first one stays. Grouped by file. */
export function byFile<Found extends Problem>(problems: readonly Found[]): Map<string, Found[]> {
  const seen = new Set<string>();
  const files = new Map<string, Found[]>();
  for (const problem of problems) {
    const key = JSON.stringify([problem.file, problem.line, problem.column, problem.message]);
    if (seen.has(key)) continue;
    seen.add(key);
    files.set(problem.file, [...(files.get(problem.file) ?? []), problem]);
  }
  return files;
}

/** The same problem after its block moved by some lines. */
export function shifted(problem: Problem, lines: number): Problem {
  if (lines === 0) return problem;
  return {
    ...problem,
    line: problem.line + lines,
    ...(problem.endLine === undefined ? {} : { endLine: problem.endLine + lines }),
  };
}
