/** A text as lines, each with the bytes it ends with, so that what is not ours is put back as it was. */

export interface LogLine {
  /** Without its end; that of the first line of a text without a byte order mark, too. */
  readonly text: string;
  /** With its end; the last line of a text may have none. */
  readonly raw: string;
}

export type LineEnd = "\n" | "\r\n";

/** Lines of a text. A text that ends with a line end has no empty last line. */
export function toLines(text: string): LogLine[] {
  const lines: LogLine[] = [];
  let start = 0;
  while (start < text.length) {
    const feed = text.indexOf("\n", start);
    const next = feed < 0 ? text.length : feed + 1;
    const raw = text.slice(start, next);
    const line = raw.replace(/\r?\n$/, "");
    lines.push({ raw, text: start === 0 && line.startsWith("\uFEFF") ? line.slice(1) : line });
    start = next;
  }
  return lines;
}

export function toText(lines: readonly LogLine[]): string {
  return lines.map(({ raw }) => raw).join("");
}

/** Characters from which the line end of a long text is judged: judging all of 10 MB at each write would cost more than writing. */
const sample = 64 * 1024;

/** The line end that most lines have (3.6); a line feed where there is none. */
export function lineEndOf(text: string): LineEnd {
  const part = text.length > 2 * sample ? text.slice(-sample) : text;
  const feeds = part.split("\n").length - 1;
  const pairs = part.split("\r\n").length - 1;
  return pairs * 2 > feeds ? "\r\n" : "\n";
}

export function isBlank({ text }: LogLine): boolean {
  return text.trim() === "";
}

/** Without blank lines at both ends. */
export function trimLines(lines: readonly LogLine[]): LogLine[] {
  const first = lines.findIndex((line) => !isBlank(line));
  const last = lines.findLastIndex((line) => !isBlank(line));
  return first < 0 ? [] : lines.slice(first, last + 1);
}

/** A text without the blank lines at its end. The end of its last line goes with them; a byte order mark stays. */
export function withoutBlankEnd(text: string): string {
  let end = text.length;
  for (;;) {
    const start = text.lastIndexOf("\n", end - 1) + 1;
    if (end === 0 || text.slice(start, end).trim() !== "") break;
    if (start === 0 && text.startsWith("\uFEFF")) return "\uFEFF";
    end = Math.max(0, start - 1);
    if (start === 0) break;
  }
  const cut = text.slice(0, end);
  return cut.endsWith("\r") ? cut.slice(0, -1) : cut;
}

/** A text without the blank lines at its start; indentation of its first line stays. */
export function withoutBlankStart(text: string): string {
  return text.replace(/^(?:[^\S\n]*\n)+/, "");
}

/** Text of ours with the line ends of a file. What has them already stays as it is. */
export function withLineEnds(text: string, end: LineEnd): string {
  return end === "\n" ? text : text.replaceAll(/\r?\n/g, end);
}
