/** What a line is inside its containers: which block it continues, ends or starts. */

import { isOnlyDefinitions } from "./definitions.ts";
import { endsHtml, htmlStart } from "./html-flow.ts";
import {
  type FenceOpening,
  fenceOpening,
  isFenceClosing,
  isHeading,
  isThematicBreak,
  isUnderline,
} from "./leaf.ts";
import { type Line, columnsOf, isBlank, leadingSpace, mark, reset, skipSpace } from "./line.ts";
import type { Fence, Flow, OpenFence, Scan } from "./scan.ts";

export const NONE: Flow = { kind: "none" };
const INDENTED: Flow = { kind: "indented" };
const PLAIN_PARAGRAPH: Flow = { kind: "paragraph", lines: undefined };

/** The rest of a line, behind its containers. The line is *lazy* when not all open containers continue. */
export function scanFlow(scan: Scan, continued: number): void {
  const { line, flow } = scan;
  const lazy = continued < scan.containers.length;
  switch (flow.kind) {
    case "fence":
      if (lazy) break;
      continueFence(scan, flow.fence);
      return;
    case "html":
      if (lazy || (flow.html >= 6 && isBlank(line))) break;
      if (endsHtml(line.text.slice(line.offset, line.end), flow.html)) scan.flow = NONE;
      return;
    case "indented": {
      const before = mark(line);
      if (!lazy && (isBlank(line) || skipSpace(line, 4) === 4)) return;
      reset(line, before);
      break;
    }
    case "paragraph":
      continueParagraph(scan, flow.lines, continued);
      return;
    case "none":
      break;
  }
  closeFlow(scan, line.number - 1);
  leaveContainers(scan, continued);
  startFlow(scan, lazy, false);
}

/** Closes the containers that a line does not continue. */
export function leaveContainers(scan: Scan, size: number): void {
  const { containers } = scan;
  while (containers.length > size) {
    const container = containers.pop()!;
    if (container.kind === "quote") scan.quotes -= 1;
    else scan.indent -= container.size;
  }
}

/** A lazy line that goes on with the paragraph keeps all containers open. */
function continueParagraph(scan: Scan, lines: string[] | undefined, continued: number): void {
  const { line } = scan;
  const lazy = continued < scan.containers.length;
  if (isBlank(line)) {
    scan.flow = NONE;
    leaveContainers(scan, continued);
    return;
  }
  const before = mark(line);
  if (skipSpace(line, 4) === 4 || !interruptsParagraph(line, lazy)) {
    lines?.push(line.text.slice(line.offset, line.end));
    return;
  }
  const paragraph = lines === undefined || !isOnlyDefinitions(lines.join("\n"));
  // micromark looks ahead for HTML of kind 7, which only a lazy line can start here, and keeps the containers meanwhile.
  if (!lazy || interruptsParagraph(line, false)) leaveContainers(scan, continued);
  scan.flow = NONE;
  reset(line, before);
  startFlow(scan, lazy, paragraph);
}

function interruptsParagraph(line: Line, lazy: boolean): boolean {
  if (isOneLine(line, !lazy)) return true;
  if (line.text[line.offset] !== "<") return fenceOpening(line) !== undefined;
  return htmlStart(line.text.slice(line.offset, line.end), !lazy) !== undefined;
}

/** A line with no open block. `underlines`: a paragraph stands right above. */
function startFlow(scan: Scan, lazy: boolean, underlines: boolean): void {
  const { line } = scan;
  if (isBlank(line)) return;
  const prefix = skipSpace(line, 4);
  if (prefix === 4) {
    // Indented code does not go on behind a lazy line.
    scan.flow = lazy ? NONE : INDENTED;
    return;
  }
  if (isOneLine(line, underlines && !lazy)) return;
  const opening = fenceOpening(line);
  if (opening) {
    scan.flow = { kind: "fence", fence: openFence(scan, opening, prefix) };
    return;
  }
  if (line.text[line.offset] === "<" && startHtml(scan)) return;
  const definition = line.text[line.offset] === "[";
  scan.flow = definition
    ? { kind: "paragraph", lines: [line.text.slice(line.offset, line.end)] }
    : PLAIN_PARAGRAPH;
}

function isOneLine(line: Line, underlines: boolean): boolean {
  switch (line.text[line.offset]) {
    case "#":
      return isHeading(line);
    case "*":
    case "_":
      return isThematicBreak(line);
    case "-":
      return (underlines && isUnderline(line)) || isThematicBreak(line);
    case "=":
      return underlines && isUnderline(line);
    default:
      return false;
  }
}

function startHtml(scan: Scan): boolean {
  const { line } = scan;
  const source = line.text.slice(line.offset, line.end);
  const html = htmlStart(source, false);
  if (!html) return false;
  if (!html.closed) scan.flow = { kind: "html", html: html.kind };
  else if (html.kind === 2 && scan.quotes === 0) addMarker(scan, source);
  return true;
}

function addMarker({ line, markers }: Scan, source: string): void {
  const comment = source.trimEnd();
  const text = comment.slice(4, -3).trim();
  if (!text.startsWith("vitrine:") || !comment.endsWith("-->") || text.includes("-->")) return;
  const { offset: start, end, start: lineStart, number, column } = line;
  markers.push({ text, start, end, lineStart, line: number, column });
}

function openFence(
  { line, containers, quotes }: Scan,
  opening: FenceOpening,
  prefix: number,
): OpenFence {
  return {
    ...opening,
    start: line.offset,
    startLine: line.number,
    column: line.column,
    prefix,
    contentStart: line.next < 0 ? line.end : line.next,
    lines: [],
    inList: containers.length > quotes,
    inQuote: quotes > 0,
  };
}

function continueFence(scan: Scan, fence: OpenFence): void {
  const { line } = scan;
  if (isFenceClosing(line, fence)) {
    addFence(scan, fence, {
      closed: true,
      end: line.end,
      endLine: line.number,
      contentEnd: line.start,
    });
    scan.flow = NONE;
    return;
  }
  skipSpace(line, fence.prefix);
  const padding = line.partial ? 4 - (line.column % 4) : 0;
  const start = line.partial ? line.offset + 1 : line.offset;
  fence.lines.push({ start, end: line.end, padding, shift: start - line.start - padding });
}

/** Ends what is open. An unclosed fence ends with the line before. */
export function closeFlow(scan: Scan, lastLine: number): void {
  const { flow, previousEnd: end } = scan;
  if (flow.kind === "fence") {
    addFence(scan, flow.fence, { closed: false, end, endLine: lastLine, contentEnd: end });
  }
  scan.flow = NONE;
}

type FenceEnd = Pick<Fence, "closed" | "end" | "endLine" | "contentEnd">;

function addFence({ line, fences }: Scan, fence: OpenFence, end: FenceEnd): void {
  const space = leadingSpace(line);
  const indentation = columnsOf(space) === fence.column ? space : " ".repeat(fence.column);
  fences.push({ ...fence, ...end, indentation });
}
