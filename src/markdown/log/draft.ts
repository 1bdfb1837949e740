/** Half a fence at the end of a text: somebody is writing it, and what is put behind it would become its content. Pure. */
import { findFences } from "./fences.ts";
import { readReplyHeading, readRequestHeading } from "./headings.ts";
import { toLines } from "./lines.ts";

/** Offset of a fence that nobody has closed yet; undefined when there is none, or the log goes on behind it. */
export function openFence(text: string): number | undefined {
  const lines = toLines(text);
  const { unclosed } = findFences(lines);
  if (unclosed === undefined) return undefined;
  // An unbalanced fence of older text is no draft.
  const goesOn = lines
    .slice(unclosed)
    .some(
      ({ text: line }) =>
        readReplyHeading(line) !== undefined || readRequestHeading(line) !== undefined,
    );
  if (goesOn) return undefined;
  return lines.slice(0, unclosed).reduce((sum, { raw }) => sum + raw.length, 0);
}
