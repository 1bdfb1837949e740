/**
 * The file writer for texts that the server keeps rewriting: logs and their registry (REPL specification 19). Every change is
 * a pure function of the text that is read in that moment; the file is the old or the new one, never torn. What another
 * program writes at the same moment is read again before it is replaced, and looked at once more a little later.
 */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../protocol/errors.ts";
import {
  closeQuietly,
  makeDirectory,
  readAll,
  realDisk,
  syncDirectory,
  syncHandle,
  unlinkQuietly,
  writeAll,
  type Disk,
} from "./disk.ts";
import { createQueues } from "./queues.ts";
import { replaceFile, writeInPlace, type Replacement } from "./replace-file.ts";
import { sharedLength } from "./shared-length.ts";
import { maximumTextSize, takeSnapshot, textOf, type Snapshot } from "./snapshot.ts";
import { temporaryName } from "./temporaries.ts";

/** @param found undefined when there is no such file. @returns the whole new text; undefined, or the same, to leave it. */
export type TextChange = (found: string | undefined) => string | undefined;

export interface TextWriter {
  /**
   * Changes a file after everything that was asked for before.
   * @returns the text as it stands now, undefined when there is no file
   * @throws UserError `write_failed`, `write_conflict`, with the reason in words
   */
  change(file: string, change: TextChange): Promise<string | undefined>;
  /** Waits for what has begun. */
  close(): Promise<void>;
}

export interface TextWriterOptions {
  /** Absolute real path; a link that leads out of it is refused (REPL specification 18.4). */
  readonly root: string;
  /** Another program wrote into the file that had just lost its name; `text` is what it wrote. */
  late(file: string, text: string): void;
  readonly disk?: Disk;
  readonly platform?: NodeJS.Platform;
}

/** Tries until a foreign writer is given way (19.3, rule 4). */
const tries = 8;
/** Ms after which a file that lost its name is looked at once more. Programs write a file of usual size within a few. */
const lateMs = 250;

/** What a change needs of its writer. */
interface Writer {
  readonly disk: Disk;
  readonly platform: NodeJS.Platform;
  readonly root: string;
  /** What a file holds as we know it, so that 10 MB need not be decoded at each change. */
  readonly known: Map<string, { readonly bytes: Buffer; readonly text: string }>;
  watchOld(file: string, snapshot: Snapshot): void;
}

export function createTextWriter(options: TextWriterOptions): TextWriter {
  const queues = createQueues();
  const late = new Set<Promise<void>>();
  const timers = new Map<NodeJS.Timeout, () => void>();
  const writer: Writer = {
    disk: options.disk ?? realDisk,
    platform: options.platform ?? process.platform,
    root: options.root,
    known: new Map(),
    watchOld(file, snapshot) {
      const look = (): void => {
        timers.delete(timer);
        const done = lookAtOld(file, snapshot, options.late).finally(() => late.delete(done));
        late.add(done);
      };
      const timer = setTimeout(look, lateMs);
      timers.set(timer, look);
    },
  };
  return {
    change: (file, change) =>
      queues.run(path.normalize(file), () => changePatiently(writer, file, change)),
    async close() {
      await queues.idle();
      for (const [timer, look] of timers) {
        clearTimeout(timer);
        look();
      }
      await Promise.all(late);
    },
  };
}

