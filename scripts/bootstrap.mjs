/**
 * Makes a fresh clone ready. Runs before anything is installed, so: plain JavaScript, Node 20.19, Node's own modules only,
 * any npm from 10 on, and the user's own npm configuration untouched.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Checked with this version only: the selectors and address parameters that the tests use are not public API. */
const codeServerVersion = "4.139.1";
const codeServerHome = path.join(project, ".cache", "code-server");
const codeServerRoot = path.join(codeServerHome, "node_modules", "code-server");

/** The program that starts code-server, once `ensureCodeServer` has run. */
export const codeServerEntry = path.join(codeServerRoot, "out", "node", "entry.js");

/** Node 24 from the devDependency `node`; the system's may be 20. */
export const node24 = path.join(
  project,
  "node_modules",
  "node",
  "bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/**
 * Installs what the lock file names, unless `node_modules` holds exactly that. Not by `npm ci`: it refuses a lock file
 * without the packages of other platforms, which a registry that does not carry them all leaves out.
 */
export function ensureDependencies() {
  if (isInstalled()) return;
  say("installing dependencies (npm install)");
  npm(["install", "--no-save", "--no-audit", "--no-fund"], project);
}

/** Puts code-server into `.cache`, with log files that need no compiler. */
export function ensureCodeServer() {
  installCodeServer();
  // Each time: an earlier checkout may have installed it.
  copyFileSync(
    path.join(project, "scripts", "spdlog.cjs"),
    path.join(codeServerRoot, "lib/vscode/node_modules/@vscode/spdlog/index.js"),
  );
}

/** Without its install scripts: they refuse npm 10 and compile what tests do not need (decision 42). */
function installCodeServer() {
  const stamp = path.join(codeServerHome, "installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === codeServerVersion) return;
  say(`installing code-server ${codeServerVersion} into .cache/code-server (600 MB)`);
  rmSync(codeServerHome, { recursive: true, force: true });
  mkdirSync(codeServerHome, { recursive: true });
  // A manifest of its own keeps npm from taking this project's for the one to change.
  writeFileSync(path.join(codeServerHome, "package.json"), '{ "private": true }\n');
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  npm(
    [
      "install",
      ...quiet,
      "--save-exact",
      "--prefix",
      codeServerHome,
      `code-server@${codeServerVersion}`,
    ],
    codeServerHome,
  );
  for (const inner of ["lib/vscode", "lib/vscode/extensions"]) {
    const folder = path.join(codeServerRoot, inner);
    npm(["install", ...quiet, "--omit=dev", "--prefix", folder], folder);
  }
  writeFileSync(stamp, codeServerVersion);
}

/** Installs Chromium through apt where that is possible; answers its path, or undefined after saying what to do. */
export function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  if (process.platform === "linux" && process.getuid?.() === 0 && findProgram("apt-get")) {
    say("installing Chromium (apt-get install chromium)");
    const options = {
      stdio: "inherit",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    };
    spawnSync("apt-get", ["update", "-qq"], options);
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], options);
  }
  const installed = findChromium();
  if (!installed) say("no Chromium found: install Chromium or Chrome, or set CHROMIUM_PATH to one");
  return installed;
}

/** Path of a Chromium-family browser on this machine, or undefined. */
export function findChromium() {
  const known = [
    process.env.CHROMIUM_PATH,
    ...["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].map(findProgram),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ];
  return known.find((file) => file && existsSync(file));
}

/** Absolute path of a program on PATH, or undefined. */
export function findProgram(name) {
  const names = process.platform === "win32" ? [`${name}.cmd`, `${name}.exe`] : [name];
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return folders
    .flatMap((folder) => names.map((file) => path.join(folder, file)))
    .find(isExecutable);
}

/** Goes on in Node 24 with `script`; ends this process with its exit code. Ctrl-C reaches both through the terminal. */
export function continueInNode24(script, args = process.argv.slice(2)) {
  const bin = path.join(project, "node_modules", ".bin");
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
  const child = spawn(node24, [path.join(project, script), ...args], {
    cwd: project,
    env,
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  child.on("error", (error) =>
    fail(`Node 24 did not start from node_modules: ${error.message}. Run "npm ci" again`),
  );
  child.on("exit", (code) => process.exit(code ?? 1));
}

/** Compares by content: the times of the two lock files depend on how the clone came about. */
function isInstalled() {
  const present = path.join(project, "node_modules", ".package-lock.json");
  if (!existsSync(present) || !existsSync(node24)) return false;
  const wanted = Object.entries(readPackages(path.join(project, "package-lock.json")));
  const installed = readPackages(present);
  return wanted.every(
    ([folder, { version, optional, devOptional, link }]) =>
      folder === "" ||
      link ||
      (installed[folder] ? installed[folder].version === version : optional || devOptional),
  );
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

function npm(args, folder) {
  // Variables of an npm that started us belong to that run: they would carry its prefix and user agent into this one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^npm_(package|lifecycle|command|execpath|config_(user_agent|prefix|local_prefix))/i.test(
          name,
        ),
    ),
  );
  const { status, error } = spawnSync("npm", args, {
    cwd: folder,
    env,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0)
    fail(
      `"npm ${args.join(" ")}" failed${error ? `: ${error.message}` : ""}. The lines above say why`,
    );
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Absent or not ours to run: the next folder of PATH may have it.
    return false;
  }
}

function say(text) {
  console.log(`\n· ${text}`);
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
