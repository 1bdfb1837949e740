/** Places in a long log, found from its end without splitting it into lines. */
import { codeOf, findFences, isFenceAround, languageOf } from "./fences.ts";
import { readReplyHeading, readRequestHeading } from "./headings.ts";
import { isBlank, lineEndOf, toLines, toText, withLineEnds } from "./lines.ts";

/** Offset of the end of a line, without its line end. */
export function endOfLine(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  const end = feed < 0 ? text.length : feed;
  return text[end - 1] === "\r" ? end - 1 : end;
}

/** Offset behind the last line that is exactly `line`. */
export function lastLine(text: string, line: string): number | undefined {
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

/** Offset of the last request heading above a place. */
export function requestAbove(text: string, from: number): number | undefined {
  for (let at = from; ;) {
    at = text.lastIndexOf("\n###", at - 1);
    const start = at < 0 ? 0 : at + 1;
    if (readRequestHeading(text.slice(start, endOfLine(text, start))) !== undefined) return start;
    if (at <= 0) return undefined;
  }
}

/**
 * Offset behind the block with that code in the request that goes on behind `from`: the first one that has no reply, else
 * the last one. Where an agent has changed the code, it is behind the first block without a reply.
 */
export function endInRequest(text: string, from: number, code: string): number | undefined {
  const all = toLines(text.slice(from));
  const fences = findFences(all).closed;
  const isContent = (index: number): boolean =>
    fences.some(({ open, close }) => index > open && index < close);
  const next = all.findIndex(
    ({ text: line }, index) => readRequestHeading(line) !== undefined && !isContent(index),
  );
  const lines = next < 0 ? all : all.slice(0, next);
  const own = fences.filter(({ info, close }) => languageOf(info) && close < lines.length);
  const open = own.filter(({ close }) => {
    const below = lines.slice(close + 1).find((line) => !isBlank(line));
    return below === undefined || readReplyHeading(below.text) === undefined;
  });
  const isSame = (fence: (typeof own)[number]): boolean => codeOf(lines, fence) === code;
  const fence = open.find(isSame) ?? own.findLast(isSame) ?? open[0];
  if (fence === undefined) return undefined;
  return endOfLine(text, from + toText(lines.slice(0, fence.close)).length);
}

/** Times that code is looked for which stands in no fence of its own, or has its reply. */
const mostTimes = 100;

/** Offset behind the last block with that code that has no reply. */
export function endOfCode(text: string, code: string): number | undefined {
  const content = withLineEnds(`\n${code}\n`, lineEndOf(text));
  let at = text.length;
  for (let count = 0; count < mostTimes && at > 0; count++) {
    at = text.lastIndexOf(content, at - 1);
    if (at < 0) return undefined;
    const open = text.slice(text.lastIndexOf("\n", at - 1) + 1, at).replace(/\r$/, "");
    const close = at + content.length;
    const end = endOfLine(text, close);
    const below = /\S.*/.exec(text.slice(end, end + 1000))?.[0] ?? "";
    if (
      isFenceAround(open, text.slice(close, end)) &&
      readReplyHeading(below.trimEnd()) === undefined
    )
      return end;
  }
  return undefined;
}
