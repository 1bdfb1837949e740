/** How a server takes over what servers before it have left. */
import path from "node:path";
import { readIfThere, type Disk } from "./disk.ts";
import { abandonedJournals, journalName, releaseJournal } from "./temporaries.ts";

/** Bytes that are read: a larger file is no journal of ours. */
const maximumSize = 1024 * 1024 * 1024;

/**
 * Claims the journals of dead processes, one by one and by renaming, so that of two servers only one gets each.
 * @param keep makes their records durable in the own journal; only then they are removed.
 */
export async function claimJournals(
  disk: Disk,
  directory: string,
  keep: (contents: readonly Buffer[]) => Promise<void>,
): Promise<void> {
  const claimed: string[] = [];
  try {
    const contents: Buffer[] = [];
    for (const name of await abandonedJournals(disk, directory)) {
      const own = journalName();
      claimed.push(own);
      if (!(await claim(disk, path.join(directory, name), path.join(directory, own)))) continue;
      const content = await readIfThere(disk, path.join(directory, own), maximumSize);
      // Taken for empty it would be removed; the next attempt sees it, or sees that it is gone.
      if (content === undefined) throw new Error(`the journal ${own} is gone`);
      contents.push(content);
    }
    if (contents.length === 0) return;
    await keep(contents);
    for (const name of claimed) await remove(disk, path.join(directory, name));
  } finally {
    for (const name of claimed) releaseJournal(name);
  }
}

/** @returns false when another server was quicker. */
function claim(disk: Disk, from: string, to: string): Promise<boolean> {
  return unlessGone(disk.rename(from, to));
}

function remove(disk: Disk, file: string): Promise<boolean> {
  return unlessGone(disk.unlink(file));
}

async function unlessGone(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
