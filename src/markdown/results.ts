/** Results in a document, below their blocks (design section 5, decision 36): how they read and where they go. */

import { type Block, type DocumentBlocks, readDocument } from "./blocks.ts";
import { type Edit, lineEndAfter, minimalEdit } from "./edits.ts";
import { scanDocument } from "./fences.ts";
import { findRegions, type ResultRegion, type ResultState } from "./regions.ts";
import { omitted, visibleLines } from "./visible.ts";

/** Events of one run that are shown: these first ones, a count, these last ones. */
const FIRST_EVENTS = 2;
const LAST_EVENTS = 8;

export interface OutputEvent {
  readonly level: string;
  readonly text: string;
}

export type Output =
  /** `missing`: characters that the realm cut. */
  | { readonly kind: "json"; readonly text: string; readonly missing: number }
  | { readonly kind: "undefined" }
  /** The stack, mapped. */
  | { readonly kind: "error"; readonly text: string }
  /** `missing`: events that the realm left out behind the first two. */
  | { readonly kind: "events"; readonly events: readonly OutputEvent[]; readonly missing: number }
  | { readonly kind: "text"; readonly text: string };

export interface Result {
  readonly id: string;
  readonly realm: string;
  readonly state: ResultState;
  /** Duration in ms. */
  readonly ms: number;
  /** ISO time, to the second: `2026-11-20T10:15:02Z`. */
  readonly at: string;
  /** `codeHash` of the block. */
  readonly code: string;
  /** The same of the modules it imported. */
  readonly deps?: string;
  readonly outputs: readonly Output[];
  /** Line end, LF when absent. */
  readonly newline?: string;
}

const ORDER: Readonly<Record<Output["kind"], number>> = {
  json: 0,
  undefined: 0,
  text: 0,
  error: 1,
  events: 2,
};

/**
 * The whole region, without indentation and without a last line end. Values and texts come in the order given, then
 * the error, then the events. Nothing in it can end the region or look like a block (E-05).
 */
export function printResult(result: Result): string {
  const { id, realm, state, ms, at, code, deps, outputs, newline = "\n" } = result;
  const attributes = Object.entries({
    id,
    realm,
    state,
    ms: String(Math.round(ms)),
    at,
    code,
    ...(deps ? { deps } : {}),
  })
    .map(([name, value]) => `${name}=${attribute(value)}`)
    .join(" ");
  const lines = [`<!-- vitrine:result ${attributes} -->`];
  for (const output of outputs.toSorted((one, other) => ORDER[one.kind] - ORDER[other.kind])) {
    if (output.kind === "events" && output.events.length === 0) continue;
    lines.push(...fenced(output.kind === "json" ? "json" : "text", outputLines(output)));
  }
  lines.push(`<!-- vitrine:end id=${attribute(id)} -->`);
  return lines.join(newline);
}

/** First 8 hex digits of the SHA-256 of a block's text with LF. The caller brings the digest: this folder has none. */
export function codeHash(sha256Hex: (text: string) => string, code: string): string {
  return sha256Hex(code.replace(/\r\n?/g, "\n")).slice(0, 8);
}

export interface PlacedResult {
  /** The complete region of `printResult`, LF, without indentation. */
  readonly region: string;
  readonly id: string;
  /** Text of the block that ran. */
  readonly code: string;
  /** Its index among the runnable blocks when it was started, 0-based. */
  readonly block: number;
  /** How many runnable blocks there were then. Without it a block that was edited meanwhile is not found by its index. */
  readonly blocks?: number;
}

/**
 * The edit that puts a result in its place; an empty one when it stands there already; undefined when its block is
 * gone. Replaces the region with that id wherever it is now, else goes below the nearest block with that code, else
 * below the block of that index if none was added or removed.
 */
export function placeResult(text: string, placed: PlacedResult): Edit | undefined {
  const document = readDocument(text);
  const known = regionOfRun(document, placed);
  if (known) return replaceRegion(text, known, placed.region);
  const block = blockOfRun(document.blocks, placed);
  if (!block) return undefined;
  const realm = findRegions(scanDocument(placed.region).markers)[0]?.realm ?? "";
  const former = formerResult(block, realm);
  return former
    ? replaceRegion(text, former, placed.region)
    : insertRegion(text, { block, realm, region: placed.region });
}

/** The edits that take all results out, in order. They undo what `placeResult` inserted, byte for byte. */
export function clearResults(text: string): readonly Edit[] {
  return readDocument(text).regions.map((region) => removal(text, region));
}

export function applyEdit(text: string, edit: Edit): string {
  return text.slice(0, edit.start) + edit.text + text.slice(edit.end);
}

