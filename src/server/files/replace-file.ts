/** D-01: a file is old or new at every moment, and new only if it was still the old one that was read. */
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import {
  closeQuietly,
  unlinkQuietly,
  syncDirectory,
  syncHandle,
  writeAll,
  type Disk,
} from "./disk.ts";
import { temporaryName } from "./temporaries.ts";
import { isUnchanged, takeSnapshot, type Snapshot } from "./snapshot.ts";

export interface Replacement {
  readonly disk: Disk;
  /** Real path. */
  readonly target: string;
  readonly snapshot: Snapshot;
  readonly next: Buffer;
  readonly platform: NodeJS.Platform;
  /** Waits that many ms. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** What must be on the disk before the file changes. */
  readonly prepare: () => Promise<unknown>;
}

/** `changed`: somebody else wrote. `unusual`: only the file itself can be written, not replaced. */
export type ReplaceOutcome = "replaced" | "changed" | "unusual";

/** @throws NotDurable, or the error of the file system; the file is then old or new, never torn. */
export async function replaceFile(replacement: Replacement): Promise<ReplaceOutcome> {
  const { disk, target, snapshot, next } = replacement;
  if (snapshot.stat.nlink > 1n) return "unusual";
  const directory = path.dirname(target);
  const temporary = path.join(directory, temporaryName());
  try {
    if (!(await fill(temporary, replacement))) return await giveUp(disk, temporary, "unusual");
    await replacement.prepare();
    if (!(await isUnchanged(disk, target, snapshot)))
      return await giveUp(disk, temporary, "changed");
    // Windows replaces no file that is open.
    if (replacement.platform === "win32") await closeQuietly(snapshot.handle);
    await renameOver(temporary, replacement);
  } catch (error) {
    await unlinkQuietly(disk, temporary);
    throw error;
  }
  await syncDirectory(disk, directory);
  return (await reads(disk, target, next)) ? "replaced" : "changed";
}

/** For hard links, and owners that a new file could not have. `prepare` has saved both contents: a crash here tears the file. */
export async function writeInPlace({
  disk,
  target,
  snapshot,
  next,
  prepare,
}: Replacement): Promise<ReplaceOutcome> {
  await prepare();
  if (!(await isUnchanged(disk, target, snapshot))) return "changed";
  const handle = await disk.open(target, "r+");
  try {
    await overwrite(handle, next);
  } catch (error) {
    // Half of each is worse than the old one; should this fail too, the next start puts it right from the copies.
    await overwrite(handle, snapshot.bytes).catch(() => {});
    throw error;
  } finally {
    await closeQuietly(handle);
  }
  return (await reads(disk, target, next)) ? "replaced" : "changed";
}

async function overwrite(handle: FileHandle, bytes: Buffer): Promise<void> {
  await writeAll(handle, bytes, 0);
  await handle.truncate(bytes.length);
  await syncHandle(handle);
}

/** @returns false when the new file would belong to somebody else than the old one. */
async function fill(temporary: string, { disk, snapshot, next }: Replacement): Promise<boolean> {
  const handle = await disk.open(temporary, "wx", 0o600);
  try {
    const { uid, gid } = await handle.stat({ bigint: true });
    if (uid !== snapshot.stat.uid || gid !== snapshot.stat.gid) return false;
    await writeAll(handle, next, 0);
    await handle.chmod(Number(snapshot.stat.mode & 0o7777n));
    await syncHandle(handle);
    return true;
  } finally {
    await closeQuietly(handle);
  }
}

async function giveUp(
  disk: Disk,
  temporary: string,
  outcome: ReplaceOutcome,
): Promise<ReplaceOutcome> {
  await unlinkQuietly(disk, temporary);
  return outcome;
}

/** Ms between the tries of a rename on Windows, 2 s in all: virus scanners and indexers hold new files open. */
const renameWaits = [10, 20, 50, 100, 200, 400, 600, 620];
const held: ReadonlySet<unknown> = new Set(["EPERM", "EACCES", "EBUSY"]);

async function renameOver(
  temporary: string,
  { disk, target, platform, wait }: Replacement,
): Promise<void> {
  const waits = platform === "win32" ? renameWaits : [];
  for (const ms of waits) {
    try {
      return await disk.rename(temporary, target);
    } catch (error) {
      if (!held.has((error as NodeJS.ErrnoException).code)) throw error;
      await wait(ms);
    }
  }
  await disk.rename(temporary, target);
}

async function reads(disk: Disk, target: string, expected: Buffer): Promise<boolean> {
  const snapshot = await takeSnapshot(disk, target);
  if (typeof snapshot === "string") return false;
  await closeQuietly(snapshot.handle);
  return snapshot.bytes.equals(expected);
}
