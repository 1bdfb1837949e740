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
  readonly replaced: Replaced | undefined;
  /** Entries that must still be in the file at the second look. */
  readonly placed: readonly Entry[];
  /** Those, and what was placed later: to be placed again into a text that came late. */
  readonly since: Entry[];
  isDue: boolean;
  timer?: NodeJS.Timeout;
}

/** Ms. Programs write a file of usual size within a few. */
const lateMs = 250;
/** Of looks at the end; each can only follow a save of another program within microseconds of ours. */
const lastRounds = 5;

export function createLateSaves<Entry>(parts: LateSavesParts<Entry>): LateSaves<Entry> {
  const watches = new Set<Watch<Entry>>();
  const checks = new Set<Promise<void>>();

  const watch: Observe<Entry> = (target, placed, replaced) => {
    const one: Watch<Entry> = { target, placed, replaced, since: [...placed], isDue: false };
    one.timer = setTimeout(check, lateMs, one);
    watches.add(one);
  };
  const check = (one: Watch<Entry>): void => {
    clearTimeout(one.timer);
    if (one.isDue) return;
    one.isDue = true;
    const done = parts
      .inLine(one.target, () => {
        watches.delete(one);
        return lookAgain(parts, one, watch);
      })
      .finally(() => checks.delete(done));
    checks.add(done);
  };

  return {
    placed(target, entry, replaced) {
      for (const one of watches) if (one.target === target) one.since.push(entry);
      watch(target, [entry], replaced);
    },
    async flush() {
      for (let round = 0; round < lastRounds; round++) {
        for (const one of watches) check(one);
        await Promise.all(checks);
      }
    },
  };
}

type Observe<Entry> = (
  target: string,
  placed: readonly Entry[],
  replaced: Replaced | undefined,
) => void;

async function lookAgain<Entry>(
  parts: LateSavesParts<Entry>,
  watch: Watch<Entry>,
  observe: Observe<Entry>,
): Promise<void> {
  const { target, replaced } = watch;
  try {
    if (replaced !== undefined) await keepLateText(parts, { ...watch, replaced }, observe);
    for (const entry of watch.placed) await keepOverwritten(parts, target, entry);
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
  watch: Watch<Entry> & { readonly replaced: Replaced },
  observe: Observe<Entry>,
): Promise<void> {
  const { target, replaced } = watch;
  const late = await readAll(replaced.handle, maximumTextSize + 1);
  if (hashOf(late) === replaced.hash) return;
  const copy = await parts.copies.save(target, late);
  const again = await bringBack(parts, watch, late);
  // The results are in a new file now, which may be written over like the one before.
  if (again !== undefined) observe(target, watch.since, again);
  const where =
    again === undefined
      ? "it was changed again, so that text is only in the copy"
      : "both are in the file";
  parts.say(
    `Another program saved ${target} at the moment a result was written; ${where} (copy: ${copy})`,
  );
}

/** Puts the late text and the entries into the file. @returns undefined when somebody has written there since. */
async function bringBack<Entry>(
  { placing, own }: LateSavesParts<Entry>,
  { target, since }: Watch<Entry>,
  late: Buffer,
): Promise<Replaced | undefined> {
  const snapshot = await takeSnapshot(placing.disk, target);
  if (typeof snapshot === "string") return undefined;
  let isBack = false;
  try {
    const text = textOf(late);
    const hash = hashOf(snapshot.bytes);
    if (text === undefined || own.get(target) !== hash) return undefined;
    const next = Buffer.from(
      since.reduce((before, entry) => placing.apply(before, entry) ?? before, text),
    );
    // Our own version holds results that the late text may have no place for.
    const prepare = (): Promise<string> => placing.copies.save(target, snapshot.bytes);
    isBack = (await replaceFile({ ...placing, target, snapshot, next, prepare })) === "replaced";
    if (isBack) own.set(target, hashOf(next));
    return isBack ? { handle: snapshot.handle, hash } : undefined;
  } finally {
    if (!isBack) await closeQuietly(snapshot.handle);
  }
}

/** A result that is no longer in the file: the text of others wins, but the result is not lost. */
async function keepOverwritten<Entry>(
  { placing, copies, say }: LateSavesParts<Entry>,
  target: string,
  entry: Entry,
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
