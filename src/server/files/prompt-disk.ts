/**
 * The file system for texts that people wait for. Calls that take microseconds are made at once: handing each of them to another
 * thread and back takes many times as long as the call, and leaves other programs that much more time in between. What waits
 * for the disk, or is long, goes to another thread.
 */
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  read,
  readSync,
  realpathSync,
  renameSync,
  write,
  writeSync,
  type BigIntStats,
} from "node:fs";
import { promisify } from "node:util";
import { realDisk, type Disk, type OpenFile } from "./disk.ts";

/** Bytes that are copied faster than another thread is woken. */
const shortBytes = 128 * 1024;

const [readLong, writeLong, sync] = [promisify(read), promisify(write), promisify(fsync)];

export const promptDisk: Disk = {
  ...realDisk,
  open: async (file, flags, mode) => new PromptFile(openSync(file, flags, mode)),
  lstat: async (file, options) => lstatSync(file, options),
  realpath: async (file) => realpathSync.native(file),
  rename: async (from, to) => renameSync(from, to),
  link: async (from, to) => linkSync(from, to),
};

/** The system gives a number away again as soon as it is closed: nothing may be done with it after that. */
class PromptFile implements OpenFile {
  #number: number | undefined;

  constructor(number: number) {
    this.#number = number;
  }

  async stat(options: { bigint: true }): Promise<BigIntStats> {
    return fstatSync(this.#open, options);
  }

  async read(
    buffer: Buffer,
    ...[offset, length, position]: Stretch
  ): Promise<{ bytesRead: number }> {
    if (length > shortBytes) return readLong(this.#open, buffer, offset, length, position);
    return { bytesRead: readSync(this.#open, buffer, offset, length, position) };
  }

  async write(
    buffer: Uint8Array,
    ...[offset, length, position]: Stretch
  ): Promise<{ bytesWritten: number }> {
    if (length > shortBytes) return writeLong(this.#open, buffer, offset, length, position);
    return { bytesWritten: writeSync(this.#open, buffer, offset, length, position) };
  }

  async chmod(mode: number): Promise<void> {
    fchmodSync(this.#open, mode);
  }

  async truncate(length: number): Promise<void> {
    ftruncateSync(this.#open, length);
  }

  async sync(): Promise<void> {
    return sync(this.#open);
  }

  async close(): Promise<void> {
    const number = this.#open;
    this.#number = undefined;
    closeSync(number);
  }

  get #open(): number {
    if (this.#number === undefined) throw new Error("EBADF: the file is closed");
    return this.#number;
  }
}

type Stretch = [offset: number, length: number, position: number];
