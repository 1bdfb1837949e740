/** D-02: what was accepted survives everything. Records are checksummed; one fsync serves all that wait for one. */
import type { Disk } from "./disk.ts";
import { createJournalFile } from "./journal-file.ts";
import { claimJournals } from "./journal-claims.ts";
import {
  decodeRecords,
  encodeRecords,
  type JournalRecord,
  type Pending,
} from "./journal-records.ts";

export interface Journal<Entry> {
  /** Takes over what dead processes have left. Called before anything else. @returns the number of damaged records. */
  load(): Promise<number>;
  /** Accepted and not done, in the order of acceptance. */
  pending(): readonly Pending<Entry>[];
  find(id: string): Pending<Entry> | undefined;
  /** Resolves when the record is on the disk; rejects when it is not, and then it does not count. */
  append(record: JournalRecord<Entry>): Promise<void>;
  close(): Promise<void>;
}

interface Waiting<Entry> {
  readonly record: JournalRecord<Entry>;
  resolve(): void;
  reject(error: unknown): void;
}

export function createJournal<Entry>(disk: Disk, directory: string): Journal<Entry> {
  const file = createJournalFile(disk, directory);
  const pending = new Map<string, Pending<Entry>>();
  let waiting: Waiting<Entry>[] = [];
  let flushing = Promise.resolve();

  const live = (): JournalRecord<Entry>[] =>
    [...pending.values()].map((one) => ({ kind: "accepted", ...one }));
  const store = async (records: readonly JournalRecord<Entry>[]): Promise<void> => {
    await file.add(encodeRecords(records), {
      all: () => encodeRecords([...live(), ...records]),
      // A `done` that is lost costs a look at the file at the next start, not a second write.
      durable: records.length === 0 || records.some((record) => record.kind !== "done"),
    });
  };

  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      await store(batch.map((one) => one.record));
      for (const one of batch) applyRecord(pending, one.record);
      for (const one of batch) one.resolve();
    } catch (error) {
      for (const one of batch) one.reject(error);
    }
  };

  return {
    async load() {
      let damaged = 0;
      await claimJournals(disk, directory, async (contents) => {
        const journals = contents.map((content) => decodeRecords<Entry>(content));
        for (const { records } of journals)
          for (const record of records) applyRecord(pending, record);
        damaged = journals.reduce((sum, journal) => sum + journal.damaged, 0);
        await store([]);
      });
      return damaged;
    },
    pending: () => [...pending.values()],
    find: (id) => pending.get(id),
    append(record) {
      // What is done is done, even when the disk does not hear of it.
      if (record.kind === "done") pending.delete(record.id);
      return new Promise((resolve, reject) => {
        waiting.push({ record, resolve, reject });
        flushing = flushing.then(flush);
      });
    },
    async close() {
      await flushing;
      await file.close(pending.size === 0);
    },
  };
}

function applyRecord<Entry>(
  pending: Map<string, Pending<Entry>>,
  record: JournalRecord<Entry>,
): void {
  const known = pending.get(record.id);
  if (record.kind === "done") pending.delete(record.id);
  else if (record.kind === "accepted") pending.set(record.id, record);
  else if (known !== undefined) pending.set(record.id, { ...known, intention: record });
}
