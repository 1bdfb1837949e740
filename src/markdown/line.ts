/** One line of a document under the scanner's eye. Columns have tab stops of 4, as CommonMark counts them. */

const TAB = 9;
const LINE_FEED = 10;
const SPACE = 32;
const BYTE_ORDER_MARK = 0xfeff;

/** Where a line lies in its text, and how far it has been read. One object is reused for all lines of a text. */
export interface Line {
  readonly text: string;
  /** 0-based. */
  number: number;
  start: number;
  /** Offset behind the last character, before the line end. */
  end: number;
  /** Offset of the next line, -1 when this is the last one. */
  next: number;
  /** The next character to read. */
  offset: number;
  /** Column of what is read next, 0-based. */
  column: number;
  /** The tab at `offset` has given some of its columns to a container already. */
  partial: boolean;
  /** First offset at or behind `offset` that is neither space nor tab; stale while smaller than `offset`. */
  solid: number;
  /** Where the last search for a thematic break of `breakMarker` met another character. */
  breakStop: number;
  breakMarker: number;
  /** Offsets of the next LF and CR, so that a text with only one kind of line end is searched once. */
  lineFeed: number;
  carriageReturn: number;
}

/** A position to come back to. */
export type Mark = Pick<Line, "offset" | "column" | "partial" | "solid">;

/** Stands before the first line; a byte order mark belongs to no line. */
export function createLine(text: string): Line {
  return {
    text,
    number: -1,
    start: 0,
    end: 0,
    next: text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0,
    offset: 0,
    column: 0,
    partial: false,
    solid: -1,
    breakStop: -1,
    breakMarker: 0,
    lineFeed: -1,
    carriageReturn: -1,
  };
}

/** Goes to the next line; false at the end. A text that ends with a line end has an empty last line. */
export function advance(line: Line): boolean {
  if (line.next < 0) return false;
  const { text, next: start } = line;
  if (line.lineFeed < start) line.lineFeed = indexOrEnd(text, "\n", start);
  if (line.carriageReturn < start) line.carriageReturn = indexOrEnd(text, "\r", start);
  const end = Math.min(line.lineFeed, line.carriageReturn);
  const width = line.carriageReturn === end && text.charCodeAt(end + 1) === LINE_FEED ? 2 : 1;
  line.number += 1;
  line.start = line.offset = start;
  line.end = end;
  line.next = end < text.length ? end + width : -1;
  line.column = 0;
  line.partial = false;
  line.solid = line.breakStop = -1;
  return true;
}

export function mark(line: Line): Mark {
  return { offset: line.offset, column: line.column, partial: line.partial, solid: line.solid };
}

export function reset(line: Line, to: Mark): void {
  line.offset = to.offset;
  line.column = to.column;
  line.partial = to.partial;
  line.solid = to.solid;
}

/** Reads up to `most` columns of white space and says how many there were. */
export function skipSpace(line: Line, most: number): number {
  let taken = 0;
  while (taken < most && line.offset < line.end) {
    const code = line.text.charCodeAt(line.offset);
    if (code !== SPACE && code !== TAB) break;
    const width = code === TAB ? 4 - (line.column % 4) : 1;
    const take = Math.min(width, most - taken);
    taken += take;
    line.column += take;
    line.partial = take < width;
    if (!line.partial) line.offset += 1;
  }
  return taken;
}

/** Reads one character that is not white space. */
export function skipOne(line: Line): void {
  line.offset += 1;
  line.column += 1;
}

/** The character to read next, NaN at the end of the line. */
export function peek(line: Line): number {
  return line.offset < line.end ? line.text.charCodeAt(line.offset) : Number.NaN;
}

export function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** Offset of the next character that is not white space; the end of the line when there is none. */
export function solidOffset(line: Line): number {
  if (line.solid >= line.offset) return line.solid;
  let offset = line.offset;
  while (offset < line.end && isSpace(line.text.charCodeAt(offset))) offset += 1;
  line.solid = offset;
  return offset;
}

/** Only white space is left. */
export function isBlank(line: Line): boolean {
  return solidOffset(line) >= line.end;
}

/** The white space that a line starts with, however far it has been read. */
export function leadingSpace({ text, start, end }: Line): string {
  let offset = start;
  while (offset < end && isSpace(text.charCodeAt(offset))) offset += 1;
  return text.slice(start, offset);
}

/** Columns that a run of white space takes from the start of a line. */
export function columnsOf(space: string): number {
  let column = 0;
  for (const character of space) column += character === "\t" ? 4 - (column % 4) : 1;
  return column;
}

function indexOrEnd(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from);
  return index < 0 ? text.length : index;
}
