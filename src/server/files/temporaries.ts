/** D-13: names of our own files carry prefix, process and a random part, so that those of dead processes can be told. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import type { Disk } from "./disk.ts";

/** Tells this process from an earlier one with the same process id. */
const thisProcess = randomBytes(4).toString("hex");
const temporary = /^\.vitrine-(\d{1,10})-([0-9a-f]{8})[0-9a-f]{12}\.tmp$/;
const journal = /^journal-(\d{1,10})-([0-9a-f]{8})[0-9a-f]{12}\.log$/;
const replaced = /^\.vitrine-\d{1,10}-[0-9a-f]{20}\.(.+)\.old$/s;
/** Journals that writers of this process use now. */
const inUse = new Set<string>();

export function temporaryName(): string {
  return `.vitrine-${ownPart()}.tmp`;
}

/** The second name of a file that is about to be replaced: what others write into it is not lost with this process. */
export function replacedName(name: string): string {
  return `.vitrine-${ownPart()}.${name}.old`;
}

/** Of which file a name is such a second name; undefined for any other name. */
export function replacedOf(name: string): string | undefined {
  return replaced.exec(name)?.[1];
}

/** A name that counts as abandoned from `releaseJournal` on, or when this process is dead. */
export function journalName(): string {
  const name = `journal-${ownPart()}.log`;
  inUse.add(name);
  return name;
}

export function releaseJournal(name: string): void {
  inUse.delete(name);
}

function ownPart(): string {
  return `${process.pid}-${thisProcess}${randomBytes(6).toString("hex")}`;
}

/** Names of journals in a directory that nobody uses, oldest process first. */
export async function abandonedJournals(disk: Disk, directory: string): Promise<readonly string[]> {
  const names = await namesIn(disk, directory);
  return names
    .filter((name) => !inUse.has(name) && isAbandoned(journal.exec(name), true))
    .toSorted();
}

/** Removes what dead processes have left in these directories, and nothing else. Directories that are gone are fine. */
export async function sweepTemporaries(disk: Disk, directories: readonly string[]): Promise<void> {
  for (const directory of new Set(directories)) {
    const names = await namesIn(disk, directory);
    const abandoned = names.filter((name) => isAbandoned(temporary.exec(name), false));
    for (const name of abandoned) await disk.unlink(path.join(directory, name));
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

/** @param own the answer for names that this very process has made. */
function isAbandoned(match: RegExpExecArray | null, own: boolean): boolean {
  if (match === null) return false;
  const pid = Number(match[1]);
  if (pid !== process.pid) return !isAlive(pid);
  return match[2] !== thisProcess || own;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
