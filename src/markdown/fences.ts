/**
 * The fenced code blocks of a document, in one pass over its lines. Agrees with remark-parse on which there are and
 * what they hold; no other block is built. Linear in the length of the text (S-02).
 */

import { continueContainer, openContainer } from "./containers.ts";
import { closeFlow, leaveContainers, NONE, scanFlow } from "./flow.ts";
import { advance, createLine, isBlank, skipSpace } from "./line.ts";
import type { Fence, Scan, Scanned } from "./scan.ts";

/** All fenced code blocks of a Markdown text, in order. */
export function scanFences(text: string): readonly Fence[] {
  return scanDocument(text).fences;
}

/** The fenced code blocks and our own comments. */
export function scanDocument(text: string): Scanned {
  const scan: Scan = {
    line: createLine(text),
    containers: [],
    quotes: 0,
    indent: 0,
    flow: NONE,
    previousEnd: 0,
    fences: [],
    markers: [],
  };
  while (advance(scan.line)) {
    scanLine(scan);
    scan.previousEnd = scan.line.end;
  }
  closeFlow(scan, scan.line.number);
  return scan;
}

function scanLine(scan: Scan): void {
  const { line, containers } = scan;
  const continued = continueContainers(scan);
  const all = continued === containers.length;
  const { kind } = scan.flow;
  if (all && (kind === "fence" || kind === "html")) {
    scanFlow(scan, containers.length);
    return;
  }
  // micromark: an open block of any kind, also indented code, is interrupted; that holds to the end of the line.
  const interrupting = all && kind !== "none";
  let container = openContainer(line, interrupting);
  if (!container) {
    scanFlow(scan, continued);
    return;
  }
  closeFlow(scan, line.number - 1);
  leaveContainers(scan, continued);
  for (; container; container = openContainer(line, interrupting)) {
    containers.push(container);
    if (container.kind === "quote") scan.quotes += 1;
    else scan.indent += container.size;
  }
  scanFlow(scan, containers.length);
}

/** Reads the prefixes of the open containers and says how many of them continue. */
function continueContainers(scan: Scan): number {
  const { line, containers } = scan;
  if (scan.quotes === 0 && isBlank(line)) return continueBlank(scan);
  for (let index = 0; index < containers.length; index += 1) {
    const container = containers[index]!;
    const size = container.kind === "item" ? container.size : 0;
    const continuation = continueContainer(line, container);
    if (continuation === "outside") return index;
    if (continuation === "sibling") {
      closeFlow(scan, line.number - 1);
      leaveContainers(scan, index + 1);
      scan.indent += (container.kind === "item" ? container.size : 0) - size;
      return index + 1;
    }
  }
  return containers.length;
}

/** A blank line continues every list item. Only the innermost can be an empty one, so many items cost nothing. */
function continueBlank({ line, containers, indent }: Scan): number {
  const last = containers.at(-1);
  if (last?.kind === "item") last.furtherBlank ||= last.initialBlank;
  skipSpace(line, indent);
  return containers.length;
}
