/** The anchor of a log: the footer below which an agent appends (3.3), found from the end of the text (4.1). */
import { openFence } from "./draft.ts";
import { findFences } from "./fences.ts";
import { ANCHOR, RULE } from "./format.ts";
import { toLines, withLineEnds, withoutBlankEnd, type LineEnd } from "./lines.ts";

/** Offsets into the text. */
export interface Anchor {
  /** Where the footer starts: its rule line, or the anchor line when there is no rule. */
  readonly start: number;
  /** Where the anchor line starts. */
  readonly line: number;
  /** Where the tail starts: behind the anchor line and its line end. */
  readonly end: number;
  /** With a rule line directly above. */
  readonly strong: boolean;
}

/** Current and older form. */
const forms = ["> Append your JavaScript snippet below", "> Write code in a fenced JS block below"];

/**
 * @param known what the server wrote or processed last, if it knows: then nothing is searched
 * @returns undefined when the text has no anchor
 */
export function findAnchor(text: string, known?: string): Anchor | undefined {
  const own = known === undefined ? undefined : findLast(known);
  if (known !== undefined && own !== undefined && text.startsWith(known.slice(0, own.end)))
    return own;
  return findLast(text);
}

/** Index of the rule line or anchor line of the last anchor among `lines`, -1 for none (4.5). */
export function findFooter(lines: readonly string[]): number {
  const line = lines.findLastIndex((text) => isAnchorLine(text));
  if (line < 0) return -1;
  return line > 0 && isRuleLine(lines[line - 1]!) ? line - 1 : line;
}

export function isAnchorLine(line: string): boolean {
  return forms.some((form) => line.startsWith(form));
}

export function isRuleLine(line: string): boolean {
  return /^-{4,}$/.test(line.trim());
}

/** The text with exactly one anchor, in today's form, as its last element; what stands below it stays as it is. */
export function withOneAnchor(text: string, end: LineEnd): string {
  const anchor = findAnchor(text);
  if (anchor === undefined) {
    const at = openFence(text) ?? text.length;
    return withFooter(text.slice(0, at), text.slice(at), end);
  }
  const tail = text.slice(anchor.end);
  const history = withoutOtherAnchors(text.slice(0, anchor.start));
  return withFooter(history, tail, end);
}

/** History, one blank line, rule, anchor and either two empty lines or what an agent has written there. */
export function withFooter(history: string, tail: string, end: LineEnd): string {
  const head = withoutBlankEnd(history);
  const footer = withLineEnds(`${RULE}\n${ANCHOR}\n`, end);
  const above = head === "" || head === "\uFEFF" ? head : `${head}${end}${end}`;
  return above + footer + (tail.trim() === "" ? end + end : tail);
}

/** Takes away anchors of stale copies; those inside fences are content. */
function withoutOtherAnchors(history: string): string {
  if (!forms.some((form) => history.includes(`\n${form}`) || history.startsWith(form)))
    return history;
  const lines = toLines(history);
  const { closed } = findFences(lines);
  const isInside = (index: number): boolean =>
    closed.some(({ open, close }) => index > open && index < close);
  const isFooter = lines.map(({ text }, index) => {
    const below = lines[index + 1]?.text ?? "";
    return (isAnchorLine(text) || (isRuleLine(text) && isAnchorLine(below))) && !isInside(index);
  });
  return lines
    .filter((_, index) => !isFooter[index])
    .map(({ raw }) => raw)
    .join("");
}

/**
 * Characters above the last anchor among which one is looked for that encloses it in a fence: more than a chunk may have.
 * Looking through all of 10 MB for each edit would take longer than writing them.
 */
const reach = 512 * 1024;

/** The last strong anchor that is not content of a fence, else the last weak one outside fences (4.1, rule 2). */
function findLast(text: string): Anchor | undefined {
  let weak = false;
  let found: Anchor | undefined;
  let floor = 0;
  for (let anchor = anchorBefore(text, text.length, floor); anchor !== undefined;) {
    weak ||= !anchor.strong;
    if (anchor.strong) {
      // Only if it turns out to be content of a closed fence that starts below an earlier anchor, that one counts.
      if (found !== undefined && !isInClosedFence(text, anchor.end, found.line)) break;
      found = anchor;
      floor = Math.max(0, anchor.line - reach);
    }
    anchor = anchorBefore(text, anchor.line - 1, floor);
  }
  return found ?? (weak ? lastWeak(text) : undefined);
}

function lastWeak(text: string): Anchor | undefined {
  let anchor = anchorBefore(text, text.length, 0);
  while (anchor !== undefined && isInClosedFence(text, 0, anchor.line))
    anchor = anchorBefore(text, anchor.line - 1, 0);
  return anchor;
}

/** The last anchor whose line starts at `from` or before, and at `floor` or behind. */
function anchorBefore(text: string, from: number, floor: number): Anchor | undefined {
  for (let at = from; at >= floor;) {
    const [newer, older] = forms as [string, string];
    const first = lastIndexWithin(text, newer, { from: at, floor });
    const line = Math.max(
      first,
      lastIndexWithin(text, older, { from: at, floor: Math.max(floor, first) }),
    );
    if (line < 0) return undefined;
    if (line === 0 || text[line - 1] === "\n") return toAnchor(text, line);
    at = line - 1;
  }
  return undefined;
}

/** Searching forwards in pieces is many times faster than searching backwards. */
function lastIndexWithin(
  text: string,
  part: string,
  { from, floor }: { from: number; floor: number },
): number {
  let size = 4096;
  for (let end = Math.min(text.length, from + part.length); end > floor; size *= 2) {
    const start = Math.max(floor, end - size);
    const piece = text.slice(start, end);
    let last = -1;
    for (let at = piece.indexOf(part); at >= 0; at = piece.indexOf(part, at + 1)) last = at;
    if (last >= 0) return start + last;
    if (start === floor) return -1;
    end = start + part.length - 1;
  }
  return -1;
}

function toAnchor(text: string, line: number): Anchor {
  const feed = text.indexOf("\n", line);
  const end = feed < 0 ? text.length : feed + 1;
  const above = line === 0 ? 0 : text.lastIndexOf("\n", line - 2) + 1;
  const strong = line > 0 && isRuleLine(text.slice(above, line));
  return { start: strong ? above : line, line, end, strong };
}

function isInClosedFence(text: string, from: number, offset: number): boolean {
  const lines = toLines(text.slice(from));
  let start = from;
  const index = lines.findIndex(({ raw }) => (start += raw.length) > offset);
  return findFences(lines).closed.some(({ open, close }) => index > open && index < close);
}
