/** The parts of an open log, read once per version; of a long log only its end is read. */
import type { TextDocument } from "vscode";
import { readLog, tailStart, type Lines, type LogParts } from "./log-headings.ts";

/** Characters from which on only the last requests are looked at. */
const longLog = 1024 * 1024;
const lastRequests = 200;
/** Lines that are looked at to find them; a log of fewer requests has long answers. */
const mostLines = 100_000;

interface ReadParts extends LogParts {
  readonly version: number;
}

const read = new WeakMap<TextDocument, ReadParts>();

export function linesOf(document: TextDocument): Lines {
  return { count: document.lineCount, at: (line) => document.lineAt(line).text };
}

/** Headings, fences and anchor of the log as it is now. */
export function partsOf(document: TextDocument): LogParts {
  const known = read.get(document);
  if (known?.version === document.version) return known;
  const lines = linesOf(document);
  const from = lengthOf(document) > longLog ? tailStart(lines, lastRequests, mostLines) : 0;
  const parts = { ...readLog(lines, from), version: document.version };
  read.set(document, parts);
  return parts;
}

function lengthOf(document: TextDocument): number {
  return document.offsetAt(document.lineAt(document.lineCount - 1).range.end);
}
