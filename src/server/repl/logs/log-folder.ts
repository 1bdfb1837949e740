/** The folder of the logs, as far as names and what stands there at the start matter. */
import { lstat, readdir, readFile, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { maximumTextSize } from "../../files/snapshot.ts";
import { replacedOf } from "../../files/temporaries.ts";

export interface LogFolder {
  /** Names of logs. */
  names(): Promise<readonly string[]>;
  /** Undefined when it is missing, no file, or too large to be changed (D-12). */
  read(name: string): Promise<string | undefined>;
  /** What logs held that an earlier process had replaced just before it ended, by whatever name. */
  replaced(log: string): Promise<readonly string[]>;
  /** Removes them. */
  dropReplaced(log: string): Promise<void>;
}

/** The logs of a folder of this machine. */
export function logFolder(directory: string): LogFolder {
  const secondNames = async (log: string): Promise<readonly string[]> =>
    (await readdir(directory)).filter((name) => replacedOf(name) === log).toSorted();
  const read = async (name: string): Promise<string | undefined> => {
    const file = path.join(directory, name);
    try {
      const found = await stat(file);
      const isFit = found.isFile() && found.size <= maximumTextSize;
      return isFit ? await readFile(file, "utf8") : undefined;
    } catch {
      // It is gone, or nobody may read it.
      return undefined;
    }
  };
  return {
    names: async () => (await readdir(directory)).filter(isLogName),
    read,
    async replaced(log) {
      const texts: string[] = [];
      for (const name of await secondNames(log)) {
        // The process ended before it had replaced anything.
        if (await isOneFile(path.join(directory, name), path.join(directory, log))) continue;
        const text = await read(name);
        if (text !== undefined) texts.push(text);
      }
      return texts;
    },
    async dropReplaced(log) {
      for (const name of await secondNames(log)) await unlink(path.join(directory, name));
    },
  };
}

async function isOneFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([lstat(one), lstat(other)]);
  return a.ino === b.ino && a.dev === b.dev;
}

export function isLogName(name: string): boolean {
  return name.endsWith(".md") && !name.startsWith(".");
}
