/** Pure: the requests of a log with the blocks they asked to run. */
import type { Lines, LogFence, LogHeading, LogParts } from "./log-headings.ts";

export interface LogRequest {
  readonly heading: LogHeading;
  /** Closed fences of a language that logs run (decision 32), in order. */
  readonly blocks: readonly LogFence[];
}

const executable: ReadonlySet<string> = new Set(["js", "javascript", "mjs", "ts", "typescript"]);

/** Requests with at least one block, in order. */
export function requestsOf(lines: Lines, { headings, fences, anchorLine }: LogParts): LogRequest[] {
  const marks = headings.filter(endsRequest);
  const requests: LogRequest[] = [];
  let next = 0;
  for (const [index, heading] of marks.entries()) {
    if (heading.kind !== "request") continue;
    const end = marks[index + 1]?.line ?? (anchorLine < 0 ? lines.count : anchorLine);
    while (next < fences.length && fences[next]!.startLine < heading.line) next += 1;
    const blocks: LogFence[] = [];
    for (; next < fences.length && fences[next]!.startLine < end; next += 1) {
      const fence = fences[next]!;
      if (isExecutable(fence) && !isServersFence(lines, fence)) blocks.push(fence);
    }
    if (blocks.length > 0) requests.push({ heading, blocks });
  }
  return requests;
}

/** The blocks as a chunk for another request, fences as they were written. */
export function chunkOf(lines: Lines, { blocks }: LogRequest): string {
  return blocks
    .map(({ startLine, endLine }) => {
      const fence: string[] = [];
      for (let line = startLine; line <= endLine; line += 1) fence.push(lines.at(line));
      return fence.join("\n");
    })
    .join("\n\n");
}

/** The server's own fences follow a heading of its own, or a failed test, with nothing but blank lines between. */
export function isServersFence(lines: Lines, { startLine }: LogFence): boolean {
  let above = startLine - 1;
  while (above >= 0 && lines.at(above).trim() === "") above -= 1;
  if (above < 0) return false;
  const text = lines.at(above);
  return (
    text.startsWith("✗ ") ||
    /^#{4,5}\s*(?:\u{1f44d}|\u{1f6ab}|\u{1f198}|\u{2611}|\u{2139}|\u{1f522})/u.test(text) ||
    /^###\s*\u{1f5e3}\u{fe0f}?System at /u.test(text)
  );
}

function isExecutable({ info, closed }: LogFence): boolean {
  const language = /^\S*/.exec(info)?.[0].toLowerCase() ?? "";
  return closed && (language === "" || executable.has(language));
}

/** A test section and a diagnostic may stand between the blocks of one request; replies and events are part of it. */
function endsRequest({ kind, level }: LogHeading): boolean {
  return kind === "request" || kind === "background" || (kind === "prose" && level <= 3);
}
