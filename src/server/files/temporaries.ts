/** D-13: names of our temporary files, and how those of dead processes go away. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import type { Disk } from "./disk.ts";

/** Tells this process from an earlier one with the same process id. */
const thisProcess = randomBytes(4).toString("hex");

/** Prefix, process, random part. */
export function temporaryName(): string {
  return `.vitrine-${process.pid}-${thisProcess}${randomBytes(6).toString("hex")}.tmp`;
}

const pattern = /^\.vitrine-(\d{1,10})-([0-9a-f]{8})[0-9a-f]{12}\.tmp$/;

/** Removes what dead processes have left in these directories, and nothing else. Directories that are gone are fine. */
export async function sweepTemporaries(disk: Disk, directories: readonly string[]): Promise<void> {
  for (const directory of new Set(directories)) {
    for (const name of await namesIn(disk, directory))
      if (isAbandoned(name)) await disk.unlink(path.join(directory, name));
  }
}

async function namesIn(disk: Disk, directory: string): Promise<string[]> {
  try {
    return await disk.readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function isAbandoned(name: string): boolean {
  const [, owner, token] = pattern.exec(name) ?? [];
  if (owner === undefined) return false;
  return Number(owner) === process.pid ? token !== thisProcess : !isAlive(Number(owner));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
