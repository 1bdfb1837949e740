/** The executing region of a log and what becomes of it (sections 6 to 10). Found by headings and code, never by offsets. */
import { findAnchor, withFooter } from "./anchor.ts";
import { appendAbove, splice } from "./edits.ts";
import { findFences } from "./fences.ts";
import { formatReplyHeader, type Moment } from "./format.ts";
import {
  isEventHeading,
  isOmission,
  isPlaceholder,
  readReplyHeading,
  readRequestHeading,
} from "./headings.ts";
import { endInRequest, endOfCode, endOfLine, lastLine, requestAbove } from "./places.ts";
import {
  lineEndOf,
  toLines,
  toText,
  withLineEnds,
  withoutBlankEnd,
  withoutBlankStart,
} from "./lines.ts";

/** Offsets into the text: from the executing heading to the end of the placeholder, without its line end. */
export interface Region {
  readonly start: number;
  readonly end: number;
  /** What an agent has written in between; it stays, below the region. */
  readonly foreign: string;
}

/** What a job is known by in its file. */
export interface JobPlace {
  /** The request heading as the server wrote it. */
  readonly heading: string;
  /** Code of the block. */
  readonly code: string;
}

/** Headings looked at above a placeholder before it counts as content of something else. */
const headingsAbove = 60;

/** The last executing region above the anchor; undefined when an agent has damaged it. */
export function findRegion(text: string): Region | undefined {
  const limit = findAnchor(text)?.start ?? text.length;
  // A search from before the beginning would find its beginning again.
  for (let from = limit; from > 0;) {
    const feed = text.lastIndexOf("\nexecuting (", from - 1);
    if (feed < 0) return undefined;
    const start = executingHeading(text, feed);
    const foreign = start === undefined ? undefined : foreignPart(text, start, feed);
    if (start !== undefined && foreign !== undefined)
      return { start, end: endOfLine(text, feed + 1), foreign };
    from = feed;
  }
  return undefined;
}

function executingHeading(text: string, feed: number): number | undefined {
  let from = feed;
  for (let count = 0; count < headingsAbove; count++) {
    const above = text.lastIndexOf("\n####", from - 1);
    const start = above < 0 && text.startsWith("####") ? 0 : above + 1;
    if (above < 0 && start !== 0) return undefined;
    const line = text.slice(start, endOfLine(text, start));
    if (!line.startsWith("#####") && readReplyHeading(line)?.state === "executing") return start;
    if (above < 0) return undefined;
    from = above;
  }
  return undefined;
}

/** What stands between heading and placeholder beside events; undefined when the placeholder is not of that heading. */
function foreignPart(text: string, start: number, feed: number): string | undefined {
  const lines = toLines(text.slice(start, endOfLine(text, feed + 1)));
  const { closed, unclosed } = findFences(lines);
  // The placeholder is content of a fence.
  if (unclosed !== undefined || closed.some(({ close }) => close >= lines.length - 1))
    return undefined;
  let foreign = "";
  for (let index = 1; index < lines.length - 1; index++) {
    const { text: line, raw } = lines[index]!;
    const fence = closed.find(({ open }) => open === index);
    if (fence !== undefined) {
      if (!isEventHeading(lines[index - 1]!.text))
        foreign += toText(lines.slice(index, fence.close + 1));
      index = fence.close;
    } else if (isPlaceholder(line) || isOfOther(line)) return undefined;
    else if (!isEventHeading(line) && !isOmission(line)) foreign += raw;
  }
  return withoutBlankEnd(withoutBlankStart(foreign));
}

function isOfOther(line: string): boolean {
  return readReplyHeading(line) !== undefined || readRequestHeading(line) !== undefined;
}

/** A block in place of the region. What an agent has written into the region follows. */
function replaceRegion(text: string, { start, end, foreign }: Region, block: string): string {
  const below = foreign === "" ? "" : `\n\n${foreign.replaceAll("\r\n", "\n")}`;
  return splice(text, start, end, block + below);
}

/** Where the reply of a job belongs whose region is gone: below its block (section 6, recovery). */
export function findJobEnd(text: string, { heading, code }: JobPlace): number | undefined {
  const history = text.slice(0, findAnchor(text)?.start ?? text.length);
  const at = lastLine(history, heading);
  return (
    (at === undefined ? undefined : endInRequest(history, at, code)) ?? endOfCode(history, code)
  );
}

