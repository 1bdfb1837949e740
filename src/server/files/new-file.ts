/** A new file gets its name only when it is complete, and only if nobody else has taken that name meanwhile. */
import type { BigIntStats } from "node:fs";
import path from "node:path";
import {
  closeQuietly,
  makeDirectory,
  syncDirectory,
  syncHandle,
  unlinkQuietly,
  writeAll,
  type Disk,
} from "./disk.ts";
import { temporaryName } from "./temporaries.ts";

/** Where there are no second names for files. */
const linkless: ReadonlySet<unknown> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/**
 * @param placed called as soon as the file stands there
 * @returns whether it was made; false when somebody else has made it
 */
export async function makeFile(
  disk: Disk,
  { file, bytes, placed }: { file: string; bytes: Buffer; placed(stat: BigIntStats): void },
): Promise<boolean> {
  const directory = path.dirname(file);
  await makeDirectory(disk, directory);
  const temporary = path.join(directory, temporaryName());
  try {
    const stat = await fill(disk, temporary, bytes);
    if (!(await giveName(disk, temporary, file))) return false;
    placed(stat);
  } finally {
    await unlinkQuietly(disk, temporary);
  }
  await syncDirectory(disk, directory);
  return true;
}

async function fill(disk: Disk, temporary: string, bytes: Buffer): Promise<BigIntStats> {
  // The user's own mask decides who may read it, as with every file they make.
  const handle = await disk.open(temporary, "wx", 0o666);
  try {
    await writeAll(handle, bytes, 0);
    await syncHandle(handle);
    return await handle.stat({ bigint: true });
  } finally {
    await closeQuietly(handle);
  }
}

async function giveName(disk: Disk, temporary: string, file: string): Promise<boolean> {
  try {
    await disk.link(temporary, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (!linkless.has(code)) throw error;
  }
  if (await isThere(disk, file)) return false;
  await disk.rename(temporary, file);
  return true;
}

async function isThere(disk: Disk, file: string): Promise<boolean> {
  try {
    await disk.lstat(file, { bigint: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
