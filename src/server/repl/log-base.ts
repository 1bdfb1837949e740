/** Which of the texts a log has had is the one that somebody has edited (section 19.4, C.3). Pure. */
import { isServerMarker } from "../../markdown/log/headings.ts";
import { toLines } from "../../markdown/log/lines.ts";
import { commonPrefix, commonSuffix } from "./log-segments.ts";

/**
 * The version that explains a text best. All versions share their beginning with it up to the first edit, so a common
 * prefix says little; what tells them apart is what only the server writes. First counts what the text has and the
 * version has not, then what it lacks, then the same for other lines.
 * @param versions newest first; of equals the newest is taken
 */
export function chooseBase(text: string, versions: readonly string[]): string {
  let best = versions[0]!;
  let least = distance(text, best);
  for (const version of versions.slice(1)) {
    const other = distance(text, version);
    const index = other.findIndex((count, at) => count !== least[at]);
    if (index >= 0 && other[index]! < least[index]!) [best, least] = [version, other];
  }
  return best;
}

function distance(text: string, version: string): readonly number[] {
  const prefix = commonPrefix(text, version);
  const start = text.lastIndexOf("\n", Math.max(0, prefix - 1)) + 1;
  const from = Math.min(start, prefix);
  const limit = Math.min(text.length, version.length) - from;
  const suffix = commonSuffix(text, version, limit);
  const feed = text.indexOf("\n", text.length - suffix);
  const rest = feed < 0 ? 0 : text.length - feed - 1;
  const here = countLines(text.slice(from, text.length - rest));
  const there = countLines(version.slice(from, version.length - rest));
  return [
    surplus(here.markers, there.markers),
    surplus(there.markers, here.markers),
    surplus(here.others, there.others),
    surplus(there.others, here.others),
  ];
}

type Counts = Map<string, number>;

function countLines(text: string): { markers: Counts; others: Counts } {
  const markers: Counts = new Map();
  const others: Counts = new Map();
  for (const { text: line } of toLines(text)) {
    // Blank lines and fences are everywhere and tell nothing.
    if (/^\s*(?:`{3,}.*)?$/.test(line)) continue;
    const counts = /^[#>*e.]/.test(line) && isServerMarker(line) ? markers : others;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return { markers, others };
}

function surplus(some: Counts, others: Counts): number {
  let count = 0;
  for (const [line, times] of some) count += Math.max(0, times - (others.get(line) ?? 0));
  return count;
}
