/** The methods of the manager, as other programs call them (dev-servers section 7). */
import { rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { DEV_SERVER_DEFAULTS } from "../../../src/protocol/contract.ts";
import type { DevServerLine, DevServerState } from "../../../src/protocol/dev-server.ts";
import { isAlive } from "../../support/alive.ts";
import { callApi, devServerIs, type ApiAnswer } from "../../support/dev-server-events.ts";
import { eventually } from "../../support/eventually.ts";
import type { TestServer, TestServerOptions } from "../../support/server.ts";
import { answer, isReady, openShopAndSite } from "../../support/shop.ts";

interface Opened {
  readonly root: string;
  readonly server: TestServer;
  call(method: string, parameters?: object): Promise<ApiAnswer>;
}

async function open(options: Partial<TestServerOptions> = {}): Promise<Opened> {
  const { root, server } = await openShopAndSite(options);
  return {
    root,
    server,
    call: (method, parameters = {}) =>
      callApi(server, `devservers/${method}`, { id: "shop", ...parameters }),
  };
}

test("restart works for what does not run, and keeps the ports of what does", async () => {
  const { server, call } = await open();
  expect(await call("restart")).toMatchObject({
    status: 200,
    result: { pluginID: "shop", mode: "managed" },
  });
  const first = await isReady(server, "shop");
  expect((await call("restart")).status).toBe(200);
  const again = await devServerIs(
    server,
    "shop",
    "another one",
    (state) =>
      state.aggregate === "ready" &&
      state.uiPid !== first.uiPid &&
      state.backendPid !== first.backendPid,
  );
  expect(again).toMatchObject({ vitePort: first.vitePort, restarts: { ui: 0, backend: 0 } });
  expect([isAlive(first.uiPid), isAlive(first.backendPid)]).toEqual([false, false]);
});

test("rebuild builds the back end alone: what it makes anew is taken over, the same is not", async () => {
  const { root, server, call } = await open();
  await call("start");
  const first = await isReady(server, "shop");
  expect(await call("rebuild")).toEqual({ status: 200, result: null });
  const same = await devServerIs(
    server,
    "shop",
    "built again",
    (state) => state.goStatus === "ready" && state.lastBuildTime !== first.lastBuildTime,
  );
  expect(same).toMatchObject({ uiPid: first.uiPid, backendPid: first.backendPid, generation: 1 });
  // Not among the watched files: only a rebuild takes it up.
  await writeFile(path.join(root, "shop/new.mjs"), answer("two"));
  await rename(path.join(root, "shop/new.mjs"), path.join(root, "shop/source.txt"));
  await writeFile(
    path.join(root, "shop/build.mjs"),
    'import { copyFileSync } from "node:fs"; copyFileSync("source.txt", "out/app.mjs");',
  );
  await call("rebuild");
  const next = await devServerIs(
    server,
    "shop",
    "taken over",
    ({ generation, goStatus }) => generation === 2 && goStatus === "ready",
  );
  expect(next.uiPid).toBe(first.uiPid);
  expect(next.backendPid).not.toBe(first.backendPid);
});

test("logs are the newest in their order, errors are those of now, and a list has all", async () => {
  const { root, server, call } = await open();
  await Promise.all([call("start"), call("start", { id: "site" })]);
  await Promise.all([isReady(server, "shop"), isReady(server, "site")]);
  const all = (await call("logs", { count: 0 })).result as DevServerLine[];
  expect(all.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^listening on/));
  expect(all.map(({ timestamp }) => timestamp)).toEqual(
    all.map(({ timestamp }) => timestamp).toSorted(),
  );
  expect((await call("logs", { count: 2 })).result).toEqual(all.slice(-2));
  expect((await call("logs", { count: -1 })).result).toEqual(all);
  expect((await call("errors")).result).toEqual([]);
  await writeFile(path.join(root, "shop/src/app.mjs"), "SYNTAX");
  await devServerIs(server, "shop", "broken", ({ goStatus }) => goStatus === "error");
  expect((await call("errors")).result).toMatchObject([
    { line: 1, column: 3, message: "unexpected SYNTAX" },
  ]);
  const { result } = await callApi(server, "devservers/list");
  expect((result as DevServerState[]).map(({ pluginID }) => pluginID).toSorted()).toEqual([
    "shop",
    "site",
  ]);
});

test("what is managed or attached is told as ours, and only what is attached has information", async () => {
  const { root, server, call } = await open();
  const both = async (): Promise<unknown[]> => [
    (await call("isManaged")).result,
    (await call("externalInfo")).result,
  ];
  expect(await both()).toEqual([false, null]);
  await call("start");
  expect(await both()).toEqual([true, null]);
  await call("stop");
  expect(await both()).toEqual([false, null]);
  const file = path.join(root, "shop/.devinfo");
  await writeFile(
    file,
    JSON.stringify({ pid: process.pid, addr: new URL(server.welcome.gateway).host }),
  );
  await devServerIs(server, "shop", "attached", ({ mode }) => mode === "external");
  expect(await both()).toEqual([
    true,
    expect.objectContaining({ pid: process.pid, protocol: "grpc" }),
  ]);
  expect(await call("detach")).toEqual({ status: 200, result: null });
  expect(await both()).toEqual([false, null]);
  expect(await call("detach")).toMatchObject({ status: 422, error: { code: "not_running" } });
  expect(isAlive(process.pid)).toBe(true);
  await rm(file);
});

test("a start during a stop waits for it", async () => {
  const { server, call } = await open();
  await call("start");
  const first = await isReady(server, "shop");
  // Over one channel: two requests of HTTP may overtake each other.
  const { stopDevServer, startDevServer } = server.methods;
  await Promise.all([stopDevServer("shop"), startDevServer("shop")]);
  const next = await isReady(server, "shop");
  expect(next.backendPid).not.toBe(first.backendPid);
  expect([isAlive(first.uiPid), isAlive(first.backendPid)]).toEqual([false, false]);
});

test("what nobody looks at is stopped after its time, told as stopped, and can be started again", async () => {
  const devServers = { ...DEV_SERVER_DEFAULTS, idleStop: 1000 };
  const { server, call } = await open({ config: { devServers } });
  await call("start", { id: "site" });
  const { uiPid } = await isReady(server, "site");
  const idle = await devServerIs(server, "site", "idle", ({ mode }) => mode === "idle");
  expect(idle).toMatchObject({ viteStatus: "stopped", vitePort: 0, lastError: "" });
  await eventually("the end of its process", () => !isAlive(uiPid));
  expect((await call("start", { id: "site" })).status).toBe(200);
});