/** Several edits of one text, in order and not overlapping. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.toReversed().reduce(applyEdit, text);
}

/** A copied block has a copy of the region with the same id: the one below the same code wins, then the nearest. */
function regionOfRun(
  { blocks, regions }: DocumentBlocks,
  { id, code, block }: PlacedResult,
): ResultRegion | undefined {
  const owned = blocks
    .flatMap((owner) =>
      owner.results.filter((region) => region.id === id).map((region) => ({ owner, region })),
    )
    .toSorted(
      (one, other) =>
        Number(other.owner.code === code) - Number(one.owner.code === code) ||
        Math.abs(one.owner.index - block) - Math.abs(other.owner.index - block),
    );
  return owned[0]?.region ?? regions.find((region) => region.id === id);
}

function blockOfRun(
  blocks: readonly Block[],
  { code, block, blocks: count }: PlacedResult,
): Block | undefined {
  const [nearest] = blocks
    .filter((candidate) => candidate.code === code)
    .toSorted((one, other) => Math.abs(one.index - block) - Math.abs(other.index - block));
  return nearest ?? (count === blocks.length ? blocks[block] : undefined);
}

/** One region per realm of the fence; a block that names at most one realm has at most one region. */
function formerResult({ realms, results }: Block, realm: string): ResultRegion | undefined {
  return (
    results.find((region) => region.realm === realm) ?? (realms.length > 1 ? undefined : results[0])
  );
}

function replaceRegion(text: string, region: ResultRegion, replacement: string): Edit {
  const prefix = text.slice(region.lineStart, region.start);
  const indentation = prefix.trim() === "" ? prefix : " ".repeat(region.column);
  const newline = lineEndAfter(text, region.start);
  const [first = "", ...rest] = replacement.split("\n");
  const lines = [first, ...rest.map((line) => indent(line, indentation))].join(newline);
  return minimalEdit(text.slice(region.start, region.end), {
    start: region.start,
    text: lines,
    newline,
  });
}

function insertRegion(
  text: string,
  {
    block,
    realm,
    region,
  }: { readonly block: Block; readonly realm: string; readonly region: string },
): Edit {
  const order = (name: string): number => {
    const index = block.realms.indexOf(name);
    return index < 0 ? Number.POSITIVE_INFINITY : index;
  };
  const above = block.results.findLast((result) => order(result.realm) <= order(realm)) ?? block;
  const newline = lineEndAfter(text, block.start);
  const lines = region.split("\n").map((line) => newline + indent(line, block.indentation));
  return { start: above.end, end: above.end, text: lines.join("") };
}

function removal(text: string, { start, end, lineStart }: ResultRegion): Edit {
  const ownLine = text.slice(lineStart, start).trim() === "";
  if (!ownLine) return { start, end, text: "" };
  const before =
    /(?:\r\n|\n|\r)$/.exec(text.slice(Math.max(0, lineStart - 2), lineStart))?.[0] ?? "";
  if (before !== "") return { start: lineStart - before.length, end, text: "" };
  const after = /^(?:\r\n|\n|\r)/.exec(text.slice(end, end + 2))?.[0] ?? "";
  return { start: lineStart, end: end + after.length, text: "" };
}

function indent(line: string, indentation: string): string {
  return line === "" ? "" : indentation + line;
}

/** Names of realms come from outside: no white space, no end of the comment, at most 64 characters (E-12). */
function attribute(value: string): string {
  return value.replace(/[^\w.:@+-]/g, "_").slice(0, 64);
}

function outputLines(output: Output): readonly string[] {
  switch (output.kind) {
    case "json": {
      const lines = visibleLines(output.text);
      return output.missing > 0 ? [...lines, omitted(output.missing, "characters")] : lines;
    }
    case "undefined":
      return ["undefined"];
    case "events":
      return eventLines(output.events, output.missing);
    case "error":
    case "text":
      return visibleLines(output.text);
  }
}

function eventLines(events: readonly OutputEvent[], missing: number): readonly string[] {
  const lines = (some: readonly OutputEvent[]): string[] =>
    some.flatMap(({ level, text }) => visibleLines(`${level}: ${text}`));
  if (missing === 0 && events.length <= FIRST_EVENTS + LAST_EVENTS) return lines(events);
  const first = events.slice(0, FIRST_EVENTS);
  const last = events.slice(FIRST_EVENTS).slice(-LAST_EVENTS);
  const count = missing + events.length - first.length - last.length;
  return [...lines(first), omitted(count, "events"), ...lines(last)];
}

/** The fence is longer than any run of backticks in its content. */
function fenced(language: string, lines: readonly string[]): readonly string[] {
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []);
  const longest = runs.reduce((most, run) => Math.max(most, run.length), 2);
  const fence = "`".repeat(longest + 1);
  const content = lines.length === 1 && lines[0] === "" ? [] : lines;
  return [`${fence}${language}`, ...content, fence];
}