/** The fence directly above the executing region, as it stands in the text; undefined when there is none. */
export function codeAboveRegion(text: string): string | undefined {
  const region = findRegion(text);
  if (region === undefined) return undefined;
  const from = requestAbove(text, region.start) ?? 0;
  const lines = toLines(withoutBlankEnd(text.slice(from, region.start)));
  const last = findFences(lines).closed.at(-1);
  if (last?.close !== lines.length - 1) return undefined;
  return toText(lines.slice(last.open));
}

/** Replaces the region's text, or brings it back where it belongs. Undefined when there is no place for it. */
export function placeRegion(text: string, place: JobPlace, block: string): string | undefined {
  const region = findRegion(text);
  if (region !== undefined) return replaceRegion(text, region, block);
  const end = findJobEnd(text, place);
  return end === undefined ? undefined : splice(text, end, end, block);
}

/** Writes a reply; where everything of the request is gone, request and code are written again above the anchor. */
export function placeReply(
  text: string,
  place: JobPlace,
  { reply, codeBlock }: { reply: string; codeBlock: string },
): string {
  const placed = placeRegion(text, place, reply);
  if (placed !== undefined) return placed;
  return appendAbove(text, `${place.heading}\n${codeBlock}\n\n${reply}`);
}

/** Puts the region of a further block of the same request below that block, searching behind `after`. */
export function placeNext(text: string, after: number, next: JobPlace, block: string): string {
  const limit = findAnchor(text)?.start ?? text.length;
  const history = text.slice(0, limit);
  const end = endInRequest(history, after, next.code) ?? findJobEnd(text, next);
  return end === undefined ? appendAbove(text, block) : splice(text, end, end, block);
}

/** Puts a diagnostic or a test section above the executing region, else above the anchor (section 10, 12.6). */
export function placeAboveRegion(text: string, block: string): string {
  const region = findRegion(text);
  return region === undefined
    ? appendAbove(text, block)
    : splice(text, region.start, region.start, block);
}

/** Replaces a block that the server wrote before; undefined when it is not there any more. */
export function replaceOwn(text: string, old: string, block: string): string | undefined {
  const own = withLineEnds(old, lineEndOf(text));
  const start = text.lastIndexOf(own);
  return start < 0 ? undefined : splice(text, start, start + own.length, block);
}

/** Whether a block that the server wrote is the last thing above the anchor. */
export function isLast(text: string, block: string): boolean {
  const limit = findAnchor(text)?.start ?? text.length;
  return withoutBlankEnd(text.slice(0, limit)).endsWith(withLineEnds(block, lineEndOf(text)));
}

/** Appends a block directly below one of ours that is still the last reply of the file; undefined when it is not. */
export function placeBelowLastReply(text: string, own: string, block: string): string | undefined {
  const mine = withLineEnds(own, lineEndOf(text));
  const start = text.lastIndexOf(mine);
  if (start < 0) return undefined;
  const end = start + mine.length;
  const limit = findAnchor(text)?.start ?? text.length;
  const later = toLines(text.slice(end, limit));
  const isReply = later.some(({ text: line }) => readReplyHeading(line) !== undefined);
  return isReply ? undefined : splice(text, end, end, block);
}

/**
 * Puts a request that was accepted but never handed over below the anchor again, without its region: then it is accepted
 * anew. Undefined when there is no region.
 */
export function reopenRequest(text: string): string | undefined {
  const region = findRegion(text);
  const anchor = findAnchor(text);
  if (region === undefined || anchor === undefined) return undefined;
  const end = lineEndOf(text);
  const start = requestAbove(text, region.start);
  if (start === undefined) return undefined;
  const above = withoutBlankEnd(text.slice(start, region.start));
  const below = withoutBlankEnd(withoutBlankStart(text.slice(region.end, anchor.start)));
  const chunk = [above, region.foreign, below].filter((part) => part !== "").join(end + end) + end;
  return withFooter(text.slice(0, start), chunk + text.slice(anchor.end), end);
}

/** A region whose job nobody has any more becomes a failure (section 6, leftovers). Undefined when there is none. */
export function finishLeftover(text: string, at: Moment, error: string): string | undefined {
  const region = findRegion(text);
  if (region === undefined) return undefined;
  const heading = readReplyHeading(text.slice(region.start, endOfLine(text, region.start)))!;
  const reply = `${formatReplyHeader(heading.page, heading.agent, at, 0, true)}\n${error}`;
  return replaceRegion(text, region, reply);
}
