/** Dev servers of a whole server: real Vite, a real back end, the contract and the control API (dev-servers section 17). */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import type { DevServerState } from "../../../src/protocol/dev-server.ts";
import { isAlive } from "../../support/alive.ts";
import { callApi, devServerIs, listenToDevServers } from "../../support/dev-server-events.ts";
import { eventually } from "../../support/eventually.ts";
import { answer, openServer, shop, shopFiles } from "../../support/shop.ts";
import { startVite } from "../../support/ui-projects.ts";
import {
  dist,
  firstPort,
  removeTree,
  startServer,
  writeTree,
  type TestServer,
} from "../../support/server.ts";

const run = promisify(execFile);
const roots: string[] = [];
afterEach(async () => {
  for (const root of roots.splice(0)) await removeTree(root);
});

async function workspace(projects: readonly object[] = [shop]): Promise<string> {
  const root = await writeTree({
    "vitrine.json": JSON.stringify({ devServers: { projects } }),
    ...shopFiles,
    "admin/package.json": '{ "name": "admin", "type": "module" }',
    "admin/index.html": "<!doctype html><title>admin</title>",
    "docs/package.json": '{ "name": "docs", "type": "module" }',
    "docs/index.html": "<!doctype html><title>docs</title>",
  });
  roots.push(root);
  return root;
}

const uis = [
  { id: "admin", root: "admin", ui: {} },
  { id: "docs", root: "docs", ui: {} },
];

const uiReady = (server: TestServer, id: string): Promise<DevServerState> =>
  devServerIs(server, id, "ready", ({ viteStatus }) => viteStatus === "ready");
const backendSays = async (root: string, server: TestServer, text: string): Promise<void> => {
  await eventually(`the back end to say ${text}`, async () => {
    const line = server.devServerLines
      .map(({ message }) => /listening on (\S+)/.exec(message)?.[1])
      .findLast((address) => address !== undefined);
    if (line === undefined) return false;
    return (await fetch(`http://${line}`).then((said) => said.text(), String)) === text;
  });
};

test("17.1 a start goes to ready with a port of the range and an address that answers; a second one changes nothing", async () => {
  const root = await workspace(uis);
  await using server = await openServer(root);
  const started = await server.methods.startDevServer("admin");
  expect(started).toMatchObject({ pluginID: "admin", mode: "managed", viteStatus: "starting" });
  const ready = await uiReady(server, "admin");
  expect(ready).toMatchObject({ aggregate: "ready", goStatus: "idle", lastError: "", errors: [] });
  expect(ready.vitePort).toBeGreaterThanOrEqual(firstPort);
  expect(ready.viteURL).toBe(`http://127.0.0.1:${ready.vitePort}`);
  expect((await fetch(`${ready.viteURL}/@vite/client`)).status).toBe(200);
  expect(await server.methods.startDevServer("admin")).toEqual(ready);
  expect((await callApi(server, "devservers/status", { id: "admin" })).result).toEqual(ready);
});

test("17.2 two that start at once have different ports, and the port of a stopped one is used again", async () => {
  const root = await workspace(
    [shop, ...uis].map(({ id, root: folder, ui }) => ({ id, root: folder, ui })),
  );
  await using server = await openServer(root);
  await Promise.all([
    server.methods.startDevServer("admin"),
    server.methods.startDevServer("docs"),
  ]);
  const [admin, docs] = await Promise.all([uiReady(server, "admin"), uiReady(server, "docs")]);
  expect(admin.vitePort).not.toBe(docs.vitePort);
  await server.methods.stopDevServer("admin");
  const stopped = await devServerIs(server, "admin", "stopped", ({ mode }) => mode === "idle");
  expect(stopped).toMatchObject({ mode: "idle", viteStatus: "stopped", vitePort: 0, viteURL: "" });
  await server.methods.startDevServer("shop");
  expect((await uiReady(server, "shop")).vitePort).toBe(admin.vitePort);
});

