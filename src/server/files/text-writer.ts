/**
 * The file writer for texts that the server keeps rewriting: logs and their registry (REPL specification 19). Every change is
 * a pure function of the text that is read in that moment; the file is the old or the new one, never torn. What another
 * program writes at the same moment is read again before it is replaced, and looked at once more a little later.
 */
import type { BigIntStats } from "node:fs";
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";
import { realClock, type Clock } from "../clock.ts";
import type { Copies } from "./copies.ts";
import { closeQuietly, promptDisk, unlinkQuietly, type Disk } from "./disk.ts";
import { Flushes } from "./flushes.ts";
import { KnownTexts } from "./known-texts.ts";
import { LateTexts, type LateText } from "./late-texts.ts";
import { makeFile } from "./new-file.ts";
import { createQueues } from "./queues.ts";
import { replaceFile, writeInPlace, type Replacement } from "./replace-file.ts";
import {
  isAtRest,
  isSameState,
  maximumTextSize,
  takeSnapshot,
  textOf,
  type Snapshot,
} from "./snapshot.ts";
import { replacedName } from "./temporaries.ts";

/** A new text of which a beginning is that of the text that was found. */
export interface Rewrite {
  readonly text: string;
  /** What follows them. */
  readonly rest: string;
  /** What followed them. */
  readonly was: string;
}

/** @param found undefined when there is no such file. @returns the whole new text; undefined, or the same, to leave it. */
export type TextChange = (found: string | undefined) => string | Rewrite | undefined;

export interface ChangeOptions {
  /** Called with what stands in the file now, undefined for no file, before the next change of it is asked. */
  stands?(text: string | undefined): void;
  /** Whether the change need not survive a power loss by itself: a later one will be waited for. */
  readonly isPassing?: boolean;
}

export interface TextWriter {
  /**
   * Changes a file after everything that was asked for before.
   * @returns the text as it stands now, undefined when there is no file
   * @throws UserError `write_failed`, `write_conflict`, with the reason in words; what the change itself throws. Nothing was
   * changed then.
   */
  change(file: string, change: TextChange, options?: ChangeOptions): Promise<string | undefined>;
  /** Resolves when what was written so far survives a power loss; what is written soon is waited for, to be flushed at once. */
  durable(file: string): Promise<void>;
  /** Whether a file is still as it was left here, told by what the system says of it. */
  isOwn(file: string, stat: BigIntStats): boolean;
  /** Waits for what has begun. */
  close(): Promise<void>;
}

export interface TextWriterOptions {
  /** Absolute real path; a link that leads out of it is refused (REPL specification 18.4). */
  readonly root: string;
  /** Another program wrote into the file that had just lost its name. */
  late(late: LateText): Promise<void> | void;
  /** Whether a file keeps a second name until it was looked at once more, for the case that this process ends before. */
  isGuarded?(file: string): boolean;
  /** In words, for the log. */
  warned?(message: string): void;
  /** Keeps both contents of a file that can only be written in place (D-01). */
  readonly copies?: Copies;
  readonly disk?: Disk;
  readonly platform?: NodeJS.Platform;
  readonly clock?: Clock;
}

/** Tries until a foreign writer is given way (19.3, rule 4). */
const tries = 8;

/** What a change needs of its writer. */
interface Writer {
  readonly options: TextWriterOptions;
  readonly disk: Disk;
  readonly platform: NodeJS.Platform;
  readonly clock: Clock;
  readonly known: KnownTexts;
  readonly late: LateTexts;
  readonly flushes: Flushes;
}

export function createTextWriter(options: TextWriterOptions): TextWriter {
  const queues = createQueues();
  const { disk = promptDisk, platform = process.platform, clock = realClock } = options;
  const late = new LateTexts({ clock, disk, late: (text) => options.late(text) });
  const known = new KnownTexts();
  const flushes = new Flushes({ disk, clock, warned: (text) => options.warned?.(text) });
  const writer: Writer = { options, disk, platform, clock, known, late, flushes };
  return {
    change: (file, change, how = {}) =>
      queues.run(path.normalize(file), () => changePatiently(writer, { file, change, how })),
    async durable(file) {
      // The change that flushes is in line.
      if (await flushes.gather(file)) await queues.run(path.normalize(file), async () => {});
    },
    isOwn(file, stat) {
      const own = writer.known.get(file);
      return own?.isSure === true && isSameState(own.stat, stat);
    },
    async close() {
      await queues.idle();
      await late.close();
    },
  };
}

