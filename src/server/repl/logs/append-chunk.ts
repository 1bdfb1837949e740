/** A chunk that comes over the API, put below the anchor of a log. Pure. */
import { findAnchor, withFooter } from "../../../markdown/log/anchor.ts";
import { openFence } from "../../../markdown/log/draft.ts";
import {
  lineEndOf,
  withLineEnds,
  withoutBlankEnd,
  type LineEnd,
} from "../../../markdown/log/lines.ts";

export interface Appended {
  readonly text: string;
  /** A fence that somebody is still writing stays below everything: what follows it would be taken for its content. */
  readonly draft: string;
}

/** The chunk stands behind what stands below the anchor already. */
export function appendChunk(text: string, chunk: string): Appended {
  const end = lineEndOf(text);
  const { head, tail } = split(text, end);
  const isOpen = openFence(tail) !== undefined;
  const above = isOpen ? "" : withoutBlankEnd(tail);
  const gap = above.trim() === "" ? "" : `${above}${end}${end}`;
  const own = withLineEnds(chunk.trimEnd().replaceAll("\r\n", "\n"), end);
  return { text: `${head}${gap}${own}${end}`, draft: isOpen ? tail : "" };
}

/** What stands above the anchor, with it, and what below. A text without one gets it above a fence that is still written. */
function split(text: string, end: LineEnd): { head: string; tail: string } {
  const anchor = findAnchor(text);
  if (anchor !== undefined)
    return { head: text.slice(0, anchor.end), tail: text.slice(anchor.end) };
  const at = openFence(text) ?? text.length;
  const head = withFooter(text.slice(0, at), "", end);
  return { head: head.slice(0, -2 * end.length), tail: text.slice(at) };
}

/** Puts a draft back below everything. */
export function withDraft(text: string, draft: string): string {
  if (draft === "") return text;
  const end = lineEndOf(text);
  return `${withoutBlankEnd(text)}${end}${draft.startsWith("\n") || draft.startsWith("\r\n") ? "" : end}${draft}`;
}
