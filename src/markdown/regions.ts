/** Result regions: what stands between `<!-- vitrine:result id=… -->` and `<!-- vitrine:end id=… -->`. */

import { type Attributes, parseAttributes } from "./info.ts";
import type { Marker } from "./scan.ts";

export type ResultState = "running" | "ok" | "error" | "timeout" | "cancelled";

const STATES: readonly string[] = [
  "running",
  "ok",
  "error",
  "timeout",
  "cancelled",
] satisfies ResultState[];

/** A result in the text. Offsets are UTF-16 units, lines 0-based. */
export interface ResultRegion {
  readonly id: string;
  /** Empty when the comment does not say. */
  readonly realm: string;
  /** `error` when the comment says nothing known. */
  readonly state: ResultState;
  /** Of the opening comment: `ms`, `at`, `code`, `deps` and whatever else it says. */
  readonly attributes: Attributes;
  /** The `<` of the opening comment. */
  readonly start: number;
  /** The end of the line of the closing comment. */
  readonly end: number;
  readonly startLine: number;
  readonly endLine: number;
  /** Start of the line of the opening comment, and the column of its `<` with tab stops of 4. */
  readonly lineStart: number;
  readonly column: number;
  /** False when there is no closing comment: the region is the opening comment alone. */
  readonly complete: boolean;
}

interface ReadMarker extends Marker {
  readonly kind: string;
  readonly attributes: Attributes;
}

/**
 * The regions among our comments, in order. A closing comment belongs to the opening one only if no other comment of
 * ours stands between them, so that a lost one never swallows the blocks below it.
 */
export function findRegions(markers: readonly Marker[]): readonly ResultRegion[] {
  const read = markers.map(readMarker);
  const regions: ResultRegion[] = [];
  for (const [index, marker] of read.entries()) {
    const id = marker.attributes["id"];
    if (marker.kind !== "vitrine:result" || !id) continue;
    const next = read[index + 1];
    const end = next?.kind === "vitrine:end" && next.attributes["id"] === id ? next : undefined;
    regions.push(toRegion(id, marker, end));
  }
  return regions;
}

function readMarker(marker: Marker): ReadMarker {
  const [kind = "", ...words] = marker.text.split(/\s+/);
  return { ...marker, kind, attributes: parseAttributes(words) };
}

function toRegion(id: string, opening: ReadMarker, closing: ReadMarker | undefined): ResultRegion {
  const { attributes, start, line, lineStart, column } = opening;
  const last = closing ?? opening;
  return {
    id,
    realm: attributes["realm"] ?? "",
    state: toState(attributes["state"]),
    attributes,
    start,
    end: last.end,
    startLine: line,
    endLine: last.line,
    lineStart,
    column,
    complete: closing !== undefined,
  };
}

function toState(word: string | undefined): ResultState {
  return word !== undefined && isState(word) ? word : "error";
}

function isState(word: string): word is ResultState {
  return STATES.includes(word);
}
