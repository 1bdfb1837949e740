/** What a pass over a document knows and finds. */

import type { Container } from "./containers.ts";
import type { HtmlKind } from "./html-flow.ts";
import type { FenceOpening } from "./leaf.ts";
import type { Line } from "./line.ts";

/** One line of what a fence holds, without the indentation of the list items and the fence around it. */
export interface FenceLine {
  readonly start: number;
  /** Before the line end. */
  readonly end: number;
  /** Spaces that belong in front: what is left of a tab whose other columns are indentation. */
  readonly padding: number;
  /** Add it to a column of the code to get the column in the document, in UTF-16 units. */
  readonly shift: number;
}

/** A fenced code block. Offsets are UTF-16 units from the start of the text, lines are 0-based. */
export interface Fence {
  /** The first fence character. */
  readonly start: number;
  /** Behind the last character of the closing line, or of the last line of an unclosed fence. */
  readonly end: number;
  readonly startLine: number;
  readonly endLine: number;
  /** Column of the first fence character, 0-based, with tab stops of 4. */
  readonly column: number;
  /** White space that puts a further line at the same column. */
  readonly indentation: string;
  readonly marker: "`" | "~";
  /** Fence characters of the opening line. */
  readonly size: number;
  /** What stands behind the opening fence, trimmed. */
  readonly info: string;
  /** From the start of the first line inside to the start of the closing line. */
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly lines: readonly FenceLine[];
  readonly closed: boolean;
  readonly inList: boolean;
  readonly inQuote: boolean;
}

/** A comment of one line that begins with `vitrine:`, outside block quotes. */
export interface Marker {
  /** What stands between `<!--` and `-->`, trimmed. */
  readonly text: string;
  /** The `<`. */
  readonly start: number;
  /** The end of its line. */
  readonly end: number;
  /** Start of its line. */
  readonly lineStart: number;
  readonly line: number;
  readonly column: number;
}

export interface Scanned {
  readonly fences: readonly Fence[];
  readonly markers: readonly Marker[];
}

export interface OpenFence extends FenceOpening {
  readonly start: number;
  readonly startLine: number;
  readonly column: number;
  /** White space before the fence within its container: at most as much is taken off each line. */
  readonly prefix: number;
  readonly contentStart: number;
  readonly lines: FenceLine[];
  readonly inList: boolean;
  readonly inQuote: boolean;
}

/** The block that is open in the innermost container. Fences and HTML are *concrete*: nothing pierces them. */
export type Flow =
  | { readonly kind: "none" }
  | { readonly kind: "indented" }
  | { readonly kind: "html"; readonly html: HtmlKind }
  | { readonly kind: "fence"; readonly fence: OpenFence }
  /** Text of a paragraph that may turn out to be link definitions; undefined when it cannot. */
  | { readonly kind: "paragraph"; readonly lines: string[] | undefined };

export interface Scan {
  readonly line: Line;
  readonly containers: Container[];
  /** Of the containers, those that are block quotes. */
  quotes: number;
  /** Columns that the list items among the containers take. */
  indent: number;
  flow: Flow;
  /** End of the line before this one. */
  previousEnd: number;
  readonly fences: Fence[];
  readonly markers: Marker[];
}