test("17.5 a good build reloads in the documented order, a broken one keeps the old process, and its correction clears the errors", async () => {
  const root = await workspace();
  await using server = await openServer(root);
  const feed = await listenToDevServers(server);
  await server.methods.startDevServer("shop");
  const first = await devServerIs(
    server,
    "shop",
    "ready",
    ({ aggregate }) => aggregate === "ready",
  );
  expect(first).toMatchObject({ goStatus: "ready", grpcConnected: true, generation: 1 });
  await backendSays(root, server, "one");
  feed.clear();
  const source = path.join(root, "shop/src/app.mjs");
  await writeFile(source, `${answer("one")}\n  SYNTAX`);
  const broken = await devServerIs(
    server,
    "shop",
    "broken",
    ({ aggregate }) => aggregate === "error",
  );
  expect(broken).toMatchObject({ goStatus: "error", failure: "build_failed", generation: 1 });
  expect(broken.errors).toMatchObject([
    { file: source, line: 6, column: 3, message: "unexpected SYNTAX", severity: "error" },
  ]);
  await backendSays(root, server, "one");
  expect(feed.order().filter((word) => word !== "log")).toEqual([
    "status(building)",
    "error(1)",
    "status(error)",
  ]);
  expect(isAlive(first.backendPid)).toBe(true);
  feed.clear();
  await writeFile(source, answer("two"));
  await devServerIs(server, "shop", "mended", ({ generation }) => generation === 2);
  await backendSays(root, server, "two");
  await eventually("the end of the reload", () => feed.order().at(-1) === "status(ready)");
  expect(feed.order().filter((word) => word !== "log")).toEqual([
    "status(building)",
    "error(0)",
    "dev_reload_start",
    "dev_reload_complete",
    "status(ready)",
  ]);
  await server.methods.stopDevServer("shop");
  feed.close();
});

test("17.8 a stop within the debounce ends it: no build, no event afterwards", async () => {
  const root = await workspace();
  await using server = await openServer(root);
  const feed = await listenToDevServers(server);
  await server.methods.startDevServer("shop");
  await devServerIs(server, "shop", "ready", ({ aggregate }) => aggregate === "ready");
  await writeFile(path.join(root, "shop/src/app.mjs"), answer("three"));
  await server.methods.stopDevServer("shop");
  await eventually("the last state", () => feed.order().at(-1) === "status(stopped)");
  feed.clear();
  // Many times the debounce: what is to be shown is that nothing comes.
  await delay(500);
  expect(feed.events).toEqual([]);
  await server.methods.startDevServer("shop");
  await devServerIs(server, "shop", "ready again", ({ generation }) => generation === 1);
  expect(feed.order().indexOf("status(building)")).toBeGreaterThanOrEqual(0);
  feed.close();
});

test("17.12 a killed Vite host is an error with the time of its restart, and comes back on its port", async () => {
  const root = await workspace(uis);
  await using server = await openServer(root);
  await server.methods.startDevServer("admin");
  const { uiPid, vitePort } = await uiReady(server, "admin");
  process.kill(uiPid, "SIGKILL");
  const dead = await devServerIs(
    server,
    "admin",
    "dead",
    ({ viteStatus }) => viteStatus === "error",
  );
  expect(dead).toMatchObject({ aggregate: "error", failure: "crashed", viteURL: "" });
  expect(Date.parse(dead.nextRestartAt) - Date.now()).toBeLessThan(1000);
  const back = await uiReady(server, "admin");
  expect(back).toMatchObject({ vitePort, nextRestartAt: "", lastError: "" });
  expect(back.restarts.ui).toBe(1);
  expect(back.uiPid).not.toBe(uiPid);
});

test("17.13 kill -9 of the server leaves nothing of a dev server alive, and the next one clears up its files", async () => {
  const root = await workspace();
  const server = await openServer(root);
  const { stateDirectory } = server;
  await server.methods.startDevServer("shop");
  const { uiPid, backendPid, vitePort } = await devServerIs(
    server,
    "shop",
    "ready",
    ({ aggregate }) => aggregate === "ready",
  );
  server.child.kill("SIGKILL");
  await eventually("the end of all children", () => !isAlive(uiPid) && !isAlive(backendPid), 5000);
  await using next = await startServer({ folders: [root], stateDirectory });
  await next.methods.findProjects();
  const again = await next.methods.startDevServer("shop");
  expect(again.pluginID).toBe("shop");
  expect((await uiReady(next, "shop")).vitePort).toBe(vitePort);
  await next.stop();
  expect(await readdir(path.join(stateDirectory, "servers"))).toEqual([]);
  expect(await readdir(path.join(stateDirectory, "ports"))).toEqual([]);
  await server.stop();
});

