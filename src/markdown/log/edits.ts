/** How something of the server's is put into a log: one blank line around it, everything else as it was. Pure. */
import { findAnchor, withOneAnchor } from "./anchor.ts";
import { openFence } from "./draft.ts";
import { formatFileHeader } from "./format.ts";
import { lineEndOf, withLineEnds, withoutBlankEnd, withoutBlankStart } from "./lines.ts";

/** Characters among which the first 20 lines, and so a title, are looked for. */
const titleCharacters = 64 * 1024;

/** Puts title and guide in front of a text without a title in its first 20 lines (3.2). A byte order mark stays first. */
export function ensureTitle(text: string, name: string): string {
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const head = text.slice(mark.length, titleCharacters).split("\n", 20);
  if (head.some((line) => line.startsWith("# "))) return text;
  const end = lineEndOf(text);
  const header = withLineEnds(formatFileHeader(`${name} Session`), end);
  const rest = withoutBlankStart(text.slice(mark.length));
  return mark + header + end + (rest === "" ? "" : end + rest);
}

/** Replaces `[start, end)` by a block of lines, with one blank line above and below. */
export function splice(text: string, start: number, end: number, block: string): string {
  const lineEnd = lineEndOf(text);
  const above = withoutBlankEnd(text.slice(0, start));
  const below = withoutBlankStart(text.slice(end));
  const gap = lineEnd + lineEnd;
  const head = above === "" || above === "\uFEFF" ? above : above + gap;
  const middle = withLineEnds(block, lineEnd);
  return head + middle + (below === "" ? lineEnd : gap + below);
}

/** Puts a block above the anchor, making the anchor when there is none. */
export function appendAbove(text: string, block: string): string {
  const anchor = findAnchor(text);
  const at = anchor?.start ?? openFence(text) ?? text.length;
  return splice(text, at, at, block);
}

/** What holds after every write: a title, and one anchor as the last element (3.2, 3.3). */
export function finishEdit(text: string, name: string): string {
  return ensureTitle(withOneAnchor(text, lineEndOf(text)), name);
}
