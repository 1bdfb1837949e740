/** A log in pieces that a merge moves as one: a closed fence, or one line. Pure. */
import { findFences } from "../../markdown/log/fences.ts";
import { isBlank, toLines, toText, type LineEnd } from "../../markdown/log/lines.ts";

export interface Segment {
  /** As it stands in the text, line ends included. */
  readonly raw: string;
  /** What is compared: line ends and the missing one of a last line make no difference. */
  readonly key: string;
}

/**
 * @param part in a tail, a fence without an end is one piece (a draft), and blank lines are pieces; in a history its lines
 * are like others, and blank lines belong to what they follow, so that equal ones do not make places look alike
 */
export function toSegments(text: string, part: "tail" | "history"): Segment[] {
  const lines = toLines(text);
  const fences = findFences(lines);
  const ranges = fences.closed.map(({ open, close }) => ({ open, close }));
  if (part === "tail" && fences.unclosed !== undefined)
    ranges.push({ open: fences.unclosed, close: lines.length - 1 });
  const segments: Segment[] = [];
  for (let index = 0, range = 0; index < lines.length;) {
    const end = ranges[range]?.open === index ? ranges[range++]!.close + 1 : index + 1;
    const some = lines.slice(index, end);
    const raw = toText(some);
    const last = segments.at(-1);
    if (part === "history" && last !== undefined && some.every(isBlank))
      segments[segments.length - 1] = { ...last, raw: last.raw + raw };
    else segments.push({ raw, key: some.map(({ text: line }) => line).join("\n") });
    index = end;
  }
  return segments;
}

/** Pieces as a text; one that was the last of its text gets the line end that it lacks. */
export function fromSegments(segments: readonly Segment[], end: LineEnd): string {
  return segments
    .map(({ raw }, index) => (index < segments.length - 1 && !raw.endsWith("\n") ? raw + end : raw))
    .join("");
}

/** Whether a blank line, or nothing, stands between this and what follows. */
export function endsBlank(segment: Segment | undefined): boolean {
  return segment === undefined || /(?:^|\n)[ \t]*\r?\n$/.test(segment.raw);
}

export function isBlankSegment({ key }: Segment): boolean {
  return key.trim() === "";
}

/** The pieces of `some` that are not among `others`; each of `others` explains one piece. Blank lines stay. */
export function without(some: readonly Segment[], others: readonly Segment[]): Segment[] {
  const counts = new Map<string, number>();
  for (const { key } of others) counts.set(key, (counts.get(key) ?? 0) + 1);
  return some.filter((segment) => {
    const count = counts.get(segment.key) ?? 0;
    if (isBlankSegment(segment) || count === 0) return true;
    counts.set(segment.key, count - 1);
    return false;
  });
}

/** Characters compared at once: comparing whole slices is many times faster than comparing characters. */
const stride = 64 * 1024;

/** How many characters at the start of two texts are the same. */
export function commonPrefix(one: string, other: string): number {
  const limit = Math.min(one.length, other.length);
  let at = 0;
  while (at + stride <= limit && one.slice(at, at + stride) === other.slice(at, at + stride))
    at += stride;
  while (at < limit && one.charCodeAt(at) === other.charCodeAt(at)) at++;
  return at;
}

/** How many characters at the end of two texts are the same, at most `limit`. */
export function commonSuffix(one: string, other: string, limit: number): number {
  const [a, b] = [one.length, other.length];
  let at = 0;
  while (
    at + stride <= limit &&
    one.slice(a - at - stride, a - at) === other.slice(b - at - stride, b - at)
  )
    at += stride;
  while (at < limit && one.charCodeAt(a - at - 1) === other.charCodeAt(b - at - 1)) at++;
  return at;
}
