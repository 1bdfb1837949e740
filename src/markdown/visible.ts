/** Text of programs as it may stand in a file: every character visible, lines and line counts bounded (E-05). */
import { visibleText } from "./log/visible-text.ts";

/** A longer line is cut; editors get slow and diffs useless long before. */
const MOST_LINE_CHARACTERS = 4_000;

/** Lines of one output: the first and the last halves are kept. */
const MOST_LINES = 2_000;

/** Lines without control characters, ANSI sequences shown as `␛[31m`, long ones and too many of them cut with a count. */
export function visibleLines(text: string): readonly string[] {
  const lines = visibleText(text).replace(/\n$/, "").split("\n").map(cutLine);
  const excess = lines.length - MOST_LINES;
  if (excess <= 0) return lines;
  const half = MOST_LINES / 2;
  return [...lines.slice(0, half), omitted(excess, "lines"), ...lines.slice(-half)];
}

/** How a count of what was left out is written, in logs and documents alike (REPL specification 9.4). */
export function omitted(count: number, what: string): string {
  return `... (${count} more ${what} omitted) ...`;
}

function cutLine(line: string): string {
  if (line.length <= MOST_LINE_CHARACTERS) return line;
  const last = line.charCodeAt(MOST_LINE_CHARACTERS - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  const length = splitsPair ? MOST_LINE_CHARACTERS - 1 : MOST_LINE_CHARACTERS;
  return `${line.slice(0, length)}${omitted(line.length - length, "characters")}`;
}
