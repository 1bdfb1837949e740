/** F-09, F-10: folders that we make for content from outside, and the only way to delete them. */
import { randomBytes } from "node:crypto";
import { lstat, mkdtemp, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";
import { quoted } from "../quoted.ts";

export interface OwnFolder {
  /** Real path; its last part is random, never taken from outside. */
  readonly path: string;
  /** Proves later that the folder is the one we made. */
  readonly nonce: string;
}

const markerName = ".vitrine-own";

/** @param parent a private folder (mode 0700) that exists. */
export async function createOwnFolder(parent: string): Promise<OwnFolder> {
  const made = await mkdtemp(path.join(await realpath(parent), "session-"));
  const nonce = randomBytes(16).toString("hex");
  await writeFile(path.join(made, markerName), nonce, { flag: "wx", mode: 0o600 });
  return { path: made, nonce };
}

/**
 * Deletes a folder that `createOwnFolder` made. Links in it are removed, not followed. A folder that is gone is fine.
 * @throws UserError `path_refused` when something else stands there now; it stays untouched.
 */
export async function removeOwnFolder(folder: OwnFolder): Promise<void> {
  // Under a new random name nobody can exchange it between the check and the deletion.
  const aside = `${folder.path}.${randomBytes(8).toString("hex")}`;
  try {
    await rename(folder.path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (!(await isOurs(aside, folder.nonce))) {
    await rename(aside, folder.path);
    throw new UserError(
      "path_refused",
      `The folder ${quoted(folder.path)} is no longer the one that was made; delete it by hand`,
    );
  }
  await rm(aside, { recursive: true, force: true });
}

async function isOurs(folder: string, nonce: string): Promise<boolean> {
  const marker = path.join(folder, markerName);
  try {
    const [own, file] = await Promise.all([lstat(folder), lstat(marker)]);
    return own.isDirectory() && file.isFile() && (await readFile(marker, "utf8")) === nonce;
  } catch {
    // Without a readable marker it is not ours.
    return false;
  }
}
