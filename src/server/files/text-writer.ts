/**
 * The file writer for texts that the server keeps rewriting: logs and their registry (REPL specification 19). Every change is
 * a pure function of the text that is read in that moment; the file is the old or the new one, never torn. What another
 * program writes at the same moment is read again before it is replaced, and looked at once more a little later.
 */
import type { BigIntStats } from "node:fs";
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";
import { realClock } from "../clock.ts";
import { closeQuietly, unlinkQuietly } from "./disk.ts";
import { Flushes } from "./flushes.ts";
import { KnownTexts } from "./known-texts.ts";
import { LateTexts } from "./late-texts.ts";
import { createText, replaceText } from "./place-text.ts";
import { promptDisk } from "./prompt-disk.ts";
import { createQueues } from "./queues.ts";
import {
  isAtRest,
  isSameState,
  maximumTextSize,
  takeSnapshot,
  textOf,
  type Snapshot,
} from "./snapshot.ts";
import { replacedName } from "./temporaries.ts";
import {
  ask,
  failed,
  Refused,
  stands,
  type ChangeOptions,
  type Done,
  type Rewrite,
  type Task,
  type TextChange,
  type TextWriterOptions,
  type Writer,
} from "./text-change.ts";

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

/** Tries until a foreign writer is given way (19.3, rule 4). */
const tries = 8;

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

async function tryOnce(writer: Writer, task: Task): Promise<Done> {
  const { file } = task;
  const target = await targetOf(writer, file);
  const startedAt = writer.clock.now();
  const snapshot = await snapshotIfThere(writer, file, target);
  if (snapshot === undefined) {
    writer.known.delete(file);
    return createText(writer, task);
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
    const outcome = await replaceText(writer, {
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
