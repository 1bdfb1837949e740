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
} from "node:fs";
import { promisify } from "node:util";
import { realDisk, type Disk, type OpenFile } from "./disk.ts";

/** Bytes that are copied faster than another thread is woken. */
const shortBytes = 128 * 1024;

const [readLong, writeLong, sync] = [promisify(read), promisify(write), promisify(fsync)];

export const promptDisk: Disk = {
  ...realDisk,
  open: async (file, flags, mode) => openFile(openSync(file, flags, mode)),
  lstat: async (file, options) => lstatSync(file, options),
  realpath: async (file) => realpathSync.native(file),
  rename: async (from, to) => renameSync(from, to),
  link: async (from, to) => linkSync(from, to),
};

function openFile(fd: number): OpenFile {
  return {
    stat: async (options) => fstatSync(fd, options),
    async read(buffer, offset, length, position) {
      if (length > shortBytes) return readLong(fd, buffer, offset, length, position);
      return { buffer, bytesRead: readSync(fd, buffer, offset, length, position) };
    },
    async write(buffer, offset, length, position) {
      if (length > shortBytes) return writeLong(fd, buffer, offset, length, position);
      return { buffer, bytesWritten: writeSync(fd, buffer, offset, length, position) };
    },
    chmod: async (mode) => fchmodSync(fd, mode),
    truncate: async (length) => ftruncateSync(fd, length),
    sync: () => sync(fd),
    close: async () => closeSync(fd),
  };
}
