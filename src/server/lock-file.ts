/** Lock files in the state directory: one owner each, and the lock of a dead process is no lock. */
import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isSameProcess, type ProcessIdentity } from "./processes.ts";

/** Of them each can only follow a change by another process within the moment. */
const tries = 5;

/** @returns whether the lock is ours now, or was already */
export async function lock(file: string, owner: ProcessIdentity): Promise<boolean> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < tries; attempt++) {
    if (await create(file, owner)) return true;
    const text = await readFile(file, "utf8").catch(() => undefined);
    // It went this very moment.
    if (text === undefined) continue;
    const holder = parseOwner(text);
    if (holder !== undefined && isSame(holder, owner)) return true;
    if (holder !== undefined && (await isSameProcess(holder))) return false;
    if (await succeed(file, text, owner)) return true;
  }
  return false;
}

/**
 * Takes the place of a dead owner. Who removed its lock first could remove the lock of somebody who was quicker: between a look
 * and a removal there is any time. So there is a right to succeed this very owner, a lock of its own that is named after it,
 * and only who has that replaces the lock, in one step, if it still is the dead one's. An owner that is gone never comes back,
 * and so nobody else can have replaced it in between. Should the successor die over it, the next one succeeds it in its right.
 */
async function succeed(file: string, text: string, owner: ProcessIdentity): Promise<boolean> {
  const right = `${file}.${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
  if (!(await lock(right, owner))) return false;
  try {
    if ((await readFile(file, "utf8").catch(() => undefined)) !== text) return false;
    await rename(await writeOwn(file, owner), file);
    return true;
  } finally {
    await unlock(right, owner);
  }
}

/** Takes our own lock away; a lock of somebody else stays. */
export async function unlock(file: string, owner: ProcessIdentity): Promise<void> {
  const holder = await lockOwner(file);
  if (holder !== undefined && isSame(holder, owner)) await rm(file, { force: true });
}

/** Takes the locks of dead processes away. Nothing else of this process may lock in that folder meanwhile. */
export async function clearDeadLocks(directory: string, owner: ProcessIdentity): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const file of names
    .filter((name) => /^\w+\.json$/.test(name))
    .map((name) => path.join(directory, name))) {
    const holder = await lockOwner(file);
    if (holder !== undefined && (await isSameProcess(holder))) continue;
    // Only who has the lock may remove it.
    if (await lock(file, owner)) await unlock(file, owner);
  }
}

/** The lock appears with its owner in it: an empty one would be taken for that of a dead process. */
async function create(file: string, owner: ProcessIdentity): Promise<boolean> {
  const own = await writeOwn(file, owner);
  try {
    await link(own, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
    return await createPlain(file, owner);
  } finally {
    await rm(own, { force: true });
  }
}

/** @returns a file beside the lock, with the owner in it */
async function writeOwn(file: string, owner: ProcessIdentity): Promise<string> {
  const own = `${file}.${process.pid}-${randomBytes(6).toString("hex")}`;
  await writeFile(own, JSON.stringify(owner), { mode: 0o600, flag: "wx" });
  return own;
}

/** Where files have no second names. */
async function createPlain(file: string, owner: ProcessIdentity): Promise<boolean> {
  try {
    await writeFile(file, JSON.stringify(owner), { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Who holds a lock, undefined when nobody we know does. */
export async function lockOwner(file: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : parseOwner(text);
}

/** Torn or foreign: nobody we know. */
function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(text) as Partial<ProcessIdentity> | null;
    if (typeof owner?.pid !== "number" || typeof owner.start !== "string") return undefined;
    return { pid: owner.pid, start: owner.start };
  } catch {
    return undefined;
  }
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.start === other.start;
}
