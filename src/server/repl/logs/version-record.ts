/**
 * What was written into one log, kept beside the process so that a stale copy is known for one after a crash as well
 * (decision 26, 19.4). Each line is a change against the text before it: a log of 10 MB costs its length once.
 */
import { sharedLength } from "../../files/shared-length.ts";
import { believe, type OwnVersion } from "../log-merge.ts";
import type { Delta, Restored, VersionRecord } from "./log-text.ts";
import { parseLines, type RecordFiles } from "./record-files.ts";

type Line =
  | { readonly kind: "base"; readonly text: string }
  | { readonly kind: "intend"; readonly before: Delta; readonly after: Delta; readonly at: number }
  | { readonly kind: "saw"; readonly text: Delta; readonly at: number }
  /** Without a text it is the one that was intended. */
  | { readonly kind: "stands"; readonly text?: Delta; readonly at: number };

/** Characters of changes after which the record is begun anew, at least. */
const longRecord = 1024 * 1024;
const keptVersions = 128;

export interface VersionRecordOptions {
  readonly files: RecordFiles;
  readonly name: string;
  /** Epoch ms. */
  now(): number;
  warned(error: unknown): void;
}

export function createVersionRecord({
  files,
  name,
  now,
  warned,
}: VersionRecordOptions): VersionRecord {
  let known: string | undefined;
  let intended: string | undefined;
  let length = 0;

  const write = (line: Line): void => {
    const text = `${JSON.stringify(line)}\n`;
    try {
      if (line.kind === "base") files.write(name, text);
      else files.append(name, text);
      length += text.length;
    } catch (error) {
      warned(error);
    }
  };
  const begin = (text: string): void => {
    [known, length] = [text, 0];
    write({ kind: "base", text });
    length = 0;
  };

  return {
    resume(text) {
      known = text;
      try {
        // The last line may have been torn by the end of its process.
        files.append(name, "\n");
      } catch (error) {
        warned(error);
      }
    },
    intend(before, after, change) {
      if (known === undefined) begin(before);
      const base = known ?? "";
      intended = after;
      write({
        kind: "intend",
        before: deltaOf(base, before),
        after: change !== undefined && base === before ? change : deltaOf(base, after),
        at: now(),
      });
    },
    saw(text) {
      if (known !== undefined) write({ kind: "saw", text: deltaOf(known, text), at: now() });
    },
    stands(text) {
      if (text === known) return;
      const isIntended = intended === text;
      intended = undefined;
      const isLong = length > Math.max(longRecord, 2 * text.length);
      if (known === undefined || isLong) return begin(text);
      if (isIntended) write({ kind: "stands", at: now() });
      else write({ kind: "stands", text: deltaOf(known, text), at: now() });
      known = text;
    },
  };
}

/** @returns undefined when there is no record, or none that can be read */
export function readVersionRecord(text: string | undefined): Restored | undefined {
  let known: string | undefined;
  let intended: OwnVersion | undefined;
  let versions: OwnVersion[] = [];
  for (const line of parseLines(text) as Line[]) {
    if (line.kind === "base") known = line.text;
    if (known === undefined) return undefined;
    if (line.kind === "intend")
      intended = {
        before: apply(known, line.before),
        after: apply(known, line.after),
        at: line.at,
      };
    if (line.kind === "saw") {
      const after = apply(known, line.text);
      versions.push({ before: known, after, at: line.at, isDoubtful: true });
    }
    if (line.kind === "stands") {
      const before = known;
      if (line.text !== undefined) known = apply(known, line.text);
      else known = intended?.after ?? known;
      const own = intended?.after === known ? intended : undefined;
      const between = own?.before ?? known;
      versions = believe(versions, between);
      if (between !== before && versions.at(-1)?.after !== before)
        versions.push({ before, after: between, at: line.at });
      if (own !== undefined) versions.push(own);
      intended = undefined;
    }
  }
  if (known === undefined) return undefined;
  const kept = versions.slice(-keptVersions);
  return { known, versions: kept, ...(intended === undefined ? {} : { intended }) };
}

function deltaOf(base: string, text: string): Delta {
  if (base === text) return { keep: base.length, add: "" };
  const keep = sharedLength(base, text);
  return { keep, add: text.slice(keep) };
}

function apply(base: string, { keep, add }: Delta): string {
  return base.slice(0, keep) + add;
}
