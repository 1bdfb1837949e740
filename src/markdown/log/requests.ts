/** Recognising a request in a log (section 4): what an agent has appended below the anchor, or left in a file without one. */
import { findAnchor, type Anchor } from "./anchor.ts";
import { codeOf, findFences, languageOf, type Fence, type Fences } from "./fences.ts";
import {
  beginsWithHeading,
  isBackgroundHeading,
  isEventHeading,
  isPlaceholder,
  isSystemHeading,
  isTestItem,
  readReplyHeading,
  readRequestHeading,
  type RequestHeading,
} from "./headings.ts";
import { isBlank, toLines, toText, trimLines, type LogLine } from "./lines.ts";

export interface RequestBlock {
  readonly code: string;
  readonly language: "js" | "ts";
  /** Lines of its fence among `ParsedRequests.lines`, 0-based. */
  readonly open: number;
  readonly close: number;
}

/** Why a chunk is no request. */
export type DraftReason = "empty" | "no-complete-fence" | "no-executable-fence" | "reply-in-fence";

export interface ParsedRequests {
  readonly agent: string;
  readonly target: string;
  /** As the agent wrote it, empty when there is none. */
  readonly time: string;
  readonly blocks: readonly RequestBlock[];
  /** Set when nothing of the chunk runs. */
  readonly draft?: DraftReason;
  /** The chunk without the request heading and without blank lines at its ends; without an anchor the whole text. */
  readonly lines: readonly LogLine[];
  /** Absent when the text has none. */
  readonly anchor?: Anchor;
  /** What stands below the request: the next one, by whoever its heading says. */
  readonly rest: string;
}

/** @param known what the server wrote or processed last */
export function parseRequests(text: string, pageName: string, known?: string): ParsedRequests {
  const anchor = findAnchor(text, known);
  if (anchor === undefined) return parseWithoutAnchor(toLines(text), pageName);
  return { ...parseTail(text.slice(anchor.end), pageName), anchor };
}

/** Parses what stands below an anchor: the first request of it, where several have headings of their own. */
export function parseTail(tail: string, pageName: string): ParsedRequests {
  const lines = toLines(tail);
  const next = nextRequest(lines);
  if (next === undefined) return parseChunk(lines, pageName);
  return { ...parseChunk(lines.slice(0, next), pageName), rest: toText(lines.slice(next)) };
}

/** Index of the heading with which a second request begins. */
function nextRequest(lines: readonly LogLine[]): number | undefined {
  const { closed } = findFences(lines);
  const first = closed.findIndex((fence) => toBlock(lines, fence).length > 0);
  if (first < 0) return undefined;
  for (let index = first; index < closed.length; index++) {
    const start = closed[index]!.close + 1;
    const end = closed[index + 1]?.open ?? lines.length;
    const at = lines
      .slice(start, end)
      .findIndex(({ text }) => (readRequestHeading(text)?.time ?? "") !== "");
    if (at >= 0) return start + at;
  }
  return undefined;
}

/** Parses a chunk as one request (4.2). */
export function parseChunk(tail: readonly LogLine[], pageName: string): ParsedRequests {
  const { heading, lines } = takeHeading(trimLines(tail), pageName);
  const { agent, target, time } = heading ?? { agent: "agent", target: pageName, time: "" };
  const found = findBlocks(lines);
  const base = { agent, target, time, lines, rest: "" };
  return typeof found === "string"
    ? { ...base, blocks: [], draft: found }
    : { ...base, blocks: found };
}

/** The first block in the shape of the existing modules, null when there is no request (4.5). */
export function parseRequest(
  text: string,
  pageName: string,
): { agent: string; target: string; time: string; code: string; hasFooter: boolean } | null {
  const { agent, target, time, blocks, anchor } = parseRequests(text, pageName);
  const [first] = blocks;
  if (first === undefined) return null;
  return { agent, target, time, code: first.code, hasFooter: anchor !== undefined };
}

