/** Goal 11: loading the extension's main file and calling `activate()`, against the same with the server bundled in. */
import { execFile } from "node:child_process";
import { stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";
import manifest from "../package.json" with { type: "json" };
import { project } from "../scripts/bootstrap.mjs";
import { compare, reportFigure, type Target } from "./harness.ts";

const run = promisify(execFile);

export async function benchActivation({ rounds }: { rounds: number }): Promise<boolean> {
  const { size } = await stat(path.join(project, "dist/extension/main.js"));
  const isSmall = reportFigure("Size of the extension's main file", size / 1000, {
    goal: 30,
    unit: "kB",
  });
  const host = path.join(project, "src/extension/main.ts");
  const server = path.join(project, "src/server/server.ts");
  const targets = [
    await activationTarget("main file", `export * from ${JSON.stringify(host)};`),
    await activationTarget(
      "with the server in it",
      `export * from ${JSON.stringify(host)};\nexport * from ${JSON.stringify(server)};`,
    ),
  ];
  const isQuick = await compare({
    title: "Extension main file: load + activate()",
    targets,
    rounds,
    goal: 0.3,
  });
  return isSmall && isQuick;
}

/** Bundles `entry` as the build does, with a stand-in for the editor, and times it in a process of its own each time. */
async function activationTarget(name: string, entry: string): Promise<Target> {
  // Inside the project, where the packages that are left out of the bundle are found.
  const outdir = path.join(project, ".cache", "bench", name.replaceAll(" ", "-"));
  await build({
    stdin: { contents: entry, resolveDir: project, sourcefile: "main.ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22.14",
    mainFields: ["module", "main"],
    splitting: true,
    minify: true,
    outdir,
    packages: "bundle",
    external: ["vite", "esbuild", "oxc-parser"],
    plugins: [standInForEditor],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  const script = path.join(outdir, "time.mjs");
  await writeFile(script, timing);
  return {
    name,
    measure: async () => {
      const { stdout } = await run(process.execPath, [script], { cwd: project });
      return Number(stdout);
    },
  };
}

const timing = `const started = performance.now();
const { activate } = await import("./stdin.js");
activate({ subscriptions: [], extensionUri: { fsPath: "/" }, globalState: { get() {} }, workspaceState: { get() {} } });
console.log(performance.now() - started);
process.exit();
`;

/** Every name is a callable, constructable object whose every property is the same again; settings have their defaults. */
const standIn = `const { configuration } = ${JSON.stringify(manifest.contributes)};
const setting = (name) => configuration.properties["vitrine." + name]?.default;
const getConfiguration = () => ({ get: setting, inspect: (name) => ({ defaultValue: setting(name) }) });
const known = { getConfiguration, prototype: Object.prototype, [Symbol.toPrimitive]: () => "" };
const anything = new Proxy(function () {}, {
  get: (_target, name) => known[name] ?? anything,
  apply: () => anything,
  construct: () => anything,
});
module.exports = Object.create(anything);
`;

const standInForEditor: Plugin = {
  name: "stand-in-for-editor",
  setup(plugin) {
    const namespace = "stand-in";
    plugin.onResolve({ filter: /^vscode$/ }, () => ({ path: "vscode", namespace }));
    plugin.onLoad({ filter: /.*/, namespace }, () => ({ contents: standIn, loader: "js" }));
  },
};
