/** Source maps from the script of a block to its document, and stacks read with them. */
import remapping, { type DecodedSourceMap, type EncodedSourceMap } from "@jridgewell/remapping";
import {
  encodedMap,
  decodedMappings,
  originalPositionFor,
  TraceMap,
} from "@jridgewell/trace-mapping";
import { type BlockPlace, documentPosition } from "./block-source.ts";

/** A step of the compilation: what the later text says about the earlier one. Only its mappings count. */
export type Mappings = Pick<DecodedSourceMap, "mappings">;

/**
 * Joins the maps of all steps, the last one first, into one from the script to the document.
 * @param end line of the script, 0-based, from which on nothing belongs to the document
 */
export function toDocumentMap(
  steps: readonly Mappings[],
  place: BlockPlace,
  end: number,
): EncodedSourceMap {
  const maps = steps.map(({ mappings }) => ({
    version: 3 as const,
    names: [],
    sources: ["block"],
    mappings,
  }));
  const [only] = maps;
  const joined =
    maps.length === 1 && only ? only : remapping(maps, () => null, { decodedMappings: true });
  const mappings = (joined as DecodedSourceMap).mappings.slice(0, end).map((segments) =>
    segments.flatMap((segment): [number, number, number, number][] => {
      const [column, , sourceLine, sourceColumn] = segment;
      if (sourceLine === undefined || sourceColumn === undefined) return [];
      const position = documentPosition(place, sourceLine, sourceColumn);
      return [[column, 0, position.line - 1, position.column - 1]];
    }),
  );
  const { file, documentText } = place;
  return encodedMap(
    new TraceMap({
      version: 3,
      names: [],
      sources: [file],
      sourcesContent: [documentText],
      mappings,
    }),
  );
}

/**
 * Engines give the place of a call of `(0, f)` as its last parenthesis. This leads from there to the name, as for an
 * ordinary call. `mappings` lead to `code`.
 */
export function pointAtCallees(
  { mappings }: Mappings,
  code: string,
  callees: readonly { readonly start: number; readonly end: number }[],
): Mappings {
  const lineStarts = [0, ...[...code.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const widths = new Map(callees.map(({ start, end }) => [end, end - start]));
  return {
    mappings: mappings.map((segments) =>
      segments.map((segment) => {
        const [column, source, line, sourceColumn] = segment;
        if (source === undefined || line === undefined || sourceColumn === undefined)
          return segment;
        const width = widths.get((lineStarts[line] ?? 0) + sourceColumn) ?? 0;
        return [column, source, line, width <= sourceColumn ? sourceColumn - width : sourceColumn];
      }),
    ),
  };
}

/** A place of a document. Line and column 1-based. */
export interface DocumentFrame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface MappedStack {
  /** The stack with places of documents, without frames of ours. */
  readonly text: string;
  /** Places of documents, innermost first. */
  readonly frames: readonly DocumentFrame[];
}

// `at f (file:1:2)`, `at async file:1:2`; `f@file:1:2`, `async*f@file:1:2`, `@file:1:2`.
const CHROMIUM_FRAME =
  /^\s+at (?:(?:async )?(?<name>.*?) \((?<location>.*)\)|(?:async )?(?<bare>.*))$/;
const FIREFOX_FRAME = /^(?:async\*)?(?<name>[^\s@]*(?: code)?)@(?<location>.+)$/;

/**
 * Puts the places of documents into a stack of Chromium, Node, Firefox or Safari. `lookup` gives the map of a script by
 * the name in the frame. Frames of the wrapper and of the realm client are left out.
 */
export function mapStack(
  stack: string,
  lookup: (scriptName: string) => EncodedSourceMap | undefined,
): MappedStack {
  const lines: string[] = [];
  const frames: DocumentFrame[] = [];
  for (const line of stack.split("\n")) {
    const frame = readFrame(line);
    const map = frame && lookup(frame.script);
    if (!frame || !map) {
      if (!frame || !isOurs(frame.script)) lines.push(readableMessage(line));
      continue;
    }
    const mapped = placeOf(new TraceMap(map), frame);
    if (mapped === undefined) continue;
    frames.push(mapped);
    const location = `${mapped.file}:${mapped.line}:${mapped.column}`;
    lines.push(frame.name ? `    at ${frame.name} (${location})` : `    at ${location}`);
  }
  return { text: lines.join("\n"), frames };
}

/** Columns of what is written in front of a last expression: `return (`. */
const returnColumns = 10;

/**
 * The place of a frame in the document. A name that is not there is reported where its statement begins, which for the
 * last expression is our `return`: then the expression behind it is meant.
 */
function placeOf(map: TraceMap, frame: Frame): DocumentFrame | undefined {
  const { line } = frame;
  const column = frame.column - 1;
  const exact = originalFrame(map, line, column);
  if (exact !== undefined) return exact;
  const next = (decodedMappings(map)[line - 1] ?? []).find(([start]) => start >= column);
  const isNear = next !== undefined && next[0] - column <= returnColumns;
  return isNear ? originalFrame(map, line, next[0]) : undefined;
}

function originalFrame(map: TraceMap, line: number, column: number): DocumentFrame | undefined {
  const place = originalPositionFor(map, { line, column });
  if (place.source === null) return undefined;
  return { file: place.source, line: place.line, column: place.column + 1 };
}

/** `(0 , f) is not a function` → `f is not a function`: undoes what the rewrite of calls does to messages. */
export function readableMessage(message: string): string {
  return message.replace(/\(0\s?, ([\p{ID_Continue}$]+)\)/gu, "$1");
}

interface Frame {
  /** Empty for anonymous functions. */
  readonly name: string;
  readonly script: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

function readFrame(text: string): Frame | undefined {
  const groups = (CHROMIUM_FRAME.exec(text) ?? FIREFOX_FRAME.exec(text))?.groups;
  const location = /^(?<script>.+?):(?<line>\d+):(?<column>\d+)$/.exec(
    groups?.["location"] ?? groups?.["bare"] ?? "",
  )?.groups;
  if (!location) return undefined;
  const name = groups?.["name"] ?? "";
  return {
    name: /(?:^|\.)<anonymous>$|^eval$|^anonymous$/.test(name) ? "" : name,
    script: location["script"] ?? "",
    line: Number(location["line"]),
    column: Number(location["column"]),
  };
}

/** The realm client and what Node puts around it. */
function isOurs(script: string): boolean {
  return (
    script.includes("/-vitrine/") ||
    script.startsWith("node:internal/") ||
    script.startsWith("node:vm")
  );
}
