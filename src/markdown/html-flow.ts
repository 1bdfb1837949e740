/** HTML blocks: the seven kinds of CommonMark, by the state machine of micromark. */

import { isSpace } from "./line.ts";

/** 1 raw text, 2 comment, 3 instruction, 4 declaration, 5 CDATA, 6 known block tag, 7 any complete tag. */
export type HtmlKind = 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface HtmlStart {
  readonly kind: HtmlKind;
  /** The block also ends on this line. */
  readonly closed: boolean;
}

const RAW_TAGS = new Set(["pre", "script", "style", "textarea"]);

// The list of CommonMark 0.31, condition 6.
const BLOCK_TAGS = new Set(
  (
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt " +
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link " +
    "main menu menuitem nav noframes ol optgroup option p param search section summary table tbody td tfoot th thead " +
    "title tr track ul"
  ).split(" "),
);

/** The HTML block that starts with `source`, the rest of a line from its `<`. Kind 7 cannot interrupt a paragraph. */
export function htmlStart(source: string, interrupting: boolean): HtmlStart | undefined {
  if (source.startsWith("<!--")) return started(2, source, 2);
  if (source.startsWith("<?")) return started(3, source, 1);
  if (source.startsWith("<![CDATA[")) return started(5, source, 9);
  if (/^<![a-z]/i.test(source)) return started(4, source, 3);
  const tag = /^<(\/?)([a-z][a-z\d-]*)(?=[ \t/>]|$)/i.exec(source);
  return tag ? tagStart(source, tag, interrupting) : undefined;
}

/** A line of a block of kind 1 to 5 has its end. Kinds 6 and 7 end before a blank line. */
export function endsHtml(source: string, kind: HtmlKind): boolean {
  switch (kind) {
    case 1:
      return /<\/(?:pre|script|style|textarea)>/i.test(source);
    case 2:
      return source.includes("-->");
    case 3:
      return source.includes("?>");
    case 4:
      return source.includes(">");
    case 5:
      // micromark takes brackets in pairs: an odd run of them does not end the section.
      return /(?:^|[^\]])(?:\]\])+>/.test(source);
    case 6:
    case 7:
      return false;
  }
}

function started(kind: HtmlKind, source: string, from: number): HtmlStart {
  return { kind, closed: endsHtml(source.slice(from), kind) };
}

function tagStart(
  source: string,
  tag: RegExpExecArray,
  interrupting: boolean,
): HtmlStart | undefined {
  const [whole, closing, name = ""] = tag;
  const slash = source[whole.length] === "/";
  const lowerName = name.toLowerCase();
  if (!slash && !closing && RAW_TAGS.has(lowerName)) return started(1, source, whole.length);
  if (BLOCK_TAGS.has(lowerName)) {
    return !slash || source[whole.length + 1] === ">" ? { kind: 6, closed: false } : undefined;
  }
  if (interrupting) return undefined;
  const end = closing ? skipSpaces(source, whole.length) : attributesEnd(source, whole.length);
  if (source[end] !== ">" || skipSpaces(source, end + 1) < source.length) return undefined;
  return { kind: 7, closed: false };
}

/** Offset where the attributes of a tag end and `>` must stand; -1 when they are malformed. */
function attributesEnd(source: string, from: number): number {
  let offset = from;
  for (;;) {
    offset = skipSpaces(source, offset);
    const character = source[offset] ?? "";
    if (character === "/") return offset + 1;
    if (!/[a-z:_]/i.test(character)) return offset;
    while (/[\w.:-]/.test(source[offset] ?? "")) offset += 1;
    offset = valueEnd(source, skipSpaces(source, offset));
    if (offset < 0) return -1;
  }
}

/** Behind the value of an attribute, if it has one. micromark also takes `a=b=c`. */
function valueEnd(source: string, from: number): number {
  let offset = from;
  while (source[offset] === "=") {
    offset = skipSpaces(source, offset + 1);
    const quote = source[offset] ?? "";
    if (quote === "" || "<=>`".includes(quote)) return -1;
    if (quote === '"' || quote === "'") return quotedEnd(source, offset, quote);
    while (/[^ \t"'/<=>`]/.test(source[offset] ?? " ")) offset += 1;
    offset = skipSpaces(source, offset);
  }
  return offset;
}

function quotedEnd(source: string, from: number, quote: string): number {
  const end = source.indexOf(quote, from + 1);
  if (end < 0) return -1;
  return /[ \t/>]/.test(source[end + 1] ?? "") ? end + 1 : -1;
}

function skipSpaces(source: string, from: number): number {
  let offset = from;
  while (isSpace(source.charCodeAt(offset))) offset += 1;
  return offset;
}
