/** Text of programs as it may stand in a file: every character visible, lines and line counts bounded (E-05). */

/** A longer line is cut; editors get slow and diffs useless long before. */
const MOST_LINE_CHARACTERS = 4_000;

/** Lines of one output: the first and the last halves are kept. */
const MOST_LINES = 2_000;

// Controls but tab and LF, lone surrogates, line and paragraph separators, bidirectional controls, byte order marks.
const HIDDEN =
  /(?![\t\n])\p{Cc}|\p{Cs}|\p{Zl}|\p{Zp}|[\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}]/gu;

/** Lines without control characters, ANSI sequences shown as `␛[31m`, long ones and too many of them cut with a count. */
export function visibleLines(text: string): readonly string[] {
  const lines = visibleText(text)
    .replace(/\n$/, "")
    .split("\n")
    .map(cutLine);
  const excess = lines.length - MOST_LINES;
  if (excess <= 0) return lines;
  const half = MOST_LINES / 2;
  return [...lines.slice(0, half), omitted(excess, "lines"), ...lines.slice(-half)];
}

/** Text without control characters, ANSI sequences shown as `␛[31m`; nothing is cut. */
export function visibleText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN, picture);
}

/** How a count of what was left out is written, in logs and documents alike (REPL specification 9.4). */
export function omitted(count: number, what: string): string {
  return `... (${count} more ${what} omitted) ...`;
}

/** Unicode has pictures for the first controls; the others are written as JSON and JavaScript escape them. */
function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : `\\u${code.toString(16).padStart(4, "0")}`;
}

function cutLine(line: string): string {
  if (line.length <= MOST_LINE_CHARACTERS) return line;
  const last = line.charCodeAt(MOST_LINE_CHARACTERS - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  const length = splitsPair ? MOST_LINE_CHARACTERS - 1 : MOST_LINE_CHARACTERS;
  return `${line.slice(0, length)}${omitted(line.length - length, "characters")}`;
}
