/** Small changes of a text that leave the rest alone. */

/** Replaces what is between two offsets (UTF-16 units). */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Turns `old`, which stands at `start`, into `text`. Equal lines at both ends stay out of it, so that cursors and
 * markers in them stay where they are.
 */
export function minimalEdit(
  old: string,
  { start, text, newline }: { start: number; text: string; newline: string },
): Edit {
  if (old === text) return { start, end: start, text: "" };
  const shorter = Math.min(old.length, text.length);
  let same = 0;
  while (same < shorter && old[same] === text[same]) same += 1;
  const lineEnd = old.lastIndexOf(newline, same - newline.length);
  const head = same < newline.length || lineEnd < 0 ? 0 : lineEnd + newline.length;
  same = 0;
  while (same < shorter - head && old.at(-1 - same) === text.at(-1 - same)) same += 1;
  const tailStart = old.indexOf(newline, old.length - same);
  const tail = same === 0 || tailStart < 0 ? 0 : old.length - tailStart;
  return {
    start: start + head,
    end: start + old.length - tail,
    text: text.slice(head, text.length - tail),
  };
}

/** The line end of the line at an offset; at the end of the text the first one of the text, else LF. */
export function lineEndAfter(text: string, offset: number): string {
  const search = /\r\n|\n|\r/g;
  search.lastIndex = offset;
  return (search.exec(text) ?? /\r\n|\n|\r/.exec(text))?.[0] ?? "\n";
}