test("a process that announces itself is attached, told, and let go of without being touched", async () => {
  const root = await workspace(uis);
  await using server = await openServer(root);
  const file = path.join(root, "docs/.devinfo");
  await writeFile(
    `${file}.tmp`,
    JSON.stringify({ pid: process.pid, addr: new URL(server.welcome.gateway).host }),
  );
  await rename(`${file}.tmp`, file);
  const attached = await devServerIs(server, "docs", "attached", ({ mode }) => mode === "external");
  expect(attached).toMatchObject({
    backendPid: process.pid,
    external: { protocol: "grpc", protocolVersion: 1 },
  });
  await server.methods.detachDevServer("docs");
  expect(
    await devServerIs(server, "docs", "let go of", ({ mode }) => mode === "idle"),
  ).toMatchObject({ external: null });
  expect((await server.methods.attachDevServer("docs")).mode).toBe("external");
  await rm(file);
  await devServerIs(server, "docs", "gone", ({ mode }) => mode === "idle");
});

test("pages of an attached Vite are shown at our address, and stopping lets go of it", async () => {
  const root = await workspace(uis);
  const outside = await startVite(path.join(root, "docs"));
  await using server = await openServer(root);
  const { pid, address } = outside;
  const vitePort = Number(new URL(address).port);
  await writeFile(path.join(root, "docs/.devinfo"), JSON.stringify({ pid, vitePort }));
  const session = await server.sessionIs("docs", "live");
  expect(session.url).not.toBe(address);
  const headers = { "sec-fetch-dest": "document", accept: "text/html" };
  expect(await (await fetch(session.url, { headers })).text()).toContain("-vitrine/page.js");
  const state = await devServerIs(
    server,
    "docs",
    "ready",
    ({ aggregate }) => aggregate === "ready",
  );
  expect(state).toMatchObject({ mode: "external", vitePort, viteURL: address.slice(0, -1) });
  await server.methods.stopDevServer("docs");
  await server.sessionIs("docs", "stopped");
  expect(isAlive(pid)).toBe(true);
  expect(await server.methods.startDevServer("docs")).toMatchObject({ mode: "managed" });
  await uiReady(server, "docs");
});

test("a running project and a process outside: the user is asked, and a choice for the outside stops ours", async () => {
  const root = await workspace(uis);
  await using server = await openServer(root);
  await server.methods.startDevServer("docs");
  const { uiPid } = await uiReady(server, "docs");
  const addr = new URL(server.welcome.gateway).host;
  await writeFile(path.join(root, "docs/.devinfo"), JSON.stringify({ pid: process.pid, addr }));
  const asked = await devServerIs(
    server,
    "docs",
    "in conflict",
    ({ conflict }) => conflict !== undefined,
  );
  expect(asked).toMatchObject({
    mode: "managed",
    viteStatus: "ready",
    conflict: { pid: process.pid },
  });
  await server.methods.detachDevServer("docs");
  await devServerIs(server, "docs", "kept", ({ conflict }) => conflict === undefined);
  expect(isAlive(uiPid)).toBe(true);
  expect(await server.methods.attachDevServer("docs")).toMatchObject({ mode: "external" });
  expect(isAlive(uiPid)).toBe(false);
  await rm(path.join(root, "docs/.devinfo"));
});

test("what cannot be done says why, with a code and a status", async () => {
  const root = await workspace();
  await using server = await openServer(root);
  const ask = (method: string, id = "shop"): ReturnType<typeof callApi> =>
    callApi(server, `devservers/${method}`, { id });
  expect(await ask("start", "nobody")).toMatchObject({
    status: 404,
    error: {
      code: "not_found",
      message: expect.stringMatching(/^There is no project nobody\. Known now: shop/),
    },
  });
  for (const method of ["stop", "rebuild", "detach"])
    expect(await ask(method)).toMatchObject({ status: 422, error: { code: "not_running" } });
  expect((await ask("status")).result).toMatchObject({ pluginID: "shop", mode: "idle" });
  expect(
    await callApi(server, "devservers/attach", {
      id: "shop",
      devinfoPath: path.join(root, "none"),
    }),
  ).toMatchObject({ status: 404 });
  await using untrusted = await startServer({ folders: [root], trusted: false });
  expect(await callApi(untrusted, "devservers/start", { id: "shop" })).toMatchObject({
    status: 403,
    error: { code: "not_trusted" },
  });
});

