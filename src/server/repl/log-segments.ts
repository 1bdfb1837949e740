/** A log in pieces that a merge moves as one: a closed fence, or one line. Pure. */
import { findFences } from "../../markdown/log/fences.ts";
import { toLines, type LineEnd } from "../../markdown/log/lines.ts";

export interface Segment {
  /** As it stands in the text, line ends included. */
  readonly raw: string;
  /** What is compared: line ends and the missing one of a last line make no difference. */
  readonly key: string;
}

/** @param unclosed what a fence without an end is: one piece (a draft), or lines like others (history) */
export function toSegments(text: string, unclosed: "whole" | "lines"): Segment[] {
  const lines = toLines(text);
  const fences = findFences(lines);
  const ranges = fences.closed.map(({ open, close }) => ({ open, close }));
  if (unclosed === "whole" && fences.unclosed !== undefined)
    ranges.push({ open: fences.unclosed, close: lines.length - 1 });
  const segments: Segment[] = [];
  let next = 0;
  const take = (end: number): void => {
    for (; next < end; next++) segments.push({ raw: lines[next]!.raw, key: lines[next]!.text });
  };
  for (const { open, close } of ranges) {
    take(open);
    const part = lines.slice(open, close + 1);
    const raw = part.map((line) => line.raw).join("");
    segments.push({ raw, key: part.map((line) => line.text).join("\n") });
    next = close + 1;
  }
  take(lines.length);
  return segments;
}

/** Pieces as a text; one that was the last of its text gets the line end that it lacks. */
export function fromSegments(segments: readonly Segment[], end: LineEnd): string {
  return segments
    .map(({ raw }, index) => (index < segments.length - 1 && !raw.endsWith("\n") ? raw + end : raw))
    .join("");
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