/** The request heading among the prose before the first fence, and the chunk without it. */
function takeHeading(
  lines: readonly LogLine[],
  pageName: string,
): { heading?: RequestHeading; lines: readonly LogLine[] } {
  const { closed, unclosed } = findFences(lines);
  const code = closed.find(({ info }) => languageOf(info) !== undefined)?.open;
  const end = Math.min(code ?? lines.length, unclosed ?? lines.length);
  const isContent = (index: number): boolean =>
    closed.some(({ open, close }) => index >= open && index <= close);
  for (let index = end - 1; index >= 0; index--) {
    if (isContent(index)) continue;
    const heading = readRequestHeading(lines[index]!.text, index === 0 ? pageName : undefined);
    if (heading !== undefined) return { heading, lines: trimLines(lines.toSpliced(index, 1)) };
  }
  return { lines };
}

function findBlocks(lines: readonly LogLine[]): RequestBlock[] | DraftReason {
  if (lines.length === 0) return "empty";
  const { closed, unclosed } = findFences(lines);
  // An incomplete fence at the end: the agent is still writing (4.2, rule 5).
  if (unclosed !== undefined || closed.length === 0) return "no-complete-fence";
  const all = closed.flatMap((fence) => toBlock(lines, fence));
  const filled = all.filter(({ code }) => code.trim() !== "");
  const blocks = filled.filter(({ code }) => !beginsWithHeading(code));
  if (blocks.length > 0) return blocks;
  return filled.length > 0 ? "reply-in-fence" : "no-executable-fence";
}

function toBlock(lines: readonly LogLine[], fence: Fence): RequestBlock[] {
  const language = languageOf(fence.info);
  if (language === undefined) return [];
  return [{ code: codeOf(lines, fence), language, open: fence.open, close: fence.close }];
}

/** Only the last fence of the file counts, unless the server has written or answered it (4.3). */
function parseWithoutAnchor(lines: readonly LogLine[], pageName: string): ParsedRequests {
  const base = { agent: "agent", target: pageName, time: "", lines, rest: "" };
  const { closed, unclosed } = fencesOfHistory(lines);
  const last = closed.at(-1);
  if (last === undefined)
    return { ...base, blocks: [], draft: lines.every(isBlank) ? "empty" : "no-complete-fence" };
  if (unclosed !== undefined) return { ...base, blocks: [], draft: "no-complete-fence" };
  const [block] = toBlock(lines, last);
  if (block === undefined || block.code.trim() === "")
    return { ...base, blocks: [], draft: "no-executable-fence" };
  if (beginsWithHeading(block.code) || isServers(lines, last))
    return { ...base, blocks: [], draft: "reply-in-fence" };
  return { ...base, blocks: [block] };
}

/** Where an old fence has no end, the others are paired the wrong way: then they are read afresh from the last heading. */
function fencesOfHistory(lines: readonly LogLine[]): Fences {
  const all = findFences(lines);
  if (all.unclosed === undefined) return all;
  const heading = lines.findLastIndex(
    ({ text }) => readReplyHeading(text) !== undefined || readRequestHeading(text) !== undefined,
  );
  return heading < 0 ? all : findFences(lines, heading + 1);
}

function isServers(lines: readonly LogLine[], { open, close }: Fence): boolean {
  const above = lines.slice(0, open).findLast((line) => !isBlank(line))?.text ?? "";
  const isOutput =
    readReplyHeading(above) !== undefined ||
    isEventHeading(above) ||
    isSystemHeading(above) ||
    isBackgroundHeading(above) ||
    isPlaceholder(above) ||
    isTestItem(above);
  return (
    isOutput || lines.slice(close + 1).some(({ text }) => readReplyHeading(text) !== undefined)
  );
}

/** The request heading that stands above a fence of a file without an anchor, skipping prose (4.3). */
export function headingAbove(
  lines: readonly LogLine[],
  open: number,
): { readonly line: number; readonly heading: RequestHeading } | undefined {
  for (let line = open - 1; line >= 0; line--) {
    const { text } = lines[line]!;
    if (/^ {0,3}`{3,}/.test(text) || readReplyHeading(text) !== undefined) return undefined;
    const heading = readRequestHeading(text);
    if (heading !== undefined) return { line, heading };
  }
  return undefined;
}
