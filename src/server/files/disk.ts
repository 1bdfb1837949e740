/** The file system calls of the file writer, as one object, so that tests can make each of them fail. */
import type { BigIntStats } from "node:fs";
import { link, lstat, mkdir, open, readdir, realpath, rename, unlink } from "node:fs/promises";
import path from "node:path";

/** Part of a `FileHandle` of `node:fs/promises`, in the forms that are used here. */
export interface OpenFile {
  stat(options: { bigint: true }): Promise<BigIntStats>;
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  chmod(mode: number): Promise<void>;
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Part of `node:fs/promises`, in the forms that are used here. */
export interface Disk {
  open(path: string, flags: string | number, mode?: number): Promise<OpenFile>;
  lstat(path: string, options: { bigint: true }): Promise<BigIntStats>;
  realpath(path: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; fails when that name is taken. */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  mkdir(path: string, options: { recursive: true; mode: number }): Promise<string | undefined>;
}

export const realDisk: Disk = { open, lstat, realpath, rename, link, unlink, readdir, mkdir };

/** `fsync` said no: what was written may or may not be there after a power loss (D-03). */
export class NotDurable extends Error {
  override readonly name = "NotDurable";
}

/** Writes everything, however short the single writes are. */
export async function writeAll(
  handle: OpenFile,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error("nothing more could be written");
    done += bytesWritten;
  }
}

/** The content from the start, up to `limit` bytes. @param expected how many there probably are: then one read will do */
export async function readAll(handle: OpenFile, limit: number, expected = 0): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let size = 0; size < limit;) {
    const wanted = size === 0 && expected > 0 ? expected + 1 : 256 * 1024;
    const chunk = Buffer.allocUnsafe(Math.min(wanted, limit - size));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, size);
    if (bytesRead > 0) chunks.push(chunk.subarray(0, bytesRead));
    size += bytesRead;
    // Only the end of a regular file makes a read short.
    if (bytesRead < chunk.length) break;
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** @throws NotDurable. */
export async function syncHandle(handle: OpenFile): Promise<void> {
  try {
    await handle.sync();
  } catch (cause) {
    throw new NotDurable("fsync failed", { cause });
  }
}

/** What directories answer where they cannot be synced. */
const noSuchThing: ReadonlySet<unknown> = new Set([
  "EINVAL",
  "ENOTSUP",
  "EISDIR",
  "EPERM",
  "EBADF",
]);

/** Makes renames in a directory durable, where the system has such a thing. @throws NotDurable. */
export async function syncDirectory(disk: Disk, directory: string): Promise<void> {
  let handle: OpenFile | undefined;
  try {
    handle = await disk.open(directory, "r");
    await handle.sync();
  } catch (cause) {
    if (!noSuchThing.has((cause as NodeJS.ErrnoException).code))
      throw new NotDurable("fsync of a directory failed", { cause });
  } finally {
    await closeQuietly(handle);
  }
}

/** Makes a private directory and everything above it that is missing, durable as far as the system can. */
export async function makeDirectory(disk: Disk, directory: string): Promise<void> {
  const first = await disk.mkdir(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = path.dirname(made))
    await syncDirectory(disk, path.dirname(made));
}

/** Up to `limit` bytes; undefined when there is no such file. */
export async function readIfThere(
  disk: Disk,
  file: string,
  limit: number,
): Promise<Buffer | undefined> {
  let handle: OpenFile | undefined;
  try {
    handle = await disk.open(file, "r");
    return await readAll(handle, limit);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  } finally {
    await closeQuietly(handle);
  }
}

/** For handles whose content is synced, or given up: their closing decides nothing. */
export async function closeQuietly(handle: OpenFile | undefined): Promise<void> {
  try {
    await handle?.close();
  } catch {
    // See above.
  }
}

/** For temporary files that are given up; what stays is removed at the next start (D-13). */
export async function unlinkQuietly(disk: Disk, file: string): Promise<void> {
  try {
    await disk.unlink(file);
  } catch {
    // See above.
  }
}
