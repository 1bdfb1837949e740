/** Packages of other versions, installed from the registry once into `.cache/packages`. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { project } from "../../scripts/bootstrap.mjs";

const run = promisify(execFile);
const cache = path.join(project, ".cache", "packages");

/** @returns absolute path of a `node_modules` folder that holds exactly this package and what it needs */
export function installedPackage(name: string, version: string): Promise<string> {
  return install(`${name}-${version}`, [`${name}@${version}`]);
}

/**
 * @param packages `name@version` each
 * @returns absolute path of a `node_modules` folder that holds exactly these and what they need
 */
export function installedPackages(packages: readonly string[]): Promise<string> {
  return install(packages.join("+").replaceAll("/", "_"), packages);
}

async function install(folder: string, packages: readonly string[]): Promise<string> {
  const kept = path.join(cache, folder);
  const modules = path.join(kept, "node_modules");
  if (await isThere(modules)) return modules;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(path.join(cache, "new-"));
  await writeFile(path.join(fresh, "package.json"), "{}");
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--no-save"];
  await run("npm", ["install", ...quiet, ...packages], {
    cwd: fresh,
    shell: process.platform === "win32",
  });
  // Last, so that an interrupted install is never taken for a finished one; another test file may have been faster.
  await rename(fresh, kept).catch(() => rm(fresh, { recursive: true, force: true }));
  return modules;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
