/** Finds projects: the nearest `vite.config.*`, a `vite` dependency, or a page. Reads files, runs nothing. */
import { createHash } from "node:crypto";
import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { glob } from "tinyglobby";
import type { Project } from "../../protocol/model.ts";
import type { Preset } from "../../protocol/vite-host.ts";

const configNames = [
  "vite.config.js",
  "vite.config.mjs",
  "vite.config.ts",
  "vite.config.cjs",
  "vite.config.mts",
  "vite.config.cts",
];
const ignored = [
  "**/node_modules/**",
  "**/.git/**",
  "**/dist/**",
  "**/build/**",
  "**/coverage/**",
  "**/.cache/**",
];
/** Deeper folders are found when something in them is opened, not by searching. */
const searchDepth = 5;

export interface Manifest {
  readonly name?: unknown;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

/** All projects below the workspace folders, in the order of their paths. */
export async function findProjects(folders: readonly string[]): Promise<Project[]> {
  const found = new Map<string, Omit<Project, "id">>();
  for (const folder of folders) {
    const files = await glob(
      [...configNames.map((name) => `**/${name}`), "**/package.json", "**/index.html"],
      {
        cwd: folder,
        ignore: ignored,
        deep: searchDepth,
        absolute: true,
        followSymbolicLinks: false,
      },
    ).catch(() => []);
    const directories = [...new Set(files.map((file) => path.dirname(file)))].toSorted();
    for (const directory of directories) {
      // Pages inside a project are its own; anywhere else a page makes a project.
      const isInside = [...found.keys()].some((root) => directory.startsWith(root + path.sep));
      const project = await projectAt(directory, !isInside);
      if (project !== undefined) found.set(project.root, project);
    }
  }
  return withIds([...found.values()]);
}

/**
 * The project a path belongs to: the nearest folder upwards that is one, at most up to its workspace folder.
 * A folder that a user names is taken as it is if it has a page, whatever else is around it.
 */
export async function projectFor(
  target: string,
  folders: readonly string[],
): Promise<Project | undefined> {
  const real = await realpath(target).catch(() => path.resolve(target));
  const start =
    (await stat(real).catch(() => undefined))?.isDirectory() === false ? path.dirname(real) : real;
  const tops = await Promise.all(
    folders.map((folder) => realpath(folder).catch(() => path.resolve(folder))),
  );
  const top = tops
    .filter((folder) => start === folder || start.startsWith(folder + path.sep))
    .toSorted((a, b) => b.length - a.length)[0];
  for (let directory = start; ; directory = path.dirname(directory)) {
    const project = await projectAt(directory, true);
    if (project !== undefined) return withIds([project])[0];
    if (directory === top || top === undefined || directory === path.dirname(directory))
      return undefined;
  }
}

/** Which of our plugins a folder without a Vite config needs: its dependencies say it, else its files. */
export async function presetOf(root: string): Promise<Preset> {
  const names = Object.keys(allDependencies(await readManifest(root)));
  for (const preset of ["svelte", "vue", "react"] as const)
    if (names.includes(preset)) return preset;
  const sources = await glob(["**/*.{vue,svelte,jsx,tsx}"], {
    cwd: root,
    ignore: ignored,
    deep: searchDepth,
  }).catch(() => []);
  if (sources.some((file) => file.endsWith(".vue"))) return "vue";
  if (sources.some((file) => file.endsWith(".svelte"))) return "svelte";
  return sources.length > 0 ? "react" : "plain";
}

export async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    const manifest: unknown = JSON.parse(
      await readFile(path.join(directory, "package.json"), "utf8"),
    );
    return typeof manifest === "object" && manifest !== null ? manifest : undefined;
  } catch {
    // No manifest, or one that is being written: the folder is judged by its other files.
    return undefined;
  }
}

export function allDependencies(manifest: Manifest | undefined): Record<string, string> {
  return { ...manifest?.devDependencies, ...manifest?.dependencies };
}

/** @param pageCounts whether a bare index.html makes a project */
async function projectAt(
  directory: string,
  pageCounts: boolean,
): Promise<Omit<Project, "id"> | undefined> {
  const root = await realpath(directory).catch(() => directory);
  const manifest = await readManifest(root);
  const name =
    typeof manifest?.name === "string" && manifest.name !== ""
      ? manifest.name
      : path.basename(root);
  for (const configName of configNames) {
    const configFile = path.join(root, configName);
    if (await isFile(configFile)) return { name, root, evidence: "vite-config", configFile };
  }
  if (!(await isFile(path.join(root, "index.html")))) return undefined;
  if ("vite" in allDependencies(manifest)) return { name, root, evidence: "vite-dependency" };
  return pageCounts || manifest !== undefined ? { name, root, evidence: "html" } : undefined;
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

/** Ids are names, made safe; the path's hash keeps two of one name apart and the id the same from run to run. */
function withIds(projects: readonly Omit<Project, "id">[]): Project[] {
  return projects.map((project) => {
    const safe = project.name
      .replace(/^@[^/]*\//, "")
      .replace(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[-.]+|[-.]+$/g, "");
    const hash = createHash("sha256").update(project.root).digest("hex").slice(0, 6);
    return { id: `${(safe === "" ? "project" : safe).slice(0, 56)}-${hash}`, ...project };
  });
}
