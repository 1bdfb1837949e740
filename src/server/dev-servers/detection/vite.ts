/** The UI of a folder: a `vite.config.*`, a `vite` dependency with a page, or a page. */
import path from "node:path";
import type { Preset } from "../../../protocol/vite-host.ts";
import { glob } from "tinyglobby";
import type { UiConfig } from "../project-config.ts";
import type { Detected } from "./detected.ts";
import { entryOf } from "./entry.ts";
import { allDependencies, nameOf, readManifest } from "./manifest.ts";
import { ignored, isFile, searchDepth, viteConfigNames } from "./search.ts";

/**
 * @param root absolute real path
 * @param pageCounts whether a bare index.html makes a project
 */
export async function viteAt(root: string, pageCounts: boolean): Promise<Detected | undefined> {
  const manifest = await readManifest(root);
  const name = nameOf(root, manifest);
  const configFile = await configFileIn(root);
  if (configFile !== undefined)
    return { name, root, evidence: "vite-config", configFile, ui: await plainUi(root) };
  if (!(await isFile(path.join(root, "index.html")))) return undefined;
  if ("vite" in allDependencies(manifest))
    return { name, root, evidence: "vite-dependency", ui: await plainUi(root) };
  return pageCounts || manifest !== undefined
    ? { name, root, evidence: "html", ui: await plainUi(root) }
    : undefined;
}

/** Absolute path of the folder's `vite.config.*`. */
export async function configFileIn(root: string): Promise<string | undefined> {
  for (const name of viteConfigNames) {
    const file = path.join(root, name);
    if (await isFile(file)) return file;
  }
  return undefined;
}

/** A UI about which nothing was said. */
async function plainUi(root: string): Promise<UiConfig> {
  const entry = await entryOf(root);
  return {
    root,
    ...(entry === undefined ? {} : { entry }),
    runner: "api",
    install: "ask",
    shared: [],
    plugins: [],
  };
}

/** Which of our plugins a folder without a Vite config needs: its dependencies say it, else its files. */
export async function presetOf(root: string): Promise<Preset> {
  const names = Object.keys(allDependencies(await readManifest(root)));
  for (const preset of ["svelte", "vue", "react"] as const)
    if (names.includes(preset)) return preset;
  const sources = await glob(["**/*.{vue,svelte,jsx,tsx}"], {
    cwd: root,
    ignore: [...ignored],
    deep: searchDepth,
  }).catch(() => []);
  if (sources.some((file) => file.endsWith(".vue"))) return "vue";
  if (sources.some((file) => file.endsWith(".svelte"))) return "svelte";
  return sources.length > 0 ? "react" : "plain";
}
