/** Which of the texts a log has had is the one that somebody has edited (section 19.4, C.3). Pure. */
import { toLines } from "../../markdown/log/lines.ts";
import { commonPrefix, commonSuffix } from "./log-segments.ts";

/**
 * The version that explains a text best. All versions share their beginning with it up to the first edit, so a common
 * prefix says little; what tells them apart is what only the server writes. First counts what the text has and the
 * version has not, then what it lacks, then the same for other lines.
 * @param versions newest first; of equals the newest is taken
 */
export function chooseBase(text: string, versions: readonly string[]): string {
  // Lines are counted against one version that is near to all, so that a long history is not counted for each of them.
  const near = versions.reduce((best, one) =>
    differenceSize(text, one) < differenceSize(text, best) ? one : best,
  );
  const wanted = countDifference(text, near);
  let best = versions[0]!;
  let least: readonly number[] = [Infinity];
  for (const version of versions) {
    const has = countDifference(version, near);
    const distance = [
      ...surplus(wanted.markers, has.markers),
      ...surplus(wanted.others, has.others),
    ];
    const index = distance.findIndex((count, at) => count !== (least[at] ?? 0));
    if (index >= 0 && distance[index]! < least[index]!) [best, least] = [version, distance];
  }
  return best;
}

interface Difference {
  readonly start: number;
  /** Characters at the end that are the same. */
  readonly rest: number;
}

/** Where two texts differ; whole lines. */
function differenceOf(text: string, other: string): Difference {
  const prefix = commonPrefix(text, other);
  const start = prefix === 0 ? 0 : text.lastIndexOf("\n", prefix - 1) + 1;
  const suffix = commonSuffix(text, other, Math.min(text.length, other.length) - start);
  const feed = text.indexOf("\n", text.length - suffix);
  return { start, rest: feed < 0 ? 0 : text.length - feed - 1 };
}

function differenceSize(text: string, other: string): number {
  const { start, rest } = differenceOf(text, other);
  return Math.max(text.length, other.length) - start - rest;
}

/** How many more of each line a text has than another; less than none of those that it lacks. */
function countDifference(text: string, other: string): { markers: Counts; others: Counts } {
  const counts = { markers: new Map<string, number>(), others: new Map<string, number>() };
  if (text === other) return counts;
  const { start, rest } = differenceOf(text, other);
  countLines(text.slice(start, text.length - rest), 1, counts);
  countLines(other.slice(start, other.length - rest), -1, counts);
  // Nearly all lines of a long text are in the other as well.
  return { markers: withoutZeros(counts.markers), others: withoutZeros(counts.others) };
}

/** Roughly: an agent's heading counts for or against all versions alike. */
const marker = /^(?:#{3,5}[ \t]*[^ -~]|>[ \t]*\*\*|\*\*|## Test |executing \(|\.\.\. \()/;

type Counts = Map<string, number>;

function countLines(
  text: string,
  step: number,
  { markers, others }: { markers: Counts; others: Counts },
): void {
  for (const { text: line } of toLines(text)) {
    // Blank lines and fences are everywhere and tell nothing.
    if (/^\s*(?:`{3,}.*)?$/.test(line)) continue;
    const counts = marker.test(line) ? markers : others;
    counts.set(line, (counts.get(line) ?? 0) + step);
  }
}

/** How many lines one has more than the other, and the other more than it. */
function surplus(some: Counts, others: Counts): [more: number, less: number] {
  let [more, less] = [0, 0];
  for (const line of new Set([...some.keys(), ...others.keys()])) {
    const count = (some.get(line) ?? 0) - (others.get(line) ?? 0);
    more += Math.max(0, count);
    less += Math.max(0, -count);
  }
  return [more, less];
}

function withoutZeros(counts: Counts): Counts {
  return new Map([...counts].filter(([, count]) => count !== 0));
}
