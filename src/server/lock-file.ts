/** Lock files in the state directory: one owner each, and the lock of a dead process is no lock. */
import { mkdir, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { isSameProcess, type ProcessIdentity } from "./processes.ts";

/** @returns whether the lock is ours now, or was already */
export async function lock(file: string, owner: ProcessIdentity): Promise<boolean> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < 2; attempt++) {
    if (await create(file, owner)) return true;
    const holder = await lockOwner(file);
    if (holder !== undefined && isSame(holder, owner)) return true;
    if (holder !== undefined && (await isSameProcess(holder))) return false;
    await rm(file, { force: true });
  }
  return false;
}

/** Takes our own lock away; a lock of somebody else stays. */
export async function unlock(file: string, owner: ProcessIdentity): Promise<void> {
  const holder = await lockOwner(file);
  if (holder !== undefined && isSame(holder, owner)) await rm(file, { force: true });
}

async function create(file: string, owner: ProcessIdentity): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(JSON.stringify(owner));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Who holds a lock, undefined when nobody we know does. */
export async function lockOwner(file: string): Promise<ProcessIdentity | undefined> {
  try {
    const owner = JSON.parse(await readFile(file, "utf8")) as Partial<ProcessIdentity>;
    if (typeof owner.pid !== "number" || typeof owner.start !== "string") return undefined;
    return { pid: owner.pid, start: owner.start };
  } catch {
    // Missing, torn or foreign: nobody we know holds it.
    return undefined;
  }
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.start === other.start;
}
