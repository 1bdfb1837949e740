/** Projects that leave the workspace while they run, and those that come into it by a start (dev-servers 7 and 14). */
import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import type { DevServerState } from "../../../src/protocol/dev-server.ts";
import { isAlive } from "../../support/alive.ts";
import { callApi, devServerIs, listenToDevServers } from "../../support/dev-server-events.ts";
import { eventually } from "../../support/eventually.ts";
import { removeTree, startServer, writeTree, type TestServer } from "../../support/server.ts";

const trees: string[] = [];
afterEach(async () => {
  await Promise.all(trees.splice(0).map(removeTree));
});

const shop = {
  id: "shop",
  root: "shop",
  ui: {},
  backend: {
    build: { command: ["node", "build.mjs"] },
    watch: { include: ["src/**"] },
    debounceMs: 20,
    problems: { pattern: { regexp: "^(.+):(\\d+): (.+)$", file: 1, line: 2, message: 3 } },
  },
};
const configured = (...projects: readonly object[]): string =>
  JSON.stringify({ devServers: { projects } });

async function workspace(name?: string): Promise<string> {
  const root = await writeTree(
    {
      "vitrine.json": configured(shop),
      "shop/index.html": "<!doctype html><title>shop</title>",
      "shop/src/app.txt": "",
      "shop/build.mjs": 'console.error("src/app.txt:3: a fault"); process.exit(1);',
      "docs/index.html": "<!doctype html><title>docs</title>",
    },
    name,
  );
  trees.push(root);
  return root;
}

async function broken(server: TestServer): Promise<DevServerState> {
  await server.methods.startDevServer("shop");
  return devServerIs(
    server,
    "shop",
    "served and not built",
    ({ viteStatus, errors }) => viteStatus === "ready" && errors.length > 0,
  );
}

const isGone = (server: TestServer, id: string): Promise<unknown> =>
  eventually(`${id} to be gone`, () => server.devServers.every(({ pluginID }) => pluginID !== id));

test("a project that is taken out of vitrine.json is stopped, its Problems cleared, its port given back", async () => {
  const root = await workspace();
  await using server = await startServer({ folders: [root] });
  await server.methods.findProjects();
  const { uiPid, viteURL } = await broken(server);
  const feed = await listenToDevServers(server);
  await writeFile(
    path.join(root, "vitrine.json"),
    configured({ id: "docs", root: "docs", ui: {} }),
  );
  await rm(path.join(root, "shop/index.html"));
  await isGone(server, "shop");
  expect(isAlive(uiPid)).toBe(false);
  await expect(fetch(viteURL)).rejects.toThrow();
  await eventually("the session to be gone", () => server.sessions.length === 0);
  expect(await readdir(path.join(server.stateDirectory, "ports"))).toEqual([]);
  expect(feed.order().filter((word) => word !== "log")).toContain("error(0)");
  expect(
    feed.events.findLast(({ event }) => event === "plugin/devserver/status")?.data,
  ).toMatchObject({ mode: "idle", aggregate: "stopped", errors: [], lastError: "", vitePort: 0 });
  expect((await callApi(server, "devservers/list")).result).toEqual([]);
  expect(await callApi(server, "devservers/stop", { id: "shop" })).toMatchObject({ status: 404 });
  feed.close();
});

test("a project whose folder leaves the workspace is stopped, and one that is asked for by a path as well", async () => {
  const [root, other] = [await workspace("one"), await workspace("two")];
  const deep = path.join(other, "a/b/c/d/e/f/g");
  await mkdir(deep, { recursive: true });
  await writeFile(path.join(deep, "index.html"), "<!doctype html>");
  await writeFile(path.join(other, "vitrine.json"), configured({ ...shop, id: "second" }));
  await using server = await startServer({ folders: [root, other] });
  await server.methods.findProjects();
  await broken(server);
  const { id } = await server.methods.openSession(deep);
  await server.sessionIs(id, "live");
  await server.methods.setFolders([root]);
  await isGone(server, id);
  expect(server.devServers.map(({ pluginID }) => pluginID)).toEqual(["shop"]);
  await server.methods.setFolders([]);
  await isGone(server, "shop");
  expect(await readdir(path.join(server.stateDirectory, "ports"))).toEqual([]);
});

test("a project that gets another id goes on under it, at its port; another name in package.json changes nothing", async () => {
  const root = await workspace();
  await using server = await startServer({ folders: [root] });
  await server.methods.findProjects();
  const { vitePort } = await broken(server);
  await writeFile(path.join(root, "vitrine.json"), configured({ ...shop, id: "store" }));
  await isGone(server, "shop");
  const next = await devServerIs(
    server,
    "store",
    "ready",
    ({ viteStatus }) => viteStatus === "ready",
  );
  expect(next.vitePort).toBe(vitePort);

  const docs = server.projects.find(({ folder }) => folder === path.join(root, "docs"))?.id ?? "";
  await server.methods.startDevServer(docs);
  const { uiPid } = await devServerIs(
    server,
    docs,
    "ready",
    ({ viteStatus }) => viteStatus === "ready",
  );
  await writeFile(path.join(root, "docs/package.json"), '{ "name": "handbook" }');
  const renamed = await eventually("the name", () =>
    server.projects.find(({ name }) => name === "handbook"),
  );
  expect(renamed.id).toBe(docs);
  expect(isAlive(uiPid)).toBe(true);
});