test("more than may run at once is refused, and a stopped one makes room", async () => {
  const root = await workspace(uis);
  const server = await openServer(root);
  await using _ = server;
  await server.methods.configure({
    ...server.config,
    devServers: { ...server.config.devServers, maxRunning: 1 },
  });
  await server.methods.startDevServer("admin");
  expect(await callApi(server, "devservers/start", { id: "docs" })).toMatchObject({
    status: 429,
    error: { code: "limit", message: expect.stringContaining("Stop one, perhaps admin") },
  });
  await server.methods.stopDevServer("admin");
  expect(await server.methods.startDevServer("docs")).toMatchObject({ mode: "managed" });
});

test("projects that are to start by themselves do, and a changed back end goes on with its new configuration", async () => {
  const root = await workspace([{ ...shop, autostart: true }]);
  await using server = await openServer(root);
  const { backendPid } = await devServerIs(
    server,
    "shop",
    "ready",
    ({ aggregate }) => aggregate === "ready",
  );
  const changed = { ...shop, autostart: true, backend: { ...shop.backend, debounceMs: 60 } };
  await writeFile(
    path.join(root, "vitrine.json"),
    JSON.stringify({ devServers: { projects: [changed] } }),
  );
  await devServerIs(
    server,
    "shop",
    "started anew",
    (state) => state.aggregate === "ready" && state.backendPid !== backendPid,
  );
  expect(isAlive(backendPid)).toBe(false);
});

test("a shutdown of all stops what is ours, lets go of the rest, and what is started again runs", async () => {
  const root = await workspace(uis);
  await using server = await openServer(root);
  const addr = new URL(server.welcome.gateway).host;
  await writeFile(path.join(root, "docs/.devinfo"), JSON.stringify({ pid: process.pid, addr }));
  await devServerIs(server, "docs", "attached", ({ mode }) => mode === "external");
  await server.methods.startDevServer("admin");
  const { uiPid } = await uiReady(server, "admin");
  expect((await callApi(server, "devservers/shutdown")).status).toBe(200);
  const { result } = await callApi(server, "devservers/list");
  expect((result as DevServerState[]).map(({ mode }) => mode)).toEqual(["idle", "idle"]);
  expect(isAlive(uiPid)).toBe(false);
  await server.methods.startDevServer("admin");
  await uiReady(server, "admin");
});

test("a build that works and makes nothing that serves is told as such, not as a failed build", async () => {
  const root = await workspace();
  await using server = await openServer(root);
  await server.methods.startDevServer("shop");
  await devServerIs(server, "shop", "ready", ({ aggregate }) => aggregate === "ready");
  await writeFile(path.join(root, "shop/src/app.mjs"), "process.exit(4);");
  const failed = await devServerIs(
    server,
    "shop",
    "failed",
    ({ failure }) => failure !== undefined,
  );
  expect(failed).toMatchObject({ failure: "start_failed", goStatus: "error", errors: [] });
  await backendSays(root, server, "one");
});

test("a build is read by the problem matcher of another extension", async () => {
  const root = await workspace([{ ...shop, backend: { ...shop.backend, problems: "$other" } }]);
  await writeFile(path.join(root, "shop/src/app.mjs"), "SYNTAX");
  await using server = await openServer(root);
  const { problems } = shop.backend;
  await server.methods.configure({
    ...server.config,
    devServers: {
      ...server.config.devServers,
      problemMatchers: { $other: [{ ...problems, source: "other" }] },
    },
  });
  await server.methods.startDevServer("shop");
  const { errors } = await devServerIs(
    server,
    "shop",
    "broken",
    (state) => state.errors.length > 0,
  );
  expect(errors).toMatchObject([{ line: 1, column: 3, source: "other" }]);
});

