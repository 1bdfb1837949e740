/** The file of the journal: extended record by record, written anew when it has grown or its end is not known. */
import path from "node:path";
import {
  closeQuietly,
  makeDirectory,
  syncDirectory,
  syncHandle,
  unlinkQuietly,
  writeAll,
  type Disk,
  type OpenFile,
} from "./disk.ts";
import { journalName, releaseJournal, temporaryName } from "./temporaries.ts";

export interface JournalFile {
  /**
   * Adds bytes. After an error the next call writes everything anew, since the end of the file is unknown then.
   * @param options.all the whole content that the file needs if it is written anew.
   * @param options.durable whether to wait for the disk.
   */
  add(bytes: Buffer, options: { all(): Buffer; durable: boolean }): Promise<void>;
  /** @param isEmpty whether nothing in it is of use any more: then the file goes. */
  close(isEmpty: boolean): Promise<void>;
}

/** Bytes. */
const compactAbove = 1024 * 1024;
/** @param directory made when it is missing; each writer has its own file there. */
export function createJournalFile(disk: Disk, directory: string): JournalFile {
  const name = journalName();
  const file = path.join(directory, name);
  let handle: OpenFile | undefined;
  let size = 0;
  let sizeAtStart = 0;

  const rewrite = async (all: Buffer): Promise<void> => {
    handle = await replaceJournal(disk, directory, { file, all });
    size = all.length;
    sizeAtStart = size;
  };
  const extend = async (open: OpenFile, bytes: Buffer, durable: boolean): Promise<void> => {
    await writeAll(open, bytes, size);
    if (durable) await syncHandle(open);
    size += bytes.length;
    handle = open;
  };

  return {
    async add(bytes, { all, durable }) {
      const open = handle;
      handle = undefined;
      try {
        if (open === undefined || size > Math.max(compactAbove, 2 * sizeAtStart))
          await rewrite(all());
        else await extend(open, bytes, durable);
      } finally {
        if (handle !== open) await closeQuietly(open);
      }
    },
    async close(isEmpty) {
      if (isEmpty && handle !== undefined) await unlinkQuietly(disk, file);
      await closeQuietly(handle);
      handle = undefined;
      releaseJournal(name);
    },
  };
}

async function replaceJournal(
  disk: Disk,
  directory: string,
  { file, all }: { file: string; all: Buffer },
): Promise<OpenFile> {
  await makeDirectory(disk, directory);
  const temporary = path.join(directory, temporaryName());
  const fresh = await disk.open(temporary, "wx", 0o600);
  try {
    await writeAll(fresh, all, 0);
    await syncHandle(fresh);
    await disk.rename(temporary, file);
    await syncDirectory(disk, directory);
    return fresh;
  } catch (error) {
    await closeQuietly(fresh);
    await unlinkQuietly(disk, temporary);
    throw error;
  }
}
