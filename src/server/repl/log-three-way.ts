/** Three-way merge of the histories of a log (section 19.4, C.3). Pure. */
import { diff3MergeRegions, diffIndices } from "node-diff3";
import { readReplyHeading, readRequestHeading } from "../../markdown/log/headings.ts";
import { lineEndOf, type LineEnd } from "../../markdown/log/lines.ts";
import {
  commonPrefix,
  commonSuffix,
  endsBlank,
  fromSegments,
  isBlankSegment,
  toSegments,
  without,
  type Segment,
} from "./log-segments.ts";

export interface Sides {
  readonly base: string;
  /** What the server holds. */
  readonly ours: string;
  /** What somebody else has saved. */
  readonly theirs: string;
}

/** Pairs of pieces that a comparison may look at: it is quadratic, and more than this takes over a second. */
const mostPairs = 60_000_000;

/** @returns undefined when the changes are too large to be compared */
export function mergeHistories(sides: Sides): string | undefined {
  const { base, ours, theirs } = sides;
  if (base === ours || ours === theirs) return theirs;
  if (base === theirs) return ours;
  const own = changed(base, ours);
  const foreign = changed(base, theirs);
  // Changes apart from each other need no comparison, however long the text is.
  const isApart = (from: number, to: number): boolean =>
    from < to && base.slice(from, to).trim() !== "";
  if (isApart(foreign.end, own.start)) return joined(sides, foreign.end, own.start);
  if (isApart(own.end, foreign.start))
    return joined({ base, ours: theirs, theirs: ours }, own.end, foreign.start);
  const start = toRequest(base, Math.min(own.start, foreign.start));
  const rest = base.length - Math.max(own.end, foreign.end);
  const middle = (text: string): string => text.slice(start, text.length - rest);
  const parts = { base: middle(base), ours: middle(ours), theirs: middle(theirs) };
  const isLong = parts.base.length > longPart;
  const merged = isLong ? mergeLong(parts, own.start - start) : mergeSegments(parts);
  if (merged === undefined) return undefined;
  return base.slice(0, start) + merged + base.slice(base.length - rest);
}

/** Their beginning, what nobody has changed, our end. */
function joined({ base, ours, theirs }: Sides, from: number, to: number): string {
  return (
    theirs.slice(0, theirs.length - (base.length - from)) + base.slice(from, to) + ours.slice(to)
  );
}

/** Characters from which a comparison of all pieces is avoided. */
const longPart = 256 * 1024;
/** Characters and number of the passages by which a place of the base is found again in another text. */
const passage = 400;
const passages = 40;

/** The server writes near the end: up to there, everything is as they have it. */
function mergeLong({ base, ours, theirs }: Sides, same: number): string | undefined {
  let to = base.lastIndexOf("\n", same - 1) + 1;
  for (let count = 0; count < passages && to > passage; count++) {
    const from = base.lastIndexOf("\n", to - passage) + 1;
    const text = base.slice(from, to);
    const at = theirs.indexOf(text);
    if (at >= 0 && theirs.lastIndexOf(text) === at && base.indexOf(text) === from) {
      const start = toRequest(base, to) >= from ? toRequest(base, to) : to;
      const [cut, other] = [start, at + start - from];
      const sides = { base: base.slice(cut), ours: ours.slice(cut), theirs: theirs.slice(other) };
      const merged = sides.base.length > longPart ? undefined : mergeHistories(sides);
      return merged === undefined ? undefined : theirs.slice(0, other) + merged;
    }
    to = from;
  }
  return undefined;
}

/** The part of `base` outside which a text says the same; whole lines. */
function changed(base: string, text: string): { start: number; end: number } {
  const same = commonPrefix(base, text);
  const start = same === 0 ? 0 : base.lastIndexOf("\n", same - 1) + 1;
  const suffix = commonSuffix(base, text, Math.min(base.length, text.length) - start);
  const [end, other] = [base.length - suffix, text.length - suffix];
  const isLineStart = (whole: string, at: number): boolean =>
    at === start || whole[at - 1] === "\n";
  if (isLineStart(base, end) && isLineStart(text, other)) return { start, end };
  const feed = base.indexOf("\n", end);
  return { start, end: feed < 0 ? base.length : feed + 1 };
}