test("the command line sees and does the same", async () => {
  const root = await workspace();
  const state = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-user-")));
  roots.push(path.join(state, "vitrine"));
  await using server = await startServer({
    folders: [root],
    stateDirectory: path.join(state, "vitrine"),
  });
  await server.methods.findProjects();
  const devserver = (...args: string[]): Promise<{ stdout: string }> =>
    run(
      process.execPath,
      [path.join(dist, "server/cli.js"), "devserver", ...args, "--root", path.join(root, "shop")],
      {
        env: { ...process.env, XDG_STATE_HOME: state },
      },
    );
  expect((await devserver("list")).stdout).toMatch(/^shop +stopped\nadmin-\w{6} +stopped\n/);
  expect(JSON.parse((await devserver("start", "--json")).stdout)).toMatchObject({
    event: "devservers",
    devservers: [{ pluginID: "shop" }],
  });
  await devServerIs(server, "shop", "ready", ({ aggregate }) => aggregate === "ready");
  expect((await devserver("status")).stdout).toMatch(
    /^shop {2}ready {7}http:\/\/127\.0\.0\.1:\d+\n$/,
  );
  expect((await devserver("logs", "shop", "--count", "0")).stdout).toMatch(/listening on/);
  expect((await devserver("errors")).stdout).toBe("No errors\n");
  expect((await devserver("stop")).stdout).toBe("shop  stopped\n");
  await expect(devserver("rebuild")).rejects.toMatchObject({
    code: 1,
    stderr: "shop does not run: start it first\n",
  });
  await expect(devserver("dance")).rejects.toMatchObject({ code: 2 });
});

test("the command line waits until a project is up, and says what is wrong with what was asked for", async () => {
  const root = await workspace([shop, ...uis]);
  const state = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-user-")));
  roots.push(path.join(state, "vitrine"));
  const stateDirectory = path.join(state, "vitrine");
  const devserver = async (...args: string[]): Promise<{ code: number; text: string }> => {
    const cli = [path.join(dist, "server/cli.js"), "devserver", ...args, "--root", root];
    const env = { ...process.env, XDG_STATE_HOME: state };
    const said = await run(process.execPath, cli, { env }).catch((error: unknown) => error);
    const { code = 0, stdout, stderr } = said as { code?: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  };
  expect(await devserver("list")).toEqual({
    code: 1,
    text: `No Vitrine server runs for ${root}. Open the folder in the editor and use Vitrine there, or run vitrine dev in it\n`,
  });
  await using server = await startServer({ folders: [root], stateDirectory });
  await server.methods.findProjects();
  expect(await devserver("status")).toEqual({
    code: 2,
    text: `${root} is no project. Name the one that is meant; known now: shop, admin, docs\n`,
  });
  for (const verb of ["status", "logs", "errors", "stop"])
    expect(await devserver(verb, "nobody")).toEqual({
      code: 1,
      text: "There is no project nobody. Known now: shop, admin, docs\n",
    });
  expect((await devserver("stop", "shop")).text).toBe(
    "shop does not run: there is nothing to stop\n",
  );
  expect((await devserver("detach", "shop")).text).toBe("shop is not attached to a process\n");
  expect(await devserver("start", "shop")).toMatchObject({
    code: 0,
    text: expect.stringMatching(/^shop {2}ready {7}http:\/\/127\.0\.0\.1:\d+\n$/),
  });
  const opened = await devserver("open", "docs");
  expect(opened.text).toMatch(/^docs {2}http:\/\/127\.0\.0\.1:\d+\/\n$/);
  expect(await (await fetch(opened.text.slice(6).trim())).text()).toContain("<title>docs</title>");
  expect((await devserver("rebuild", "docs")).text).toBe(
    "docs has no back end that could be built\n",
  );
  await writeFile(path.join(root, "shop/src/app.mjs"), "SYNTAX");
  await devServerIs(server, "shop", "broken", ({ errors }) => errors.length > 0);
  expect(await devserver("restart", "shop")).toMatchObject({
    code: 1,
    text: expect.stringMatching(/^shop {2}error {7}http:\S+ {2}unexpected SYNTAX\n$/),
  });
  expect((await devserver("stop-all")).text).toBe("shop  stopped\ndocs  stopped\n");
  expect((await devserver("start-all")).text).toMatch(/^shop .*\nadmin {2}ready .*\ndocs .*\n$/s);
  await server.stop();
  expect((await devserver("list")).text).toMatch(/^No Vitrine server runs/);
});
