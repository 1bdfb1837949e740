/** Fenced blocks of a log, read afresh from any line (3.6): backticks only, indented at most three spaces. */
import type { LogLine } from "./lines.ts";

export interface Fence {
  /** Index of the opening line. */
  readonly open: number;
  /** Index of the closing line. */
  readonly close: number;
  /** Info string, trimmed. */
  readonly info: string;
}

export interface Fences {
  readonly closed: readonly Fence[];
  /** Index of the line that opens a fence nobody closes. */
  readonly unclosed?: number;
}

const opening = /^ {0,3}(`{3,})([^`]*)$/;
const closing = /^ {0,3}(`{3,})[ \t]*$/;

export function findFences(lines: readonly Pick<LogLine, "text">[], from = 0): Fences {
  const closed: Fence[] = [];
  let open: { line: number; length: number; info: string } | undefined;
  for (let index = from; index < lines.length; index++) {
    const { text } = lines[index]!;
    if (open === undefined) {
      const match = opening.exec(text);
      if (match !== null) open = { line: index, length: match[1]!.length, info: match[2]!.trim() };
    } else if ((closing.exec(text)?.[1]?.length ?? 0) >= open.length) {
      closed.push({ open: open.line, close: index, info: open.info });
      open = undefined;
    }
  }
  return open === undefined ? { closed } : { closed, unclosed: open.line };
}

/** Whether two lines open and close an executable fence. */
export function isFenceAround(first: string, last: string): boolean {
  const match = opening.exec(first);
  if (match === null || languageOf(match[2]!.trim()) === undefined) return false;
  return (closing.exec(last)?.[1]?.length ?? 0) >= match[1]!.length;
}

/** Code of a fence: its lines joined by line feeds, otherwise untouched. */
export function codeOf(lines: readonly Pick<LogLine, "text">[], { open, close }: Fence): string {
  return lines
    .slice(open + 1, close)
    .map(({ text }) => text)
    .join("\n");
}

/**
 * Puts content into a fence longer than any run of backticks that begins one of its lines. Half a surrogate pair, which
 * UTF-8 cannot hold, becomes a replacement character: else the file would not be what was written.
 */
export function fenced(info: string, text: string): string {
  const content = text.replaceAll(/\p{Surrogate}/gu, "\uFFFD");
  let length = 3;
  for (const [, run] of content.matchAll(/^ {0,3}(`{3,})/gm))
    length = Math.max(length, run!.length + 1);
  const ticks = "`".repeat(length);
  return `${ticks}${info}\n${content}\n${ticks}`;
}

/** Language of an executable fence (4.2, decision 32), undefined for prose. */
export function languageOf(info: string): "js" | "ts" | undefined {
  const word = /^\S*/.exec(info.toLowerCase())?.[0] ?? "";
  if (word === "" || word === "js" || word === "javascript" || word === "mjs") return "js";
  return word === "ts" || word === "typescript" ? "ts" : undefined;
}
