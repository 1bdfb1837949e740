/** What is kept of a log that was replaced by a text with which it cannot be merged (section 19.4, C.4). Pure. */
import { findAnchor, withFooter } from "../../markdown/log/anchor.ts";
import { findFences } from "../../markdown/log/fences.ts";
import { formatDiagnostic } from "../../markdown/log/format.ts";
import { isEventHeading, readReplyHeading } from "../../markdown/log/headings.ts";
import {
  isBlank,
  lineEndOf,
  toLines,
  withLineEnds,
  withoutBlankEnd,
  type LogLine,
} from "../../markdown/log/lines.ts";
import { parseRequests } from "../../markdown/log/requests.ts";
import { commonPrefix } from "./log-segments.ts";

interface Version {
  readonly before: string;
  readonly at: number;
}

/** Ms. */
const recent = 60_000;

/** The found text with the replies of the last minute that it lacks above its anchor. */
export function withMissingReplies(
  known: string,
  found: string,
  versions: readonly Version[],
): string {
  const end = lineEndOf(found);
  const newest = versions.at(-1)?.at ?? 0;
  const since = versions.find(({ at }) => at >= newest - recent)?.before ?? known;
  const present = new Set(toLines(found).map(({ text }) => text));
  const written = new Set(toLines(since).map(({ text }) => text));
  const missing = repliesOf(known.slice(lineStart(known, commonPrefix(known, since)))).filter(
    ([heading]) => !present.has(heading!.text) && !written.has(heading!.text),
  );
  const { history, tail } = split(found);
  if (missing.length === 0) return withFooter(history, tail, end);
  const note = "The file was replaced by a text without these replies of the last minute.";
  const replies = missing.map((lines) => lines.map(({ text }) => text).join("\n"));
  const block = withLineEnds([formatDiagnostic(note, newest), ...replies].join("\n\n"), end);
  const head = withoutBlankEnd(history);
  return withFooter(head === "" ? block : head + end + end + block, tail, end);
}

/** Finished replies: heading, result and events. */
function repliesOf(text: string): (readonly LogLine[])[] {
  const lines = toLines(text);
  return lines.flatMap(({ text: line }, index) => {
    const heading = readReplyHeading(line);
    if (heading === undefined || heading.state === "executing") return [];
    return [lines.slice(index, replyEnd(lines, index))];
  });
}

function replyEnd(lines: readonly LogLine[], heading: number): number {
  // No reply is longer than this; reading fences to the end of a long log for each would be quadratic.
  const part = lines.slice(heading + 1, heading + 20_000);
  const { closed } = findFences(part);
  let end = 0;
  for (let index = 0; index < part.length;) {
    const fence = closed.find(({ open }) => open === index);
    const { text } = part[index]!;
    if (fence !== undefined) index = fence.close + 1;
    else if (isEventHeading(text) || /^\.\.\. \(\d+ more /.test(text)) index++;
    else if (
      isBlank(part[index]!) &&
      /^(?:\.\.\. \(\d+ more |#####)/.test(part[index + 1]?.text ?? "")
    )
      index++;
    else break;
    end = index;
  }
  return heading + 1 + end;
}

/** History and what is to stand below the anchor: in a text without one its last fence, if that is a request (4.3). */
function split(text: string): { history: string; tail: string } {
  const anchor = findAnchor(text);
  if (anchor !== undefined)
    return { history: text.slice(0, anchor.start), tail: text.slice(anchor.end) };
  const { lines, blocks } = parseRequests(text, "");
  const open = blocks[0]?.open ?? lines.length;
  const at = lines.slice(0, open).reduce((sum, { raw }) => sum + raw.length, 0);
  return { history: text.slice(0, at), tail: text.slice(at) };
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", Math.max(0, at - 1)) + 1;
}
