/** A workspace of small projects: `shop` has a page and a back end, others have a page alone. */
import { onTestFinished } from "vitest";
import type { DevServerState } from "../../src/protocol/dev-server.ts";
import { devServerIs } from "./dev-server-events.ts";
import {
  removeTree,
  startServer,
  writeTree,
  type TestServer,
  type TestServerOptions,
} from "./server.ts";

/** Source of a back end that answers with a text, and says where. */
export const answer = (text: string): string => `
  import { createServer } from "node:http";
  createServer((_request, response) => response.end(${JSON.stringify(text)}))
    .listen(0, "127.0.0.1", function () { console.log("listening on 127.0.0.1:" + this.address().port); });
`;

/** Copies the source, or fails at the line that holds `SYNTAX`. */
const build = `
  import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
  const lines = readFileSync("src/app.mjs", "utf8").split("\\n");
  const bad = lines.findIndex((line) => line.includes("SYNTAX"));
  if (bad >= 0) { console.error("src/app.mjs:" + (bad + 1) + ":3: unexpected SYNTAX"); process.exit(1); }
  mkdirSync("out", { recursive: true });
  copyFileSync("src/app.mjs", "out/app.mjs");
`;

/** As written in `vitrine.json`. */
export const shop = {
  id: "shop",
  root: "shop",
  ui: { root: "ui" },
  backend: {
    build: { command: ["node", "build.mjs"] },
    artifact: "out/app.mjs",
    install: "<state>/plugins/${id}/app.mjs",
    watch: { include: ["src/**/*.mjs"] },
    debounceMs: 50,
    problems: {
      pattern: { regexp: "^(.+):(\\d+):(\\d+): (.+)$", file: 1, line: 2, column: 3, message: 4 },
    },
    run: {
      command: ["node", "${artifact}"],
      handshake: { type: "regex", pattern: "listening on (?<addr>\\S+)", timeoutMs: 20_000 },
    },
  },
};

export const shopFiles = {
  "shop/package.json": '{ "name": "shop", "type": "module" }',
  "shop/ui/index.html": "<!doctype html><title>shop</title><h1>shop</h1>",
  "shop/src/app.mjs": answer("one"),
  "shop/build.mjs": build,
};

/** As written in `vitrine.json`, a project with a page alone. */
export const site = { id: "site", root: "site", ui: {} };

/** A project with a page alone, its files below `<id>/`. */
export function pageFiles(id: string): Record<string, string> {
  return {
    [`${id}/package.json`]: JSON.stringify({ name: id, type: "module" }),
    [`${id}/index.html`]: `<!doctype html><title>${id}</title><script type="module" src="/main.js"></script>`,
    [`${id}/main.js`]: `document.body.textContent = ${JSON.stringify(id)};\n`,
  };
}

/** Writes a workspace with its `vitrine.json`, gone after the test. @returns its root */
async function writeWorkspace(
  projects: readonly object[],
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const configuration = JSON.stringify({ devServers: { projects } }, null, 2);
  const root = await writeTree({ "vitrine.json": configuration, ...files });
  onTestFinished(() => removeTree(root));
  return root;
}

/** A server that has looked for its projects. */
export async function openServer(
  root: string,
  options: Partial<TestServerOptions> = {},
): Promise<TestServer> {
  const server = await startServer({ folders: [root], ...options });
  await server.methods.findProjects();
  return server;
}

/** A workspace and a server that has looked for its projects, both gone after the test. */
export async function openWorkspace(
  projects: readonly object[],
  files: Readonly<Record<string, string>>,
  options: Partial<TestServerOptions> = {},
): Promise<{ root: string; server: TestServer }> {
  const root = await writeWorkspace(projects, files);
  const server = await openServer(root, options);
  onTestFinished(() => server.stop());
  return { root, server };
}

/** `shop` and `site` side by side. @param more files beside theirs, or in their place */
export function openShopAndSite(
  options: Partial<TestServerOptions> = {},
  more: Readonly<Record<string, string>> = {},
): Promise<{ root: string; server: TestServer }> {
  return openWorkspace([shop, site], { ...shopFiles, ...pageFiles("site"), ...more }, options);
}

export const isReady = (server: TestServer, id: string): Promise<DevServerState> =>
  devServerIs(server, id, "ready", ({ aggregate }) => aggregate === "ready");
