/**
 * Packs `vitrine-<platform>.vsix` for this platform from the built `dist`: everything is bundled except the packages of
 * `unbundled.json`, which travel with what they need, this platform's native parts included (decision 41).
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { node24, project } from "./bootstrap.mjs";

const target = `${process.platform}-${process.arch}`;
const stage = path.join(project, ".cache", "package");
const vsix = path.join(project, `vitrine-${target}.vsix`);
const unbundled = readJson("scripts/unbundled.json");
const lock = readJson("package-lock.json").packages;
const manifest = readJson("package.json");

rmSync(stage, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
for (const name of [
  "dist",
  "media",
  "schemas",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
  "package.nls.json",
  "walkthrough",
])
  copy(name);
for (const folder of packageFolders()) copy(folder);
writeFileSync(path.join(stage, "package.json"), JSON.stringify(publishedManifest(), null, 2));
pack();
console.log(`${path.basename(vsix)}: ${(statSync(vsix).size / 1e6).toFixed(1)} MB`);

/** The manifest without what only this repository needs. */
function publishedManifest() {
  const {
    scripts: _scripts,
    devDependencies: _tools,
    allowScripts: _allowed,
    overrides: _overrides,
    private: _private,
    ...rest
  } = manifest;
  return {
    ...rest,
    dependencies: Object.fromEntries(unbundled.map((name) => [name, manifest.dependencies[name]])),
  };
}

/** Folders of the unbundled packages and of everything they depend on, as installed here. */
function packageFolders() {
  const folders = new Set();
  const queue = unbundled.map((name) => `node_modules/${name}`);
  for (const folder of queue) {
    if (folders.has(folder)) continue;
    folders.add(folder);
    for (const name of neededBy(lock[folder] ?? {})) {
      const found = locate(name, folder);
      if (found) queue.push(found);
    }
  }
  return folders;
}

function neededBy({
  dependencies = {},
  optionalDependencies = {},
  peerDependencies = {},
  peerDependenciesMeta = {},
}) {
  const peers = Object.keys(peerDependencies).filter(
    (name) => !peerDependenciesMeta[name]?.optional,
  );
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
}

/** The folder that `name` resolves to from inside `from`, or undefined when it is not installed on this platform. */
function locate(name, from) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const folder = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock[folder] && existsSync(path.join(project, folder))) return folder;
    if (at === "") return undefined;
  }
}

function copy(name) {
  const from = path.join(project, name);
  if (!existsSync(from)) return;
  cpSync(from, path.join(stage, name), {
    recursive: true,
    filter: (file) => isPublished(path.relative(from, file), name),
  });
}

/** Nested packages are copied by their own entry; source maps and type declarations serve nobody at run time. */
function isPublished(file, root) {
  if (file.split(path.sep).includes("node_modules")) return false;
  // Its install script puts a second copy of the native program here; the program is started from its own package.
  if (root === "node_modules/esbuild" && file.startsWith("bin")) return false;
  return !/\.(map|d\.[cm]?ts|[cm]?ts\.map)$/.test(file);
}

function pack() {
  const vsce = path.join(project, "node_modules", "@vscode", "vsce", "vsce");
  const args = [
    "package",
    "--target",
    target,
    "--out",
    vsix,
    "--allow-missing-repository",
    "--no-rewrite-relative-links",
  ];
  const { status } = spawnSync(node24, [vsce, ...args], {
    cwd: stage,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}

function readJson(file) {
  return JSON.parse(readFileSync(path.join(project, file), "utf8"));
}
