/** The anchor of a log: the footer below which an agent appends (3.3), found from the end of the text (4.1). */
import { openFence } from "./draft.ts";
import { findFences } from "./fences.ts";
import { ANCHOR, RULE } from "./format.ts";
import { requestAbove } from "./places.ts";
import { toLines, withLineEnds, withoutBlankEnd, type LineEnd, type LogLine } from "./lines.ts";

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
  // Slices are compared as a whole; startsWith looks at each character.
  if (
    known !== undefined &&
    own !== undefined &&
    text.slice(0, own.end) === known.slice(0, own.end)
  )
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

/** Takes away anchors of stale copies; those inside fences, from wherever these are read, are content. */
function withoutOtherAnchors(history: string): string {
  const anchors = anchorsIn(history, 0);
  if (anchors.length === 0) return history;
  let [text, from] = ["", 0];
  for (const { line, start, end } of anchors) {
    if (isInClosedFence(history, 0, line) || isInCode(history, line)) continue;
    text += history.slice(from, start);
    from = end;
  }
  return text + history.slice(from);
}

/** Characters at the end of a text among which the anchor that the server wrote stands. */
const nearEnd = 4096;

/** Anchors looked at: more are in no text that makes sense. */
const mostAnchors = 16;

/** The last strong anchor that is not content of a fence, else the last weak one outside fences (4.1, rule 2). */
function findLast(text: string): Anchor | undefined {
  const near = anchorsIn(text, Math.max(0, text.length - nearEnd)).at(-1);
  // Content of a closed fence has its end below it; that it has none spares the search of a long history.
  if (near?.strong && !hasFenceEnd(text, near.end)) return near;
  const all = anchorsIn(text, 0);
  const strong = all.filter((anchor) => anchor.strong).slice(-mostAnchors);
  if (strong.length === 0) return lastWeak(text, all);
  for (;;) {
    const found = strong.pop()!;
    // It is content if it lies in a closed fence that starts below an earlier one; then that one counts.
    const earlier = strong.findLastIndex(
      ({ end, line }) => isInClosedFence(text, end, found.line) && !isInCode(text, line),
    );
    if (earlier < 0) return found;
    strong.length = earlier + 1;
  }
}

/** Anchors in the order of the text. Searching forward for so long a text skips most of the characters. */
function anchorsIn(text: string, from: number): Anchor[] {
  const lines: number[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form, from); at >= 0; at = text.indexOf(form, at + form.length))
      if (at === 0 || text[at - 1] === "\n" || (at === 1 && text.startsWith("\uFEFF")))
        lines.push(at);
  }
  return lines.toSorted((a, b) => a - b).map((line) => toAnchor(text, line));
}

function toAnchor(text: string, line: number): Anchor {
  const feed = text.indexOf("\n", line);
  const end = feed < 0 ? text.length : feed + 1;
  const above = line < 2 ? 0 : text.lastIndexOf("\n", line - 2) + 1;
  const strong = line > 0 && isRuleLine(text.slice(above, line));
  const start = text[above] === "\uFEFF" ? above + 1 : above;
  return { start: strong ? start : line, line, end, strong };
}

function hasFenceEnd(text: string, from: number): boolean {
  return /^ {0,3}`{3,}[ \t]*\r?$/m.test(text.slice(from));
}

/** Whether a place is content of a block, as fences are read from the request it belongs to. */
function isInCode(text: string, offset: number): boolean {
  return isInClosedFence(text, requestAbove(text, offset) ?? 0, offset);
}

function isInClosedFence(text: string, from: number, offset: number): boolean {
  if (!hasFenceEnd(text, offset)) return false;
  const lines = toLines(text.slice(from));
  const { closed } = findFences(lines);
  const index = lineAt(lines, offset - from);
  return closed.some(({ open, close }) => index > open && index < close);
}

/** The last one outside fences. Where an old fence has no end all are inside: then one below which fences are whole. */
function lastWeak(text: string, anchors: readonly Anchor[]): Anchor | undefined {
  if (anchors.length === 0) return undefined;
  const lines = toLines(text);
  const { closed } = findFences(lines);
  const isOutside = (anchor: Anchor): boolean => {
    const index = lineAt(lines, anchor.line);
    return !closed.some(({ open, close }) => index > open && index < close);
  };
  const isWhole = ({ end }: Anchor): boolean =>
    findFences(toLines(text.slice(end))).unclosed === undefined;
  return anchors.findLast(isOutside) ?? anchors.slice(-mostAnchors).findLast(isWhole);
}

/** Index of the line that starts at an offset. */
function lineAt(lines: readonly LogLine[], offset: number): number {
  let start = 0;
  return lines.findIndex(({ raw }) => (start += raw.length) > offset);
}
