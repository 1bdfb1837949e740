/** Pure: what of a log can be folded, following its headings: turn, request, reply, event, and every fence. */
import type { Lines, LogFence, LogHeading, LogParts } from "./log-headings.ts";
import { isServersFence } from "./log-requests.ts";

/** Both ends inclusive, 0-based. */
export interface Fold {
  readonly start: number;
  readonly end: number;
}

/** Folds of more than one line. The anchor belongs to none, so that what is typed below it stays in sight. */
export function logFolds(lines: Lines, parts: LogParts): Fold[] {
  const last = (parts.anchorLine < 0 ? lines.count : parts.anchorLine) - 1;
  const ends = sectionEnds(parts.headings, last);
  const sections = parts.headings.map((heading, index) => ({
    start: heading.line,
    end: foldEnd({ lines, parts, heading, sectionEnd: ends[index]! }),
  }));
  const fences = parts.fences
    .filter(({ closed }) => closed)
    .map(({ startLine, endLine }) => ({ start: startLine, end: endLine }));
  return [...sections, ...fences].filter(({ start, end }) => end > start);
}

/** For each heading the line before the next one of its level or above. */
function sectionEnds(headings: readonly LogHeading[], last: number): number[] {
  const ends = headings.map(() => last);
  const open: number[] = [];
  for (const [index, { level, line }] of headings.entries()) {
    while (open.length > 0 && headings[open.at(-1)!]!.level >= level) ends[open.pop()!] = line - 1;
    open.push(index);
  }
  return ends;
}

interface FoldPlace {
  readonly lines: Lines;
  readonly parts: LogParts;
  readonly heading: LogHeading;
  readonly sectionEnd: number;
}

function foldEnd({ lines, parts, heading, sectionEnd }: FoldPlace): number {
  // The notes and blocks below a reply are an agent's again, not part of what the realm said.
  const own = heading.kind === "reply" || heading.kind === "executing" || heading.kind === "event";
  let end = own ? ownEnd(lines, parts, heading, sectionEnd) : sectionEnd;
  while (end > heading.line && lines.at(end).trim() === "") end -= 1;
  return end;
}

function ownEnd(
  lines: Lines,
  parts: LogParts,
  { line, kind }: LogHeading,
  sectionEnd: number,
): number {
  let end = line;
  for (const fence of between(parts.fences, line, sectionEnd))
    if (isServersFence(lines, fence)) end = fence.endLine;
  if (kind !== "executing") return end;
  const placeholder = end + 1;
  const isPlaceholder =
    placeholder <= sectionEnd && lines.at(placeholder).startsWith("executing (");
  return isPlaceholder ? placeholder : end;
}

/** Fences are in order: a binary search keeps a log of many replies linear. */
function between(fences: readonly LogFence[], from: number, to: number): readonly LogFence[] {
  let low = 0;
  let high = fences.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fences[middle]!.startLine < from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < fences.length && fences[end]!.startLine <= to) end += 1;
  return fences.slice(low, end);
}