interface Task {
  readonly file: string;
  readonly change: TextChange;
  readonly how: ChangeOptions;
}

/** What the change threw is told as it is. */
class Refused extends Error {}

async function changePatiently(writer: Writer, task: Task): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const done = await tryOnce(writer, task).catch((cause: unknown) => {
      if (cause instanceof Refused) throw cause.cause;
      if (cause instanceof UserError) throw cause;
      throw failed(task.file, `(${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, cause);
    });
    if (done !== "changed") return done.text;
    if (attempt === tries)
      throw new UserError(
        "write_conflict",
        `${task.file} was changed by another program at each of ${tries} tries; it is tried again at its next change`,
      );
    await writer.clock.sleep(10 + Math.random() * 70);
  }
}

type Done = { readonly text: string | undefined } | "changed";

async function tryOnce(writer: Writer, task: Task): Promise<Done> {
  const { file } = task;
  const target = await targetOf(writer, file);
  const startedAt = writer.clock.now();
  const snapshot = await snapshotIfThere(writer, file, target);
  if (snapshot === undefined) {
    writer.known.delete(file);
    return create(writer, task);
  }
  let isWatched = false;
  try {
    const rests = isAtRest(snapshot.stat, startedAt);
    const found = textIn(writer, file, { ...snapshot, rests });
    const answer = ask(task, found);
    if (answer === undefined || answer === found) return stands(task, found);
    const next = typeof answer === "string" ? answer : answer.text;
    const bytes =
      typeof answer === "string"
        ? writer.known.encode(file, answer)
        : rewritten(snapshot.bytes, answer);
    if (bytes.length > maximumTextSize) throw failed(file, "(it would grow beyond 20 MiB)");
    const old = guardOf(writer, file, target);
    const outcome = await replace(writer, {
      ...task,
      target,
      snapshot,
      rests,
      text: next,
      bytes,
      old,
    });
    isWatched = outcome === "replaced" && writer.platform !== "win32";
    if (isWatched) writer.late.watch({ file, snapshot, text: found, isAtRest: rests, old });
    else if (old !== undefined) await unlinkQuietly(writer.disk, old);
    return outcome === "changed" ? "changed" : { text: next };
  } finally {
    if (!isWatched) await closeQuietly(snapshot.handle);
  }
}

function rewritten(bytes: Buffer, { rest, was }: Rewrite): Buffer {
  const kept = bytes.length - Buffer.byteLength(was);
  const next = Buffer.allocUnsafe(kept + Buffer.byteLength(rest));
  bytes.copy(next, 0, 0, kept);
  next.write(rest, kept);
  return next;
}

function ask({ change }: Task, found: string | undefined): string | Rewrite | undefined {
  try {
    return change(found);
  } catch (cause) {
    throw new Refused("refused", { cause });
  }
}

function stands({ how }: Task, text: string | undefined): { readonly text: string | undefined } {
  how.stands?.(text);
  return { text };
}

/** The real file. Links are followed, but not out of the root. */
async function targetOf({ disk, options: { root } }: Writer, file: string): Promise<string> {
  const real = await disk.realpath(file).catch(() => undefined);
  const place = real ?? (await disk.realpath(path.dirname(file)).catch(() => root));
  const isInside = place === root || place.startsWith(root + path.sep);
  if (!isInside) throw failed(file, `(it is a link that leads out of ${root})`);
  return real ?? file;
}

async function snapshotIfThere(
  writer: Writer,
  file: string,
  target: string,
): Promise<Snapshot | undefined> {
  const own = writer.known.get(file);
  try {
    const snapshot = await takeSnapshot(writer.disk, target, (stat) =>
      own?.isSure === true && isSameState(own.stat, stat) ? own.bytes : undefined,
    );
    if (typeof snapshot === "string") throw failed(file, `(it ${snapshot})`);
    return snapshot;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function textIn(
  { known }: Writer,
  file: string,
  { bytes, stat, rests }: Snapshot & { readonly rests: boolean },
): string {
  const own = known.get(file);
  const isSame = own !== undefined && (own.bytes === bytes || own.bytes.equals(bytes));
  const text = isSame ? own.text : textOf(bytes);
  if (text === undefined) throw failed(file, "(it is not UTF-8 text)");
  known.set(file, { bytes, text, stat, isSure: rests });
  return text;
}

function guardOf({ options }: Writer, file: string, target: string): string | undefined {
  if (options.isGuarded?.(file) !== true) return undefined;
  return path.join(path.dirname(target), replacedName(path.basename(file)));
}

interface Next extends Task {
  /** Its second name. */
  readonly old: string | undefined;
  readonly target: string;
  readonly snapshot: Snapshot;
  /** Whether the state of the file tells of every later write. */
  readonly rests: boolean;
  readonly text: string;
  readonly bytes: Buffer;
}

async function replace(writer: Writer, next: Next): Promise<"replaced" | "in place" | "changed"> {
  const { disk, platform, clock, options, known } = writer;
  const { file, target, snapshot, bytes, text, how, old } = next;
  let isPlaced = false;
  let renamedAt = 0;
  const replacement: Replacement = {
    disk,
    platform,
    target,
    snapshot,
    next: bytes,
    isAtRest: next.rests,
    isPassing: how.isPassing === true,
    wait: (ms) => clock.sleep(ms),
    prepare: async () => {
      // Where files have no second names, only a process that lives finds what was written late.
      if (old !== undefined) await disk.link(target, old).catch(() => {});
    },
    placed(stat) {
      isPlaced = true;
      known.set(file, { bytes, text, stat, isSure: false });
      if (how.isPassing !== true) writer.flushes.begun(file);
      renamedAt = clock.now();
      stands(next, text);
    },
    seen(stat) {
      // A long text takes so long to be flushed that a later write shows in its time.
      if (isAtRest(stat, renamedAt)) known.set(file, { bytes, text, stat, isSure: true });
    },
  };
  let way: "replaced" | "in place" = "replaced";
  try {
    let outcome = await replaceFile(replacement);
    if (outcome === "unusual") {
      way = "in place";
      const copies = options.copies;
      const prepare = async (): Promise<void> => {
        await copies?.save(file, snapshot.bytes, { durable: true });
        await copies?.save(file, bytes, { durable: true });
      };
      outcome = await writeInPlace({ ...replacement, isAtRest: false, prepare });
    }
    // Who writes over ours the moment it stands there has changed the file: that is the next thing to be looked at (19.3, rule 6).
    return isPlaced ? way : outcome === "changed" ? "changed" : way;
  } catch (error) {
    if (!isPlaced) {
      if (old !== undefined) await unlinkQuietly(disk, old);
      throw error;
    }
    await writer.flushes.settle(target, error);
    return way;
  }
}

async function create(writer: Writer, task: Task): Promise<Done> {
  const { file } = task;
  const answer = ask(task, undefined);
  if (answer === undefined) return stands(task, undefined);
  const text = typeof answer === "string" ? answer : answer.text;
  const bytes = Buffer.from(text);
  let isPlaced = false;
  const placed = (stat: BigIntStats): void => {
    isPlaced = true;
    writer.known.set(file, { bytes, text, stat, isSure: false });
    writer.flushes.begun(file);
    stands(task, text);
  };
  try {
    // Somebody may have made it meanwhile; then it is read first.
    return (await makeFile(writer.disk, { file, bytes, placed })) ? { text } : "changed";
  } catch (error) {
    if (!isPlaced) throw error;
    await writer.flushes.settle(file, error);
    return { text };
  }
}

function failed(file: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    "write_failed",
    `${file} could not be written ${reason}; what it should hold is kept in memory until its next change`,
    cause === undefined ? {} : { cause },
  );
}
