/** Blocks of one line: headings, thematic breaks, and the two ends of a fence. Each looks at the line from its offset. */

import { type Line, isSpace, mark, peek, reset, skipSpace } from "./line.ts";

const NUMBER_SIGN = 35;
const GRAVE = 96;
const TILDE = 126;

/** `***`, `- - -`, `___`. */
export function isThematicBreak(line: Line): boolean {
  const { text, end } = line;
  const marker = peek(line);
  // `- - - - a` asks again behind each marker; remembering where the search stopped keeps that linear.
  if (line.breakMarker === marker && line.breakStop > line.offset) return false;
  let count = 0;
  let offset = line.offset;
  for (; offset < end; offset += 1) {
    const code = text.charCodeAt(offset);
    if (code === marker) count += 1;
    else if (!isSpace(code)) break;
  }
  if (offset >= end) return count >= 3;
  line.breakMarker = marker;
  line.breakStop = offset;
  return false;
}

/** `# heading`. */
export function isHeading(line: Line): boolean {
  let offset = line.offset;
  while (
    offset < line.end &&
    offset - line.offset < 6 &&
    line.text.charCodeAt(offset) === NUMBER_SIGN
  )
    offset += 1;
  return offset >= line.end || isSpace(line.text.charCodeAt(offset));
}

/** `===` or `---` below a paragraph, `marker` alone on the line. */
export function isUnderline(line: Line): boolean {
  const marker = peek(line);
  let offset = line.offset;
  while (offset < line.end && line.text.charCodeAt(offset) === marker) offset += 1;
  while (offset < line.end && isSpace(line.text.charCodeAt(offset))) offset += 1;
  return offset >= line.end;
}

export interface FenceOpening {
  readonly marker: "`" | "~";
  /** Fence characters. */
  readonly size: number;
  /** What stands behind the fence, trimmed. */
  readonly info: string;
}

/** An opening fence at the offset. */
export function fenceOpening(line: Line): FenceOpening | undefined {
  const { text, offset, end } = line;
  const marker = text.charCodeAt(offset);
  if (marker !== GRAVE && marker !== TILDE) return undefined;
  const size = runLength(line);
  if (size < 3) return undefined;
  const info = text.slice(offset + size, end);
  if (marker === GRAVE && info.includes("`")) return undefined;
  return { marker: marker === GRAVE ? "`" : "~", size, info: info.replace(/^[ \t]+|[ \t]+$/g, "") };
}

/** The line closes a fence: at most three columns, enough fence characters, nothing else. Reads nothing. */
export function isFenceClosing(line: Line, { marker, size }: FenceOpening): boolean {
  const before = mark(line);
  skipSpace(line, 3);
  const closes =
    peek(line) === marker.charCodeAt(0) && runLength(line) >= size && isUnderline(line);
  reset(line, before);
  return closes;
}

function runLength(line: Line): number {
  const marker = peek(line);
  let offset = line.offset;
  while (offset < line.end && line.text.charCodeAt(offset) === marker) offset += 1;
  return offset - line.offset;
}
