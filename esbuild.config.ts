/** All bundles: one configuration per runtime. `node esbuild.config.ts [--watch]`. */
import { readFileSync, rmSync } from "node:fs";
import { context, type BuildOptions } from "esbuild";

interface Manifest {
  dependencies: Record<string, string>;
}

const manifest = readJson<Manifest>("package.json");
const watch = process.argv.includes("--watch");

/** Packages that cannot be bundled: native bindings, and what is loaded by path at run time. */
const unbundled = readJson<readonly string[]>("scripts/unbundled.json");

for (const name of unbundled) {
  if (!manifest.dependencies[name])
    throw new Error(`${name} is left out of the bundle but is not a dependency`);
}

const shared: BuildOptions = {
  bundle: true,
  sourcemap: true,
  logLevel: "info",
  legalComments: "none",
};
const node: BuildOptions = {
  ...shared,
  platform: "node",
  format: "esm",
  target: "node22.14",
  splitting: true,
  // Its CommonJS form asks for its own files in a way that no bundler can follow.
  alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
  // CommonJS packages in an ESM bundle still call require for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
};
/** What runs in pages and workers. */
const realm: BuildOptions = {
  ...shared,
  platform: "browser",
  target: "es2022",
  minify: !watch,
  outdir: "dist/realm",
};

const bundles: BuildOptions[] = [
  {
    ...shared,
    platform: "node",
    format: "esm",
    target: "node22.14",
    splitting: true,
    minify: !watch,
    external: ["vscode"],
    outdir: "dist/extension",
    entryPoints: { main: "src/extension/main.ts" },
  },
  {
    ...node,
    external: [...unbundled],
    outdir: "dist/server",
    entryPoints: {
      main: "src/server/main.ts",
      cli: "src/server/cli.ts",
      "vite-host": "src/server/vite-host/main.ts",
      guard: "src/server/dev-servers/guard/main.ts",
      watchdog: "src/server/watchdog.ts",
    },
  },
  {
    ...shared,
    platform: "browser",
    format: "esm",
    target: "es2022",
    minify: !watch,
    loader: { ".ttf": "file" },
    outdir: "dist/webview",
    entryPoints: [
      { in: "src/webview/main.ts", out: "panel" },
      { in: "src/webview/panel.css", out: "panel" },
    ],
  },
  {
    ...shared,
    platform: "browser",
    format: "iife",
    target: "es2022",
    minify: !watch,
    outdir: "dist/realm",
    // Import attributes are handed through for the browser to judge; esbuild itself cannot follow such an import.
    supported: { "import-attributes": true },
    logOverride: { "unsupported-dynamic-import": "silent" },
    entryPoints: {
      page: "src/realm/page.ts",
      packs: "src/realm/packs/main.ts",
      plugins: "src/realm/plugins/main.ts",
      remote: "src/realm/remote/remote.ts",
      broker: "src/realm/remote/broker.ts",
    },
  },
  {
    ...shared,
    platform: "neutral",
    format: "esm",
    target: "es2022",
    outdir: "dist",
    entryPoints: { grammar: "src/markdown/grammar.ts" },
  },
  {
    ...realm,
    format: "esm",
    entryPoints: {
      worker: "src/realm/worker.ts",
      "worker-bootstrap": "src/realm/remote/worker-bootstrap.ts",
    },
  },
  {
    ...realm,
    format: "iife",
    // A classic script has no address of its own; whoever loads it leaves it here.
    define: { "import.meta.url": "globalThis.__vitrineWorker" },
    entryPoints: { "worker-classic": "src/realm/worker.ts" },
  },
  {
    ...realm,
    format: "esm",
    entryPoints: {
      "node-test": "src/realm/test/node-test.ts",
      "node-assert": "src/realm/test/node-assert.ts",
    },
  },
  {
    ...node,
    splitting: false,
    external: ["esbuild"],
    outdir: "dist/realm",
    entryPoints: { node: "src/realm/node/main.ts", "node-loader": "src/realm/node/loader.ts" },
  },
];

rmSync(new URL("dist", import.meta.url), { recursive: true, force: true });
for (const options of bundles) {
  const build = await context(options);
  await build.rebuild();
  if (watch) await build.watch();
  else await build.dispose();
}

function readJson<Content>(file: string): Content {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")) as Content;
}
