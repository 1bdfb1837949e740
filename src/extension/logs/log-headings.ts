/** Pure: where the parts of a log stand (REPL specification 3). Linear in the lines that are read. */

/** Lines of a document, without their ends. 0-based. */
export interface Lines {
  readonly count: number;
  at(line: number): string;
}

export type HeadingKind =
  | "request"
  | "background"
  | "system"
  | "tests"
  | "executing"
  | "reply"
  | "event"
  /** Any other heading: the title, the guide, an agent's turn. */
  | "prose";

export interface LogHeading {
  readonly kind: HeadingKind;
  /** 1 to 6. */
  readonly level: number;
  readonly line: number;
}

export interface LogFence {
  readonly startLine: number;
  /** The closing line, or the last line of an unclosed fence. */
  readonly endLine: number;
  readonly info: string;
  readonly closed: boolean;
}

export interface LogParts {
  readonly headings: readonly LogHeading[];
  readonly fences: readonly LogFence[];
  /** The rule above the anchor, else the anchor itself; -1 without one. */
  readonly anchorLine: number;
}

interface OpenFence {
  readonly line: number;
  readonly size: number;
  readonly info: string;
}

/** A fence that was never closed must not hide what stands below it; further ones are given up. */
const mostReopened = 8;

/** The headings, fences and anchor from a line on, which must stand outside fences. */
export function readLog(lines: Lines, from = 0): LogParts {
  const headings: LogHeading[] = [];
  const fences: LogFence[] = [];
  let anchorLine = -1;
  let open: OpenFence | undefined;
  let reopened = 0;
  for (let line = from; line < lines.count || open; line += 1) {
    if (open && line >= lines.count) {
      fences.push({
        startLine: open.line,
        endLine: lines.count - 1,
        info: open.info,
        closed: false,
      });
      if ((reopened += 1) > mostReopened) break;
      line = open.line;
      open = undefined;
      continue;
    }
    const text = lines.at(line);
    const fence = fenceOf(text);
    if (open) {
      if (!fence || fence.info !== "" || fence.size < open.size) continue;
      fences.push({ startLine: open.line, endLine: line, info: open.info, closed: true });
      open = undefined;
    } else if (fence) open = { line, ...fence };
    else if (isAnchor(text)) anchorLine = isRule(lines, line - 1) ? line - 1 : line;
    else if (text.startsWith("#")) {
      const heading = headingOf(text, line);
      if (heading) headings.push(heading);
    }
  }
  return { headings, fences, anchorLine };
}

/** The line from which the last requests stand, found backwards: a long log is not read to its beginning. */
export function tailStart(lines: Lines, requests: number, mostLines: number): number {
  const end = Math.max(lines.count - mostLines, 0);
  let left = requests;
  for (let line = lines.count - 1; line >= end; line -= 1) {
    const text = lines.at(line);
    if (!text.startsWith("###") || !requestHeading.test(text)) continue;
    left -= 1;
    if (left === 0) return line;
  }
  return end;
}

// Every sign with or without U+FE0F (REPL specification 1).
const speaking = "\u{1f5e3}\u{fe0f}?";
const clock = String.raw`\d\d:\d\d:\d\d`;
const requestHeading = new RegExp(`^###\\s*${speaking}(\\S+) to (\\S+) at ${clock}\\s*$`, "u");
const backgroundHeading = new RegExp(`^###\\s*${speaking}\\S+ background at `, "u");
const systemHeading = new RegExp(`^###\\s*${speaking}System at ${clock}`, "u");
const replyHeading = new RegExp(
  `^####\\s*(?:\u{1f44d}|\u{1f6ab})\u{fe0f}?(\\S+) to (\\S+) at ${clock}( \\([\\d.]+m?s\\).*)?\\s*$`,
  "u",
);
const eventHeading = /^#####\s*(?:\u{1f6ab}|\u{1f198}|\u{2611}|\u{2139}|\u{1f522})\u{fe0f}?\s*\S/u;
const testHeading = /^## Test (?:Results|Progress): /;

function headingOf(text: string, line: number): LogHeading | undefined {
  const level = /^#{1,6}(?=\s|\P{ASCII})/u.exec(text)?.[0].length;
  if (level === undefined) return undefined;
  return { kind: kindOf(text, level), level, line };
}

function kindOf(text: string, level: number): HeadingKind {
  if (level === 2 && testHeading.test(text)) return "tests";
  if (level === 3) {
    if (requestHeading.test(text)) return "request";
    if (backgroundHeading.test(text)) return "background";
    return systemHeading.test(text) ? "system" : "prose";
  }
  if (level === 4) {
    const reply = replyHeading.exec(text);
    if (!reply) return "prose";
    return reply[3] === undefined ? "executing" : "reply";
  }
  return level === 5 && eventHeading.test(text) ? "event" : "prose";
}

/** A run of at least three backticks at the start, indented at most three spaces; tilde fences are text. */
function fenceOf(text: string): { size: number; info: string } | undefined {
  const match = /^ {0,3}(`{3,})([^`]*)$/.exec(text);
  return match ? { size: match[1]!.length, info: match[2]!.trim() } : undefined;
}

function isAnchor(text: string): boolean {
  return (
    text.startsWith("> Append your JavaScript snippet below") ||
    text.startsWith("> Write code in a fenced JS block below")
  );
}

function isRule(lines: Lines, line: number): boolean {
  return line >= 0 && /^\s*-{4,}\s*$/.test(lines.at(line));
}