test("a vitrine.json that is empty, as while it is written, ends nothing", async () => {
  const root = await workspace();
  await using server = await startServer({ folders: [root] });
  await server.methods.findProjects();
  const { uiPid } = await broken(server);
  await writeFile(path.join(root, "vitrine.json"), "");
  const projects = await server.methods.findProjects();
  expect(projects.map(({ id }) => id)).toContain("shop");
  await writeFile(path.join(root, "vitrine.json"), configured(shop));
  await server.methods.findProjects();
  expect(isAlive(uiPid)).toBe(true);
});

test("a project whose files are away for a moment is started again when they are back", async () => {
  const root = await workspace();
  await using server = await startServer({ folders: [root] });
  await server.methods.findProjects();
  const { vitePort } = await broken(server);
  await rename(path.join(root, "vitrine.json"), path.join(root, "away.json"));
  await rename(path.join(root, "shop"), path.join(root, ".shop"));
  await isGone(server, "shop");
  await rename(path.join(root, ".shop"), path.join(root, "shop"));
  await rename(path.join(root, "away.json"), path.join(root, "vitrine.json"));
  const back = await devServerIs(
    server,
    "shop",
    "ready",
    ({ viteStatus }) => viteStatus === "ready",
  );
  expect(back.vitePort).toBe(vitePort);
});

test("a project that moves under its id is served from where it lies now", async () => {
  const root = await workspace();
  await using server = await startServer({ folders: [root] });
  await server.methods.findProjects();
  await broken(server);
  await writeFile(
    path.join(root, "vitrine.json"),
    configured({ id: "shop", root: "docs", ui: {} }),
  );
  const moved = await devServerIs(
    server,
    "shop",
    "served from docs",
    ({ devPath, viteStatus }) => devPath === path.join(root, "docs") && viteStatus === "ready",
  );
  expect(await (await fetch(moved.viteURL)).text()).toContain("<title>docs</title>");
});

test("startForPath starts a folder that nobody configured, under the id of the caller", async () => {
  const root = await workspace();
  await using server = await startServer({ folders: [root] });
  const docs = path.join(root, "docs");
  const answer = await callApi(server, "devservers/startForPath", { id: "handbook", path: docs });
  expect(answer).toMatchObject({
    status: 200,
    result: { pluginID: "handbook", devPath: docs, mode: "managed" },
  });
  const state = await devServerIs(
    server,
    "handbook",
    "ready",
    ({ aggregate }) => aggregate === "ready",
  );
  expect(await (await fetch(state.viteURL)).text()).toContain("<title>docs</title>");
  expect(server.projects.filter(({ folder }) => folder === docs)).toMatchObject([
    { id: "handbook" },
  ]);
  // Idempotent, by the path and by the id, also through the contract.
  expect(await server.methods.startDevServerForPath("handbook", docs)).toEqual(state);
  expect(await server.methods.startDevServer("handbook")).toEqual(state);
  expect(await server.methods.startDevServerForPath("shop", path.join(root, "shop"))).toMatchObject(
    { pluginID: "shop", mode: "managed" },
  );
});

test("startForPath takes no path outside the workspace, no id of another project, and no folder with nothing in it", async () => {
  const root = await workspace();
  const outside = await workspace("outside");
  await symlink(outside, path.join(root, "link"));
  await mkdir(path.join(root, "empty"));
  await using server = await startServer({ folders: [root] });
  const ask = (id: string, folder: string): ReturnType<typeof callApi> =>
    callApi(server, "devservers/startForPath", { id, path: folder });
  const refused = {
    status: 403,
    error: { code: "path_refused", message: expect.stringContaining("is not inside a folder of") },
  };
  for (const folder of [
    path.join(outside, "docs"),
    path.join(root, "link/docs"),
    `${root}/docs/../../outside`,
    path.join(root, ".git"),
  ])
    expect(await ask("handbook", folder)).toMatchObject(refused);
  expect(await ask("handbook", "docs")).toMatchObject({
    status: 400,
    error: { message: '"docs" is no absolute path. Give the whole one' },
  });
  expect(await ask("handbook", path.join(root, "nowhere"))).toMatchObject({ status: 404 });
  expect(await ask("handbook", path.join(root, "empty"))).toMatchObject({
    status: 422,
    error: { message: expect.stringMatching(/^There is nothing to start in .*empty: no vite/) },
  });
  expect(await ask("shop", path.join(root, "docs"))).toMatchObject({
    status: 400,
    error: { message: expect.stringContaining('The id "shop" is that of the project in') },
  });
  expect(await ask("handbook", path.join(root, "shop"))).toMatchObject({
    status: 400,
    error: { message: expect.stringContaining('is the project "shop" already') },
  });
  expect(await ask("../up", path.join(root, "docs"))).toMatchObject({ status: 400 });
  expect(server.devServers).toEqual([]);
  await using untrusted = await startServer({ folders: [root], trusted: false });
  expect(
    await callApi(untrusted, "devservers/startForPath", { id: "x", path: path.join(root, "docs") }),
  ).toMatchObject({ status: 403, error: { code: "not_trusted" } });
});
