/** The file that a build makes: what is in it, and how it comes to where it runs (dev-servers 4.4). */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../protocol/errors.ts";

const executableBits = 0o111;

/** SHA-256 of a file in hex, undefined when there is no such file. */
export async function hashFile(file: string): Promise<string | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/**
 * Puts a built file in its place, so that there is always a whole one, and keeps the one before as `<install>.prev`. Throws
 * `write_failed` with the old one untouched.
 */
export async function installArtifact(artifact: string, install: string): Promise<void> {
  const next = `${install}.new`;
  try {
    await mkdir(path.dirname(install), { recursive: true });
    await copyFile(artifact, next);
    // A compiler that was told a name without an ending still means a program.
    await chmod(next, (await stat(artifact)).mode | executableBits);
    await flush(next);
    await keepPrevious(install);
    await rename(next, install);
    await flushFolder(path.dirname(install));
  } catch (cause) {
    await rm(next, { force: true }).catch(() => {});
    throw writeFailed(install, cause);
  }
}

/** Puts the previous file back. @returns whether there was one */
export async function restorePrevious(install: string): Promise<boolean> {
  try {
    if (process.platform === "win32") await moveAside(install);
    await rename(`${install}.prev`, install);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw writeFailed(install, cause);
  }
}

/** Copies files beside the installed one: what describes it and changes with it. Throws `write_failed`. */
export async function syncFiles(files: readonly string[], install: string): Promise<void> {
  for (const file of files) {
    const target = path.join(path.dirname(install), path.basename(file));
    if (target === file) continue;
    try {
      await mkdir(path.dirname(target), { recursive: true });
      await copyFile(file, `${target}.new`);
      await rename(`${target}.new`, target);
    } catch (cause) {
      throw writeFailed(target, cause);
    }
  }
}

async function keepPrevious(install: string): Promise<void> {
  const previous = `${install}.prev`;
  if (process.platform === "win32") return moveAside(install);
  await rm(previous, { force: true });
  try {
    // A second name: the first one never points nowhere.
    await link(install, previous);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    await copyFile(install, previous);
  }
}

/** Windows replaces no image that runs, but lets it be renamed. It is deleted when it has ended. */
async function moveAside(install: string): Promise<void> {
  const previous = `${install}.prev`;
  const folder = path.dirname(install);
  const isOld = (name: string): boolean => name.startsWith(`${path.basename(install)}.old-`);
  for (const name of (await readdir(folder)).filter(isOld))
    await rm(path.join(folder, name), { force: true }).catch(() => {});
  await rm(previous, { force: true }).catch(() => rename(previous, `${install}.old-${Date.now()}`));
  await rename(install, previous).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flushFolder(folder: string): Promise<void> {
  // Windows opens no folders, and keeps names safe by itself.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function writeFailed(file: string, cause: unknown): UserError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  return new UserError(
    "write_failed",
    `${file} could not be written: ${code || message}. Make its folder writable or change backend.install in vitrine.json`,
    { cause },
  );
}
