/**
 * D-04, the milliseconds between check and rename: a program that had the file open there goes on writing into the file
 * that lost its name. Its text must win. So that file is looked at once more, and what came late is put in place.
 */
import type { Copies } from "./copies.ts";
import { closeQuietly, readAll } from "./disk.ts";
import { hashOf, type Placing, type Replaced } from "./place-entry.ts";
import { replaceFile } from "./replace-file.ts";
import { maximumTextSize, takeSnapshot, textOf } from "./snapshot.ts";

export interface LateSaves<Entry> {
  /** An entry was put into a file. `replaced` is the file that lost its name; its handle is closed here. */
  placed(target: string, entry: Entry, replaced: Replaced | undefined): void;
  /** Looks at all that is still open, now. */
  flush(): Promise<void>;
}

export interface LateSavesParts<Entry> {
  readonly placing: Placing<Entry>;
  readonly copies: Copies;
  /** Runs when nobody else works on that file. */
  readonly inLine: (target: string, task: () => Promise<void>) => Promise<void>;
  readonly say: (message: string) => void;
  /** Content that we wrote there last. */
  readonly own: Map<string, string>;
}

interface Watch<Entry> {
  readonly target: string;
  readonly replaced: Replaced;
  /** What was placed since: to be placed again into what came late. */
  readonly entries: Entry[];
  timer?: NodeJS.Timeout;
}

/** Ms. Programs write a file of usual size within a few. */
const lateMs = 250;

export function createLateSaves<Entry>(parts: LateSavesParts<Entry>): LateSaves<Entry> {
  const watches = new Set<Watch<Entry>>();
  const checks = new Set<Promise<void>>();

  const check = (watch: Watch<Entry>): void => {
    clearTimeout(watch.timer);
    if (!watches.delete(watch)) return;
    const done = parts
      .inLine(watch.target, () => lookAgain(parts, watch))
      .finally(() => checks.delete(done));
    checks.add(done);
  };

  return {
    placed(target, entry, replaced) {
      for (const watch of watches) if (watch.target === target) watch.entries.push(entry);
      if (replaced === undefined) return;
      const watch: Watch<Entry> = { target, replaced, entries: [entry] };
      watch.timer = setTimeout(check, lateMs, watch);
      watches.add(watch);
    },
    async flush() {
      for (const watch of watches) check(watch);
      await Promise.all(checks);
    },
  };
}

async function lookAgain<Entry>(parts: LateSavesParts<Entry>, watch: Watch<Entry>): Promise<void> {
  const { handle, hash } = watch.replaced;
  try {
    const late = await readAll(handle, maximumTextSize + 1);
    if (hashOf(late) === hash) return;
    const copy = await parts.copies.save(watch.target, late);
    const isBack = await bringBack(parts, watch, late);
    parts.say(
      `Another program saved ${watch.target} at the moment a result was written; ` +
        `${isBack ? "both are in the file" : "the file was changed again, so its text is only in the copy"} (copy: ${copy})`,
    );
  } catch (error) {
    parts.say(
      `${watch.target} could not be checked after a result was written (${String(error)}); compare it with your editor`,
    );
  } finally {
    await closeQuietly(handle);
  }
}

/** Puts the late text and the entries into the file, unless somebody has written there since. */
async function bringBack<Entry>(
  { placing, own }: LateSavesParts<Entry>,
  { target, entries }: Watch<Entry>,
  late: Buffer,
): Promise<boolean> {
  const snapshot = await takeSnapshot(placing.disk, target);
  if (typeof snapshot === "string") return false;
  try {
    const text = textOf(late);
    if (text === undefined || own.get(target) !== hashOf(snapshot.bytes)) return false;
    const next = Buffer.from(
      entries.reduce((before, entry) => placing.apply(before, entry) ?? before, text),
    );
    const outcome = await replaceFile({
      ...placing,
      target,
      snapshot,
      next,
      // Our own version goes into the copies too: an entry may have no place in the late text.
      prepare: () => placing.copies.save(target, snapshot.bytes),
    });
    if (outcome === "replaced") own.set(target, hashOf(next));
    return outcome === "replaced";
  } finally {
    await closeQuietly(snapshot.handle);
  }
}
