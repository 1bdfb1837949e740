/** D-01: a file is old or new at every moment, and new only if it was still the old one that was read. */
import type { BigIntStats } from "node:fs";
import path from "node:path";
import {
  closeQuietly,
  unlinkQuietly,
  syncDirectory,
  syncHandle,
  writeAll,
  type Disk,
  type OpenFile,
} from "./disk.ts";
import { temporaryName } from "./temporaries.ts";
import { isSameState, isUnchanged, takeSnapshot, type Snapshot } from "./snapshot.ts";

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
  /** Called as soon as the new content stands under the name: from then on every error is about what follows. */
  readonly placed?: (stat: BigIntStats) => void;
  /** Called with the state in which the new file was seen under its name. */
  readonly seen?: (stat: BigIntStats) => void;
  /** Whether the snapshot's time tells that its bytes are still the same. */
  readonly isAtRest?: boolean;
  /** Whether the new name need not survive a power loss yet: the file is old or new all the same. */
  readonly isPassing?: boolean;
}

/** `changed`: somebody else wrote. `unusual`: only the file itself can be written, not replaced. */
export type ReplaceOutcome = "replaced" | "changed" | "unusual";

/** @throws NotDurable, or the error of the file system; the file is then old or new, never torn. */
export async function replaceFile(replacement: Replacement): Promise<ReplaceOutcome> {
  const { disk, target, snapshot, next } = replacement;
  if (snapshot.stat.nlink > 1n) return "unusual";
  const directory = path.dirname(target);
  const temporary = path.join(directory, temporaryName());
  let filled: BigIntStats | undefined;
  try {
    filled = await fill(temporary, replacement);
    if (filled === undefined) return await giveUp(disk, temporary, "unusual");
    await replacement.prepare();
    if (!(await isUnchanged(disk, target, snapshot, replacement.isAtRest)))
      return await giveUp(disk, temporary, "changed");
    // Windows replaces no file that is open.
    if (replacement.platform === "win32") await closeQuietly(snapshot.handle);
    await renameOver(temporary, replacement);
  } catch (error) {
    await unlinkQuietly(disk, temporary);
    throw error;
  }
  replacement.placed?.(filled);
  if (replacement.isPassing !== true) await syncDirectory(disk, directory);
  const isOurs =
    replacement.placed === undefined ? reads(disk, target, next) : holds(replacement, filled);
  return (await isOurs) ? "replaced" : "changed";
}

/** For hard links, and owners that a new file could not have. `prepare` has saved both contents: a crash here tears the file. */
export async function writeInPlace({
  disk,
  target,
  snapshot,
  next,
  prepare,
  placed,
}: Replacement): Promise<ReplaceOutcome> {
  await prepare();
  if (!(await isUnchanged(disk, target, snapshot))) return "changed";
  const handle = await disk.open(target, "r+");
  try {
    await overwrite(handle, next);
    placed?.(await handle.stat({ bigint: true }));
  } catch (error) {
    // Half of each is worse than the old one; should this fail too, the next start puts it right from the copies.
    await overwrite(handle, snapshot.bytes).catch(() => {});
    throw error;
  } finally {
    await closeQuietly(handle);
  }
  return (await reads(disk, target, next)) ? "replaced" : "changed";
}

async function overwrite(handle: OpenFile, bytes: Buffer): Promise<void> {
  await writeAll(handle, bytes, 0);
  await handle.truncate(bytes.length);
  await syncHandle(handle);
}

/** @returns undefined when the new file would belong to somebody else than the old one. */
async function fill(
  temporary: string,
  { disk, snapshot, next }: Replacement,
): Promise<BigIntStats | undefined> {
  const handle = await disk.open(temporary, "wx", 0o600);
  try {
    const { uid, gid } = await handle.stat({ bigint: true });
    if (uid !== snapshot.stat.uid || gid !== snapshot.stat.gid) return undefined;
    await writeAll(handle, next, 0);
    await handle.chmod(Number(snapshot.stat.mode & 0o7777n));
    await syncHandle(handle);
    return await handle.stat({ bigint: true });
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

/** Whether the very file that we filled stands there, or at least its bytes: some systems give a file another number. */
async function holds(
  { disk, target, next, seen }: Replacement,
  filled: BigIntStats,
): Promise<boolean> {
  const now = await disk.lstat(target, { bigint: true });
  if (!isSameState(now, filled)) return reads(disk, target, next);
  seen?.(now);
  return true;
}

async function reads(disk: Disk, target: string, expected: Buffer): Promise<boolean> {
  const snapshot = await takeSnapshot(disk, target);
  if (typeof snapshot === "string") return false;
  await closeQuietly(snapshot.handle);
  return snapshot.bytes.equals(expected);
}
