/**
 * Real apps for tests and benchmarks: made by the published create-vite templates, with their real dependencies from the
 * registry. Each is made once into `.cache/templates` and given out as copies.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  access,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { project } from "../../scripts/bootstrap.mjs";

const run = promisify(execFile);
const cache = path.join(project, ".cache", "templates");

export type Template =
  | "react-ts"
  | "vue-ts"
  | "svelte-ts"
  | "preact-ts"
  | "vanilla-ts"
  | "solid-ts"
  | "lit-ts"
  | "react"
  | "vue"
  | "vanilla";

/** Writes the app of a template, dependencies installed, into `folder`, which must not exist yet. */
export async function createApp(template: Template, folder: string): Promise<void> {
  await copyTree(await installedTemplate(template), folder);
}

/** Absolute path of a template with its dependencies. Shared by all: never changed by a test. */
export async function installedTemplate(template: Template): Promise<string> {
  const made = pending.get(template) ?? install(template);
  pending.set(template, made);
  return made;
}

const pending = new Map<Template, Promise<string>>();

async function install(template: Template): Promise<string> {
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(path.join(cache, "new-"));
  const app = path.join(fresh, template);
  const createVite = path.join(project, "node_modules", "create-vite", "index.js");
  await run(process.execPath, [createVite, template, "--template", template, "--no-interactive"], {
    cwd: fresh,
  });
  const manifest = await readFile(path.join(app, "package.json"));
  const kept = path.join(
    cache,
    `${template}-${createHash("sha256").update(manifest).digest("hex").slice(0, 12)}`,
  );
  if (await isThere(path.join(kept, "node_modules"))) {
    await rm(fresh, { recursive: true, force: true });
    return kept;
  }
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", ...quiet], {
    cwd: app,
    env: outsideNpm(),
    shell: process.platform === "win32",
  });
  await rm(kept, { recursive: true, force: true });
  // Last, so that an interrupted install is never taken for a finished one.
  await rename(app, kept);
  await rm(fresh, { recursive: true, force: true });
  return kept;
}

/** Copies a folder; installed packages, which nobody changes, by hard link where the file system allows it. */
async function copyTree(from: string, to: string, linked = false): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory())
      await copyTree(source, target, linked || entry.name === "node_modules");
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (!linked) await copyFile(source, target);
    else await link(source, target).catch(() => copyFile(source, target));
  }
}

/** The environment without what npm sets for the scripts of this project. */
function outsideNpm(): NodeJS.ProcessEnv {
  const foreign =
    /^npm_(package|lifecycle|command|execpath|config_(user_agent|prefix|local_prefix))|^NODE_ENV$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
