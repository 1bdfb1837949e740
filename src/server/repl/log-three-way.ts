/** Three-way merge of the histories of a log (section 19.4, C.3). Pure. */
import { diff3MergeRegions, diffIndices } from "node-diff3";
import { readReplyHeading, readRequestHeading } from "../../markdown/log/headings.ts";
import { lineEndOf, type LineEnd } from "../../markdown/log/lines.ts";
import {
  commonPrefix,
  commonSuffix,
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
export function mergeHistories({ base, ours, theirs }: Sides): string | undefined {
  if (base === ours || ours === theirs) return theirs;
  if (base === theirs) return ours;
  const own = changed(base, ours);
  const foreign = changed(base, theirs);
  // Changes apart from each other need no comparison, however long the text is.
  if (foreign.end < own.start)
    return (
      theirs.slice(0, theirs.length - (base.length - foreign.end)) +
      base.slice(foreign.end, own.start) +
      ours.slice(own.start)
    );
  if (own.end < foreign.start)
    return (
      ours.slice(0, ours.length - (base.length - own.end)) +
      base.slice(own.end, foreign.start) +
      theirs.slice(foreign.start)
    );
  const start = toRequest(base, Math.min(own.start, foreign.start));
  const rest = base.length - Math.max(own.end, foreign.end);
  const middle = (text: string): string => text.slice(start, text.length - rest);
  const merged = mergeSegments({ base: middle(base), ours: middle(ours), theirs: middle(theirs) });
  if (merged === undefined) return undefined;
  return base.slice(0, start) + merged + base.slice(base.length - rest);
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
  const base = toSegments(sides.base, "lines");
  const ours = toSegments(sides.ours, "lines");
  const theirs = toSegments(sides.theirs, "lines");
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

/** Both have changed the same place: what the server holds stays, what the other has added follows. */
function resolve(
  { base, ours, theirs }: Record<keyof Sides, readonly Segment[]>,
  end: LineEnd,
): Segment[] {
  const inserted = diffIndices(keys(base), keys(theirs)).flatMap(({ buffer2: [start, length] }) =>
    theirs.slice(start, start + length),
  );
  const own = diffIndices(keys(base), keys(ours)).flatMap(({ buffer2: [start, length] }) =>
    ours.slice(start, start + length),
  );
  const added = without(inserted, own);
  if (added.every(isBlankSegment)) return [...ours];
  const more = added.slice(added.findIndex((segment) => !isBlankSegment(segment)));
  const gap: Segment = { raw: end, key: "" };
  const above = ours.length === 0 || isBlankSegment(ours.at(-1)!) ? [] : [gap];
  const below = isBlankSegment(more.at(-1)!) ? [] : [gap];
  return [...ours, ...above, ...more, ...below];
}

function keys(segments: readonly Segment[]): string[] {
  return segments.map(({ key }) => key);
}
