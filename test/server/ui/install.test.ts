/** Packages that are missing: installed where the configuration says so, else told (dev-servers 4.1.1). */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { callApi, devServerIs } from "../../support/dev-server-events.ts";
import { eventually } from "../../support/eventually.ts";
import { removeTree, startServer, writeTree } from "../../support/server.ts";
import vite from "../../../node_modules/vite/package.json" with { type: "json" };

const ourVite = path.resolve(import.meta.dirname, "../../../node_modules/vite/dist/node/index.js");

let root = "";
afterEach(() => removeTree(root));

function files(install: string, version: string): Record<string, string> {
  const ui = { root: ".", install };
  return {
    "vitrine.json": JSON.stringify({ devServers: { projects: [{ id: "shop", root: ".", ui }] } }),
    "package.json": JSON.stringify({ name: "shop", devDependencies: { vite: version } }),
    "index.html": "<!doctype html><title>shop</title>",
  };
}

test("with install auto a project without packages gets them from the registry, and is served by its own Vite", async () => {
  root = await writeTree(files("auto", vite.version));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const session = await server.sessionIs("shop", "live", 55_000);
  expect(session.viteVersion).toBe(vite.version);
  expect(session.notices).toEqual([]);
  expect(existsSync(path.join(root, "node_modules/vite"))).toBe(true);
  expect(server.logs.some(({ source }) => source === "install")).toBe(true);
});

test("an installation that fails says how, and where to look", async () => {
  root = await writeTree(files("auto", "not a version"));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const { state } = await server.sessionIs("shop", "error", 55_000);
  expect(state).toMatchObject({
    fault: {
      code: "not_installed",
      message:
        "Installing the packages of shop with npm install ended with exit code 1. Look at the log, correct it, then try again",
      install: "npm install",
    },
  });
});

test("otherwise nothing is installed, and the command is told", async () => {
  root = await writeTree(files("ask", vite.version));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const { state } = await server.sessionIs("shop", "error");
  expect(state).toMatchObject({
    fault: {
      message: expect.stringMatching(/vite is missing\. Run npm install in .* then restart/),
      install: "npm install",
    },
  });
  expect(existsSync(path.join(root, "node_modules"))).toBe(false);
});

/** Packages of the project itself: npm installs them without the registry. */
const local = {
  ".npmrc": "audit=false\nfund=false\nfetch-retries=0\n",
  "packages/vite/package.json": JSON.stringify({
    name: "vite",
    version: vite.version,
    type: "module",
  }),
  "packages/vite/dist/node/index.js": `export * from ${JSON.stringify(ourVite)};`,
  "packages/serve/package.json": JSON.stringify({
    name: "serve",
    version: "1.0.0",
    bin: "serve.js",
  }),
  "packages/serve/serve.js": `#!/usr/bin/env node
    const port = process.argv[process.argv.indexOf("--port") + 1];
    require("node:http").createServer((_request, response) => response.end("served"))
      .listen(port, "127.0.0.1", () => console.log("Local: http://127.0.0.1:" + port + "/"));`,
};

test("what a person asks for is installed, told in the log, and the project is started; a second time it is installed again", async () => {
  root = await writeTree({ ...files("ask", "file:packages/vite"), ...local });
  await using server = await startServer({ folders: [root] });
  await server.methods.findProjects();
  await server.methods.startDevServer("shop");
  const failed = await devServerIs(
    server,
    "shop",
    "failed",
    ({ failure }) => failure !== undefined,
  );
  expect(failed).toMatchObject({ failure: "not_installed", viteStatus: "error" });
  expect(await server.methods.installDependencies("shop")).toMatchObject({
    mode: "managed",
    viteStatus: "starting",
  });
  await devServerIs(server, "shop", "ready", ({ aggregate }) => aggregate === "ready");
  expect(server.sessions[0]?.viteVersion).toBe(vite.version);
  const said = (): readonly string[] => server.devServerLines.map(({ message }) => message);
  await eventually("the end in the log", () =>
    said().includes("The packages of shop are installed"),
  );
  expect(said()).toContain(`Running npm install in ${root}`);

  await rm(path.join(root, "node_modules"), { recursive: true });
  expect((await callApi(server, "devservers/install", { id: "shop" })).status).toBe(200);
  await devServerIs(server, "shop", "starting", ({ viteStatus }) => viteStatus === "starting");
  await devServerIs(server, "shop", "ready", ({ aggregate }) => aggregate === "ready");
  expect(existsSync(path.join(root, "node_modules/vite"))).toBe(true);
});

test("a command that does not come up without its packages offers them, and has them then", async () => {
  const ui = { root: ".", runner: "command", command: ["npm", "run", "dev"] };
  root = await writeTree({
    ...local,
    "vitrine.json": JSON.stringify({ devServers: { projects: [{ id: "shop", root: ".", ui }] } }),
    "package.json": JSON.stringify({
      name: "shop",
      scripts: { dev: "serve" },
      dependencies: { serve: "file:packages/serve" },
    }),
  });
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const { state } = await server.sessionIs("shop", "error");
  expect(state).toMatchObject({
    fault: {
      code: "server_gone",
      message: expect.stringMatching(
        /^The command "npm run dev" ended with exit code 127 .* The packages of shop are not installed: run npm install in /,
      ),
      install: "npm install",
    },
  });
  await server.methods.installDependencies("shop");
  const session = await server.sessionIs("shop", "live");
  expect(await (await fetch(session.url)).text()).toContain("served");
});

test("an installation that a person asks for can be stopped, needs trust, and needs a UI", async () => {
  root = await writeTree({
    ...files("ask", "file:packages/vite"),
    ...local,
    "packages/vite/package.json": JSON.stringify({
      name: "vite",
      version: vite.version,
      scripts: { install: "node -e 'setInterval(() => {}, 1e6)'" },
    }),
    "api/go.mod": "module api",
  });
  await using server = await startServer({ folders: [root] });
  const projects = await server.methods.findProjects();
  await server.methods.installDependencies("shop");
  await eventually("the installation to have begun", () =>
    server.sessions.some(
      ({ state }) => state.name === "starting" && state.step === "Installing packages with npm",
    ),
  );
  await server.methods.stopDevServer("shop");
  await server.sessionIs("shop", "stopped");
  const api = projects.find(({ hasUI }) => !hasUI)?.id ?? "";
  expect(await callApi(server, "devservers/install", { id: api })).toMatchObject({
    status: 400,
    error: { message: "api has no UI whose packages could be installed" },
  });
  await using untrusted = await startServer({ folders: [root], trusted: false });
  expect(await callApi(untrusted, "devservers/install", { id: "shop" })).toMatchObject({
    status: 403,
    error: { code: "not_trusted" },
  });
});

test("with install never nothing is offered", async () => {
  root = await writeTree(files("never", vite.version));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const { state } = await server.sessionIs("shop", "error");
  expect(state).toMatchObject({ fault: { code: "not_installed" } });
  expect(state).not.toHaveProperty("fault.install");
});