/** Headings looked at on the way back to one of a log. */
const headingsBack = 40;

/** Fences are read afresh from a heading of the log: in the middle of one they would be paired the wrong way. */
function toRequest(text: string, from: number): number {
  let at = from;
  for (let count = 0; count < headingsBack; count++) {
    at = text.lastIndexOf("\n###", at - 1);
    if (at < 0) break;
    const feed = text.indexOf("\n", at + 1);
    const line = text.slice(at + 1, feed < 0 ? text.length : feed).trimEnd();
    const isHeading = readRequestHeading(line) ?? readReplyHeading(line);
    if (isHeading !== undefined && feed >= 0 && feed < from) return at + 1;
  }
  return from;
}

function mergeSegments(sides: Sides): string | undefined {
  const end = lineEndOf(sides.ours);
  const base = toSegments(sides.base, "history");
  const ours = toSegments(sides.ours, "history");
  const theirs = toSegments(sides.theirs, "history");
  if (base.length * (ours.length + theirs.length) > mostPairs) return undefined;
  const all = { a: ours, o: base, b: theirs };
  const merged = diff3MergeRegions(keys(ours), keys(base), keys(theirs)).flatMap((region) => {
    if (region.stable) {
      const { buffer, bufferStart, bufferLength } = region;
      return all[buffer].slice(bufferStart, bufferStart + bufferLength);
    }
    const { aStart, aLength, oStart, oLength, bStart, bLength } = region;
    return resolve(
      {
        base: base.slice(oStart, oStart + oLength),
        ours: ours.slice(aStart, aStart + aLength),
        theirs: theirs.slice(bStart, bStart + bLength),
      },
      end,
    );
  });
  return fromSegments(merged, end);
}

type Pieces = Record<keyof Sides, readonly Segment[]>;

/** Both have changed the same place: what the server holds stays, what the other has added follows. */
function resolve(pieces: Pieces, end: LineEnd): Segment[] {
  const { base, ours, theirs } = pieces;
  const hunks = diffIndices(keys(base), keys(theirs)).map(({ buffer1, buffer2: [at, length] }) => ({
    start: buffer1[0],
    end: buffer1[0] + buffer1[1],
    added: theirs.slice(at, at + length),
  }));
  if (base.length > 0 && base.every(({ key }, index) => key === ours[index]?.key)) {
    // The server has only added something below: no conflict with changes above it.
    const above = base.flatMap((segment, index) => [
      ...hunks.filter(({ start }) => start === index).flatMap(({ added }) => added),
      ...(hunks.some((hunk) => hunk.start <= index && index < hunk.end) ? [] : [segment]),
    ]);
    const below = hunks.filter(({ start }) => start === base.length).flatMap(({ added }) => added);
    return follow([...above, ...gapAfter(above, end), ...ours.slice(base.length)], below, end);
  }
  const own = diffIndices(keys(base), keys(ours)).flatMap(({ buffer2: [at, length] }) =>
    ours.slice(at, at + length),
  );
  const added = hunks.flatMap((hunk) => hunk.added);
  return follow(ours, without(added, own), end);
}

function follow(ours: readonly Segment[], added: readonly Segment[], end: LineEnd): Segment[] {
  const more = added.slice(added.findIndex((segment) => !isBlankSegment(segment)));
  if (added.every(isBlankSegment)) return [...ours];
  return [...ours, ...gapAfter(ours, end), ...more, ...gapAfter(more, end)];
}

function gapAfter(segments: readonly Segment[], end: LineEnd): Segment[] {
  return endsBlank(segments.at(-1)) ? [] : [{ raw: end, key: "" }];
}

function keys(segments: readonly Segment[]): string[] {
  return segments.map(({ key }) => key);
}
