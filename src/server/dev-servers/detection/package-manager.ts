/** Which package manager a project uses, and whether its packages are there. Reads files, runs nothing. */
import { existsSync } from "node:fs";
import path from "node:path";
import { allDependencies, readManifest } from "./manifest.ts";

/** The command that installs the packages of a folder: by its `packageManager`, else by the lock file that is nearest. */
export async function installCommandOf(root: string): Promise<readonly string[]> {
  for (const folder of repositoryFolders(root)) {
    const { packageManager } = (await readManifest(folder)) ?? {};
    const [, named = ""] = /^(npm|pnpm|yarn|bun)@/.exec(String(packageManager)) ?? [];
    if (named !== "") return [named, "install"];
    const lock = Object.keys(managers).find((name) => existsSync(path.join(folder, name)));
    if (lock !== undefined) return [managers[lock] ?? "npm", "install"];
  }
  return ["npm", "install"];
}

/** Whether a folder names packages and nothing was ever installed for it, here or above. */
export async function arePackagesMissing(root: string): Promise<boolean> {
  if (Object.keys(allDependencies(await readManifest(root))).length === 0) return false;
  const folders = [root, ...above(root)];
  return !folders.some((folder) => installed.some((name) => existsSync(path.join(folder, name))));
}

const managers: Readonly<Record<string, string>> = {
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
  "bun.lock": "bun",
  "bun.lockb": "bun",
  "package-lock.json": "npm",
};

/** Yarn keeps no folder where it links packages by a file. */
const installed = ["node_modules", ".pnp.cjs"];

/** The folder and those above it, as far as they are of one repository: a lock file in a home folder is nobody's. */
function repositoryFolders(root: string): readonly string[] {
  const folders = [root, ...above(root)];
  const top = folders.findIndex((folder) => existsSync(path.join(folder, ".git")));
  return top < 0 ? [root] : folders.slice(0, top + 1);
}

function above(folder: string): readonly string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [] : [parent, ...above(parent)];
}