async function changePatiently(
  writer: Writer,
  file: string,
  change: TextChange,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const done = await tryOnce(writer, file, change).catch((cause: unknown) => {
      if (cause instanceof UserError) throw cause;
      throw failed(file, `(${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, cause);
    });
    if (done !== "changed") return done.text;
    if (attempt === tries)
      throw new UserError(
        "write_conflict",
        `${file} was changed by another program at each of ${tries} tries; it is tried again at its next change`,
      );
    await sleep(10 + Math.random() * 70);
  }
}

type Done = { readonly text: string | undefined } | "changed";

async function tryOnce(writer: Writer, file: string, change: TextChange): Promise<Done> {
  const { disk, known } = writer;
  await refuseOutside(writer, file);
  const snapshot = await snapshotIfThere(disk, file);
  if (snapshot === undefined) return create(writer, file, change(undefined));
  let isWatched = false;
  try {
    const found = textIn(writer, file, snapshot);
    const next = change(found);
    if (next === undefined || next === found) return { text: found };
    const bytes = encode(next, known.get(file));
    if (bytes.length > maximumTextSize) throw failed(file, "(it would grow beyond 20 MiB)");
    const outcome = await replace(writer, file, { snapshot, next: bytes });
    if (outcome === "changed") return "changed";
    known.set(file, { bytes, text: next });
    if (outcome === "replaced" && writer.platform !== "win32") {
      writer.watchOld(file, snapshot);
      isWatched = true;
    }
    return { text: next };
  } finally {
    if (!isWatched) await closeQuietly(snapshot.handle);
  }
}

/** Links are followed, but not out of the root. */
async function refuseOutside({ disk, root }: Writer, file: string): Promise<void> {
  const real = await disk.realpath(file).catch(() => undefined);
  const parent = real ?? (await disk.realpath(path.dirname(file)).catch(() => root));
  const isInside = parent === root || parent.startsWith(root + path.sep);
  if (!isInside) throw failed(file, `(it is a link that leads out of ${root})`);
}

async function snapshotIfThere(disk: Disk, file: string): Promise<Snapshot | undefined> {
  try {
    const snapshot = await takeSnapshot(disk, file);
    if (typeof snapshot === "string") throw failed(file, `(it ${snapshot})`);
    return snapshot;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function textIn({ known }: Writer, file: string, { bytes }: Snapshot): string {
  const own = known.get(file);
  if (own?.bytes.equals(bytes)) return own.text;
  const text = textOf(bytes);
  if (text === undefined) throw failed(file, "(it is not UTF-8 text)");
  known.set(file, { bytes, text });
  return text;
}

async function replace(
  { disk, platform }: Writer,
  file: string,
  { snapshot, next }: { snapshot: Snapshot; next: Buffer },
): Promise<"replaced" | "in place" | "changed"> {
  const target = await disk.realpath(file);
  const replacement: Replacement = {
    disk,
    platform,
    target,
    snapshot,
    next,
    wait: sleep,
    prepare: async () => {},
  };
  const outcome = await replaceFile(replacement);
  if (outcome !== "unusual") return outcome;
  return (await writeInPlace(replacement)) === "changed" ? "changed" : "in place";
}

/** A new file gets its name only when it is complete. */
async function create(writer: Writer, file: string, text: string | undefined): Promise<Done> {
  if (text === undefined) return { text: undefined };
  const { disk, known } = writer;
  const directory = path.dirname(file);
  await makeDirectory(disk, directory);
  const temporary = path.join(directory, temporaryName());
  const bytes = Buffer.from(text);
  try {
    const handle = await disk.open(temporary, "wx", 0o644);
    try {
      await writeAll(handle, bytes, 0);
      await syncHandle(handle);
    } finally {
      await closeQuietly(handle);
    }
    // Somebody may have made it meanwhile; then it is read first.
    if ((await snapshotIfThereClosed(disk, file)) !== undefined) return "changed";
    await disk.rename(temporary, file);
  } finally {
    await unlinkQuietly(disk, temporary);
  }
  await syncDirectory(disk, directory);
  known.set(file, { bytes, text });
  return { text };
}

async function snapshotIfThereClosed(disk: Disk, file: string): Promise<Snapshot | undefined> {
  const snapshot = await snapshotIfThere(disk, file);
  await closeQuietly(snapshot?.handle);
  return snapshot;
}

/** Bytes of a text of which a long beginning is known already. */
function encode(next: string, known: { bytes: Buffer; text: string } | undefined): Buffer {
  if (known === undefined || known.text.length < longText) return Buffer.from(next);
  const shared = sharedLength(known.text, next);
  const head = Buffer.byteLength(known.text.slice(shared), "utf8");
  return Buffer.concat([
    known.bytes.subarray(0, known.bytes.length - head),
    Buffer.from(next.slice(shared)),
  ]);
}

/** Characters from which encoding only the end is worth the search for it. */
const longText = 256 * 1024;

async function lookAtOld(
  file: string,
  { handle, bytes }: Snapshot,
  late: TextWriterOptions["late"],
): Promise<void> {
  try {
    const now = await readAll(handle, maximumTextSize + 1);
    const text = now.equals(bytes) ? undefined : textOf(now);
    if (text !== undefined) late(file, text);
  } finally {
    await closeQuietly(handle);
  }
}

function failed(file: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    "write_failed",
    `${file} could not be written ${reason}; what it should hold is kept in memory until its next change`,
    cause === undefined ? {} : { cause },
  );
}
