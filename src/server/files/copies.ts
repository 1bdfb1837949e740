/** D-04: what a file held before we changed it, kept for a day outside the workspace. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import {
  closeQuietly,
  makeDirectory,
  readIfThere,
  syncDirectory,
  syncHandle,
  writeAll,
  type Disk,
} from "./disk.ts";
import { maximumTextSize } from "./snapshot.ts";

export interface Copies {
  /** @param options.durable waits for the disk. @returns the name of the copy. */
  save(file: string, bytes: Buffer, options?: { durable: boolean }): Promise<string>;
  /** Undefined when it is gone. */
  read(name: string): Promise<Buffer | undefined>;
  /** Removes copies older than a day, and the oldest beyond 256 MiB. */
  prune(): Promise<void>;
}

const keptMs = 24 * 60 * 60 * 1000;
const keptBytes = 256 * 1024 * 1024;
/** Epoch ms, random part, name of the original. */
const copyName = /^(\d{13})-[0-9a-f]{12}-.*\.copy$/s;

export function createCopies(disk: Disk, directory: string, now: () => number): Copies {
  let sinceLastPrune = 0;

  const prune = async (): Promise<void> => {
    sinceLastPrune = 0;
    await makeDirectory(disk, directory);
    const names = (await disk.readdir(directory))
      .filter((name) => copyName.test(name))
      .toSorted()
      .toReversed();
    let bytes = 0;
    for (const name of names) {
      const file = path.join(directory, name);
      bytes += Number((await disk.lstat(file, { bigint: true })).size);
      if (bytes > keptBytes || now() - Number(name.slice(0, 13)) > keptMs) await disk.unlink(file);
    }
  };

  return {
    prune,
    async save(file, bytes, options) {
      sinceLastPrune += bytes.length;
      if (sinceLastPrune > keptBytes / 4) await prune();
      await makeDirectory(disk, directory);
      const original = path
        .basename(file)
        .replace(/[^\w.-]/g, "_")
        .slice(-100);
      const name = `${now()}-${randomBytes(6).toString("hex")}-${original}.copy`;
      const handle = await disk.open(path.join(directory, name), "wx", 0o600);
      try {
        await writeAll(handle, bytes, 0);
        if (options?.durable === true) await syncHandle(handle);
      } finally {
        await closeQuietly(handle);
      }
      if (options?.durable === true) await syncDirectory(disk, directory);
      return name;
    },
    read: (name) => readIfThere(disk, path.join(directory, name), maximumTextSize + 1),
  };
}
