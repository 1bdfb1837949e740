/** Where projects are searched, and in which folders they are not. */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { glob } from "tinyglobby";

/** Deeper folders are found when something in them is opened, not by searching. */
export const searchDepth = 5;

/** Names of folders that hold what was installed or built. */
export const skippedFolders: ReadonlySet<string> = new Set([
  "node_modules",
  ".git",
  "dist",
  "build",
  "coverage",
  ".cache",
]);

export const ignored: readonly string[] = [...skippedFolders].map((name) => `**/${name}/**`);

/** Folders in which other people's back ends lie, as the tools themselves see it. */
const foreignFolders: ReadonlySet<string> = new Set(["vendor", "target", "testdata"]);

export const viteConfigNames: readonly string[] = [
  "vite.config.js",
  "vite.config.mjs",
  "vite.config.ts",
  "vite.config.cjs",
  "vite.config.mts",
  "vite.config.cts",
];

/** Files that make a folder a project, or say something about the project. */
export const evidenceNames: ReadonlySet<string> = new Set([
  ...viteConfigNames,
  "package.json",
  "index.html",
  "plugin.yaml",
  "go.mod",
  "go.work",
  "Cargo.toml",
  "tsconfig.json",
]);

/** Folders below a workspace folder that hold evidence, parents first. Absolute. */
export async function findFolders(folder: string): Promise<string[]> {
  const files = await glob(
    [...evidenceNames].map((name) => `**/${name}`),
    {
      cwd: folder,
      ignore: [...ignored],
      deep: searchDepth,
      absolute: true,
      followSymbolicLinks: false,
    },
    // A folder that cannot be read holds nothing for us.
  ).catch(() => []);
  return [...new Set(files.map((file) => path.dirname(file)))].toSorted();
}

/** Whether a folder lies in one that holds the back ends of others. */
export function isForeign(directory: string): boolean {
  return directory.split(path.sep).some((name) => foreignFolders.has(name));
}

export async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

export async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() ?? false;
}

/** Bytes of metadata that is read at all. */
const largestText = 1024 * 1024;

/** A small text file; undefined when there is none, and for anything else. */
export async function readSmall(file: string): Promise<string | undefined> {
  const facts = await stat(file).catch(() => undefined);
  if (facts?.isFile() !== true || facts.size > largestText) return undefined;
  return readFile(file, "utf8").catch(() => undefined);
}
