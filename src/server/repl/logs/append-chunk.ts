/** A chunk that comes over the API, put below the anchor of a log. Pure. */
import { findAnchor } from "../../../markdown/log/anchor.ts";
import { findFences } from "../../../markdown/log/fences.ts";
import { formatFooter } from "../../../markdown/log/format.ts";
import { lineEndOf, toLines, withLineEnds, withoutBlankEnd } from "../../../markdown/log/lines.ts";

export interface Appended {
  readonly text: string;
  /** A fence that somebody is still writing stays below everything: what follows it would be taken for its content. */
  readonly draft: string;
}

/** The chunk stands behind what stands below the anchor already. */
export function appendChunk(text: string, chunk: string): Appended {
  const end = lineEndOf(text);
  const base = findAnchor(text) === undefined ? text + withLineEnds(formatFooter(), end) : text;
  const anchor = findAnchor(base)!;
  const tail = base.slice(anchor.end);
  const isOpen = findFences(toLines(tail)).unclosed !== undefined;
  const above = isOpen ? "" : withoutBlankEnd(tail);
  const gap = above.trim() === "" ? "" : `${above}${end}${end}`;
  const own = withLineEnds(chunk.trimEnd().replaceAll("\r\n", "\n"), end);
  return {
    text: `${base.slice(0, anchor.end)}${gap}${own}${end}`,
    draft: isOpen ? tail : "",
  };
}

/** Puts a draft back below everything. */
export function withDraft(text: string, draft: string): string {
  if (draft === "") return text;
  const end = lineEndOf(text);
  return `${withoutBlankEnd(text)}${end}${draft.startsWith("\n") || draft.startsWith("\r\n") ? "" : end}${draft}`;
}
