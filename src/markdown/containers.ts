/**
 * Block quotes and list items: which of them a line continues, and which it opens. The rules are those of
 * micromark, which remark-parse uses, where it differs from the letter of CommonMark (design section 5).
 */

import {
  type Line,
  isBlank,
  isSpace,
  mark,
  peek,
  reset,
  skipOne,
  skipSpace,
  solidOffset,
} from "./line.ts";
import { isThematicBreak } from "./leaf.ts";

const ASTERISK = 42;
const PLUS = 43;
const DASH = 45;
const DOT = 46;
const ZERO = 48;
const ONE = 49;
const NINE = 57;
const GREATER = 62;
const CLOSING_PARENTHESIS = 41;

/** Digits of an ordered list's number, at most. */
const MOST_DIGITS = 9;

export interface ListItem {
  readonly kind: "item";
  /** The bullet, or the character behind the number. */
  readonly marker: number;
  readonly ordered: boolean;
  /** Columns that a line needs to continue the item. */
  size: number;
  /** The line of the marker has nothing else. */
  initialBlank: boolean;
  /** … and a blank line followed: the item cannot continue. */
  furtherBlank: boolean;
}

export interface Quote {
  readonly kind: "quote";
}

export type Container = ListItem | Quote;

/** `sibling`: the line starts the next item of the same list, so that everything inside the item is closed. */
export type Continuation = "inside" | "sibling" | "outside";

const QUOTE: Quote = { kind: "quote" };

/** Reads what a line needs to stay in `container`; reads nothing when it does not. */
export function continueContainer(line: Line, container: Container): Continuation {
  return container.kind === "quote" ? continueQuote(line) : continueItem(line, container);
}

/**
 * Reads the start of a new container. While `interrupting` a paragraph, a list must start with 1 and its first
 * item must not be empty.
 */
export function openContainer(line: Line, interrupting: boolean): Container | undefined {
  if (!mayOpen(line.text.charCodeAt(solidOffset(line)))) return undefined;
  const before = mark(line);
  const indent = skipSpace(line, 3);
  const code = peek(line);
  const container = code === GREATER ? openQuote(line) : openItem(line, { indent, interrupting });
  if (!container) reset(line, before);
  return container;
}

function mayOpen(code: number): boolean {
  return (
    code === GREATER ||
    code === DASH ||
    code === ASTERISK ||
    code === PLUS ||
    (code >= ZERO && code <= NINE)
  );
}

function openQuote(line: Line): Quote {
  skipOne(line);
  skipSpace(line, 1);
  return QUOTE;
}

function continueQuote(line: Line): Continuation {
  const before = mark(line);
  skipSpace(line, 3);
  if (peek(line) === GREATER) {
    openQuote(line);
    return "inside";
  }
  reset(line, before);
  return "outside";
}

function continueItem(line: Line, item: ListItem): Continuation {
  if (isBlank(line)) {
    item.furtherBlank ||= item.initialBlank;
    skipSpace(line, item.size);
    return "inside";
  }
  const before = mark(line);
  const mayContinue = !item.furtherBlank;
  item.furtherBlank = item.initialBlank = false;
  if (mayContinue && skipSpace(line, item.size) === item.size) return "inside";
  reset(line, before);
  const indent = skipSpace(line, 3);
  const sibling = openItem(line, { indent, interrupting: false, sibling: item });
  if (!sibling) {
    reset(line, before);
    return "outside";
  }
  item.size = sibling.size;
  item.initialBlank = sibling.initialBlank;
  return "sibling";
}

interface ItemStart {
  readonly indent: number;
  readonly interrupting: boolean;
  /** The item must be of the list of this one. */
  readonly sibling?: ListItem;
}

function openItem(line: Line, start: ItemStart): ListItem | undefined {
  const code = peek(line);
  if (code === ASTERISK || code === PLUS || code === DASH) return openBullet(line, code, start);
  return code >= ZERO && code <= NINE ? openNumber(line, code, start) : undefined;
}

function openBullet(line: Line, code: number, start: ItemStart): ListItem | undefined {
  if (start.sibling && start.sibling.marker !== code) return undefined;
  if (code !== PLUS && isThematicBreak(line)) return undefined;
  skipOne(line);
  return finishMarker(line, { marker: code, ordered: false, width: start.indent + 1 }, start);
}

function openNumber(line: Line, code: number, start: ItemStart): ListItem | undefined {
  if (start.sibling?.ordered === false || (start.interrupting && code !== ONE)) return undefined;
  let digits = 0;
  while (peek(line) >= ZERO && peek(line) <= NINE && digits < MOST_DIGITS) {
    skipOne(line);
    digits += 1;
  }
  const marker = peek(line);
  if (marker !== DOT && marker !== CLOSING_PARENTHESIS) return undefined;
  if (start.sibling && start.sibling.marker !== marker) return undefined;
  if (start.interrupting && digits > 1) return undefined;
  skipOne(line);
  return finishMarker(line, { marker, ordered: true, width: start.indent + digits + 1 }, start);
}

interface Marker {
  readonly marker: number;
  readonly ordered: boolean;
  /** Columns up to and with the marker. */
  readonly width: number;
}

function finishMarker(
  line: Line,
  { marker, ordered, width }: Marker,
  start: ItemStart,
): ListItem | undefined {
  const item: ListItem = {
    kind: "item",
    marker,
    ordered,
    size: width,
    initialBlank: false,
    furtherBlank: false,
  };
  if (isBlank(line)) {
    if (start.interrupting) return undefined;
    item.initialBlank = true;
    item.size += 1;
    return item;
  }
  const before = mark(line);
  let space = skipSpace(line, 4);
  if (space === 0) return undefined;
  if (isSpace(peek(line))) {
    // Five columns or more: one belongs to the marker, the rest is indented code.
    reset(line, before);
    space = skipSpace(line, 1);
  }
  item.size += space;
  return item;
}
