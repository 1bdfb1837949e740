/** The text form of the journal: one record per line, `<checksum> <JSON>`. */
import { createHash } from "node:crypto";

/** How far a replacement has come, so that a replay does not do it twice. */
export interface Intention {
  /** SHA-256 of the content that the file is about to have. */
  readonly after: string;
  /** When the file is written in place: names of the copies of its old and its new content. */
  readonly copies?: { readonly old: string; readonly next: string };
}

/** An accepted entry that is not settled yet. */
export interface Pending<Entry> {
  readonly id: string;
  /** Absolute path, as it was accepted. */
  readonly file: string;
  readonly entry: Entry;
  /** Epoch ms, for display and expiry. */
  readonly at: number;
  readonly intention?: Intention;
}

export type JournalRecord<Entry> =
  | ({ readonly kind: "accepted" } & Pending<Entry>)
  | ({ readonly kind: "intended"; readonly id: string } & Intention)
  | { readonly kind: "done"; readonly id: string };

export function encodeRecords<Entry>(records: readonly JournalRecord<Entry>[]): Buffer {
  return Buffer.from(records.map((record) => encodeRecord(JSON.stringify(record))).join(""));
}

function encodeRecord(json: string): string {
  return `${checksum(json)} ${json}\n`;
}

/**
 * Reads what is whole and drops what is not. @returns the records, and how many lines were damaged. A torn end is
 * normal after a crash and does not count.
 */
export function decodeRecords<Entry>(bytes: Buffer): {
  records: JournalRecord<Entry>[];
  damaged: number;
} {
  const lines = bytes.toString("utf8").split("\n");
  const records = lines.map((line) => decodeRecord<Entry>(line));
  const whole = records.filter((record) => record !== undefined);
  // What follows the last line end is empty or torn.
  const damaged = records.slice(0, -1).filter((record) => record === undefined).length;
  return { records: whole, damaged };
}

function decodeRecord<Entry>(line: string): JournalRecord<Entry> | undefined {
  const json = line.slice(17);
  return line[16] === " " && line.slice(0, 16) === checksum(json)
    ? (JSON.parse(json) as JournalRecord<Entry>)
    : undefined;
}

function checksum(json: string): string {
  return createHash("sha256").update(json).digest("hex").slice(0, 16);
}
