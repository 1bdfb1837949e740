/** Where the Vite of a project keeps what it has bundled. Two at one place would race over it (decision 4). */
import { createHash } from "node:crypto";
import { access, constants } from "node:fs/promises";
import path from "node:path";
import { lock, unlock } from "../lock-file.ts";
import type { ProcessIdentity } from "../processes.ts";

export interface Caches {
  /**
   * @returns a directory of our own, or undefined for Vite's own place `node_modules/.vite`: a folder without packages,
   * or one that cannot be written, is left untouched, and so is one that another window serves already
   */
  claim(root: string): Promise<string | undefined>;
  release(root: string): Promise<void>;
}

/** @param directory state directory, shared by all servers of the user */
export function createCaches(directory: string, owner: ProcessIdentity): Caches {
  const lockFile = (root: string): string => path.join(directory, "roots", `${key(root)}.json`);
  return {
    async claim(root) {
      if (!(await lock(lockFile(root), owner))) {
        return path.join(directory, "vite-cache", `${key(root)}-${owner.pid}`);
      }
      const isOwn = await access(path.join(root, "node_modules"), constants.W_OK).then(
        () => true,
        () => false,
      );
      return isOwn ? undefined : path.join(directory, "vite-cache", key(root));
    },
    release: (root) => unlock(lockFile(root), owner),
  };
}

function key(root: string): string {
  return createHash("sha256").update(root).digest("hex").slice(0, 16);
}
