/**
 * D-04, the moments around a rename: a program that had the file open there goes on writing into the file that lost its
 * name, and one that read it before writes its older text over ours. So everything is looked at once more a little later.
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
  /** Hash of what we wrote last, by real path. */
  readonly own: Map<string, string>;
}

interface Watch<Entry> {
  readonly target: string;
  readonly entry: Entry;
  readonly replaced: Replaced | undefined;
  /** What was placed from then on: to be placed again into what came late. */
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
    watches.delete(watch);
    const done = parts
      .inLine(watch.target, () => lookAgain(parts, watch))
      .finally(() => checks.delete(done));
    checks.add(done);
  };

  return {
    placed(target, entry, replaced) {
      const watch: Watch<Entry> = { target, entry, replaced, entries: [] };
      watches.add(watch);
      for (const one of watches) if (one.target === target) one.entries.push(entry);
      watch.timer = setTimeout(check, lateMs, watch);
    },
    async flush() {
      for (const watch of watches) check(watch);
      await Promise.all(checks);
    },
  };
}

async function lookAgain<Entry>(parts: LateSavesParts<Entry>, watch: Watch<Entry>): Promise<void> {
  const { target, replaced } = watch;
  try {
    if (replaced !== undefined) await keepLateText(parts, watch, replaced);
    await keepOverwritten(parts, watch);
  } catch (error) {
    parts.say(
      `The file ${target} could not be checked after a result was written (${String(error)}); compare it with your editor`,
    );
  } finally {
    await closeQuietly(replaced?.handle);
  }
}

/** What a program wrote into the file that lost its name. */
async function keepLateText<Entry>(
  parts: LateSavesParts<Entry>,
  watch: Watch<Entry>,
  { handle, hash }: Replaced,
): Promise<void> {
  const late = await readAll(handle, maximumTextSize + 1);
  if (hashOf(late) === hash) return;
  const copy = await parts.copies.save(watch.target, late);
  const isBack = await bringBack(parts, watch, late);
  const where = isBack
    ? "both are in the file"
    : "it was changed again, so that text is only in the copy";
  parts.say(
    `Another program saved ${watch.target} at the moment a result was written; ${where} (copy: ${copy})`,
  );
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
      prepare: async () => {},
    });
    if (outcome === "replaced") own.set(target, hashOf(next));
    return outcome === "replaced";
  } finally {
    await closeQuietly(snapshot.handle);
  }
}

/** A result that is no longer in the file: the text of others wins, but the result is not lost. */
async function keepOverwritten<Entry>(
  { placing, copies, say }: LateSavesParts<Entry>,
  { target, entry }: Watch<Entry>,
): Promise<void> {
  if (await isInFile(placing, target, entry)) return;
  const copy = await copies.save(`${target}.json`, Buffer.from(JSON.stringify(entry)));
  say(
    `Another program wrote over a result in ${target}; run the block again, or look into the copy ${copy}`,
  );
}

async function isInFile<Entry>(
  { disk, apply }: Placing<Entry>,
  target: string,
  entry: Entry,
): Promise<boolean> {
  try {
    const snapshot = await takeSnapshot(disk, target);
    if (typeof snapshot === "string") return false;
    await closeQuietly(snapshot.handle);
    const text = textOf(snapshot.bytes);
    return text !== undefined && apply(text, entry) === text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
