/** Lock files in the state directory: one owner each, and the lock of a dead process is no lock. */
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
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
    await takeAway(file, text);
  }
  return false;
}

/** Takes our own lock away; a lock of somebody else stays. */
export async function unlock(file: string, owner: ProcessIdentity): Promise<void> {
  const holder = await lockOwner(file);
  if (holder !== undefined && isSame(holder, owner)) await rm(file, { force: true });
}

/** The lock appears with its owner in it: an empty one would be taken for that of a dead process. */
async function create(file: string, owner: ProcessIdentity): Promise<boolean> {
  const own = `${file}.${process.pid}-${randomBytes(6).toString("hex")}`;
  await writeFile(own, JSON.stringify(owner), { mode: 0o600, flag: "wx" });
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

/**
 * Takes away what a dead process left, and puts it back if it is another one's by now: two may try at the same time.
 * @param text as it was read
 */
export async function takeAway(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== text) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
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
