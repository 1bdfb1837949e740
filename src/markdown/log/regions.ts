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
import {
  lineEndOf,
  toLines,
  toText,
  trimLines,
  withLineEnds,
  withoutBlankEnd,
  withoutBlankStart,
} from "./lines.ts";

/** Offsets into the text: from the executing heading to the end of the placeholder, without its line end. */
export interface Region {
  readonly start: number;
  readonly end: number;
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
  let from = limit;
  for (;;) {
    const feed = text.lastIndexOf("\nexecuting (", from - 1);
    if (feed < 0) return undefined;
    const start = executingHeading(text, feed);
    if (start !== undefined) return { start, end: endOfLine(text, feed + 1) };
    from = feed;
  }
}

function executingHeading(text: string, feed: number): number | undefined {
  let from = feed;
  for (let count = 0; count < headingsAbove; count++) {
    const above = text.lastIndexOf("\n####", from - 1);
    const start = above < 0 && text.startsWith("####") ? 0 : above + 1;
    if (above < 0 && start !== 0) return undefined;
    const line = text.slice(start, endOfLine(text, start));
    if (!line.startsWith("#####") && readReplyHeading(line)?.state === "executing")
      return holdsPlaceholder(text, start, feed) ? start : undefined;
    if (above < 0) return undefined;
    from = above;
  }
  return undefined;
}

/** Between heading and placeholder there are only events, and the placeholder is content of none. */
function holdsPlaceholder(text: string, start: number, feed: number): boolean {
  const lines = toLines(text.slice(start, endOfLine(text, feed + 1)));
  const { closed, unclosed } = findFences(lines);
  if (unclosed !== undefined) return false;
  return lines.every(
    ({ text: line }, index) =>
      index === 0 ||
      index === lines.length - 1 ||
      closed.some(({ open, close }) => index >= open && index <= close) ||
      (!isPlaceholder(line) && readRequestHeading(line) === undefined),
  );
}

/** Where the reply of a job belongs whose region is gone: below its block (section 6, recovery). */
export function findJobEnd(text: string, { heading, code }: JobPlace): number | undefined {
  const limit = findAnchor(text)?.start ?? text.length;
  const history = text.slice(0, limit);
  const at = lastLine(history, heading);
  const below = at === undefined ? undefined : endOfFence(history, at, code);
  return below ?? endOfFence(history, 0, code);
}

/** The fence directly above the executing region, as it stands in the text; undefined when there is none. */
export function codeAboveRegion(text: string): string | undefined {
  const region = findRegion(text);
  if (region === undefined) return undefined;
  const from = Math.max(0, text.lastIndexOf("\n### ", region.start));
  const lines = toLines(withoutBlankEnd(text.slice(from, region.start)));
  const last = findFences(lines).closed.at(-1);
  if (last?.close !== lines.length - 1) return undefined;
  return toText(lines.slice(last.open));
}

/** What others have written between heading and placeholder follows the new text. */
function replaceRegion(text: string, { start, end }: Region, block: string): string {
  const foreign = foreignLines(text.slice(start, end));
  const more = foreign === "" ? "" : `\n\n${foreign}`;
  return splice(text, start, end, block + more);
}

/** Lines of a region that the server has not written: neither events nor what is said of left out ones. */
function foreignLines(region: string): string {
  const lines = toLines(region);
  const { closed } = findFences(lines);
  const isEvent = (index: number): boolean => isEventHeading(lines[index]?.text ?? "");
  const own = new Set([0, lines.length - 1]);
  for (const { open, close } of closed)
    if (isEvent(open - 1)) for (let index = open - 1; index <= close; index++) own.add(index);
  return toText(
    trimLines(
      lines.filter(
        ({ text: line }, index) => !own.has(index) && !isEvent(index) && !isOmission(line),
      ),
    ),
  ).trimEnd();
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
  const end = endOfFence(history, after, next.code, "first") ?? findJobEnd(text, next);
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
  const start = text.lastIndexOf("\n### ", region.start) + 1;
  const above = withoutBlankEnd(text.slice(start, region.start));
  const below = withoutBlankEnd(withoutBlankStart(text.slice(region.end, anchor.start)));
  const chunk = [above, below].filter((part) => part !== "").join(end + end) + end;
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

function endOfLine(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  const end = feed < 0 ? text.length : feed;
  return text[end - 1] === "\r" ? end - 1 : end;
}

/** Offset behind the last line that is exactly `line`. */
function lastLine(text: string, line: string): number | undefined {
  let from = text.length;
  for (;;) {
    const at = text.lastIndexOf(line, from);
    if (at < 0) return undefined;
    const isWhole = (at === 0 || text[at - 1] === "\n") && endOfLine(text, at) === at + line.length;
    if (isWhole) return at + line.length;
    if (at === 0) return undefined;
    from = at - 1;
  }
}

/** Offset behind the fence with that code, the last one or the first behind `from`. */
function endOfFence(
  text: string,
  from: number,
  code: string,
  which: "first" | "last" = "last",
): number | undefined {
  const lines = toLines(text.slice(from));
  const { closed } = findFences(lines);
  const same = closed.filter(
    ({ open, close }) =>
      lines
        .slice(open + 1, close)
        .map((line) => line.text)
        .join("\n") === code,
  );
  const fence = which === "first" ? same[0] : same.at(-1);
  if (fence === undefined) return undefined;
  const length = lines.slice(0, fence.close + 1).reduce((sum, { raw }) => sum + raw.length, 0);
  return endOfLine(text, from + length - lines[fence.close]!.raw.length);
}
