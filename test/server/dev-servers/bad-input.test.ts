/** What users and their programs get wrong: a clear sentence each, and everything else goes on (dev-servers sections 2, 4, 6). */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import path from "node:path";
import { expect, test } from "vitest";
import type { DevServerState } from "../../../src/protocol/dev-server.ts";
import { isAlive } from "../../support/alive.ts";
import { callApi, devServerIs } from "../../support/dev-server-events.ts";
import { eventually } from "../../support/eventually.ts";
import type { TestServer } from "../../support/server.ts";
import {
  answer,
  isReady,
  openShopAndSite,
  openWorkspace,
  pageFiles,
  shop,
  shopFiles,
  site,
} from "../../support/shop.ts";

/** A project of a back end alone. */
const backend = (id: string, parts: object): object => ({
  id,
  root: id,
  backend: { watch: { include: ["src/*"] }, debounceMs: 20, ...parts },
});
const node = (...args: string[]): object => ({ command: ["node", ...args] });
const never = "setInterval(() => {}, 1000);";

async function answers({ viteURL }: DevServerState): Promise<void> {
  expect((await fetch(`${viteURL}/`)).status).toBe(200);
}

/** Starts what is wrong beside what is right, and says how the former failed. */
async function failure(
  project: { readonly id: string },
  files: Readonly<Record<string, string>>,
): Promise<{ server: TestServer; state: DevServerState }> {
  const { server } = await openWorkspace([project, site], {
    [`${project.id}/package.json`]: "{}",
    ...pageFiles("site"),
    ...files,
  });
  await Promise.all([
    server.methods.startDevServer(project.id),
    server.methods.startDevServer("site"),
  ]);
  const state = await devServerIs(
    server,
    project.id,
    "in error",
    ({ aggregate }) => aggregate === "error",
  );
  await answers(await isReady(server, "site"));
  return { server, state };
}

test.each([
  {
    what: "a build whose program does not exist",
    project: backend("bad", { build: { command: ["no-such-compiler", "-o", "x"] } }),
    files: {},
    failure: "build_failed",
    says: /^The command "no-such-compiler" was not found\. Install it or change the command in vitrine\.json$/,
  },
  {
    what: "a back end whose program does not exist",
    project: backend("bad", {
      build: node("-e", ""),
      run: { command: ["no-such-server"], handshake: { type: "none" } },
    }),
    files: {},
    failure: "start_failed",
    says: /^The command "no-such-server" was not found\. Install it or change .*\. No version runs$/,
  },
  {
    what: "a UI whose program does not exist",
    project: { id: "bad", root: "bad", ui: { runner: "command", command: ["no-such-vite"] } },
    files: {},
    failure: "start_failed",
    says: /^The command "no-such-vite" was not found\. Install it/,
  },
  {
    what: "a back end that never says that it serves",
    project: backend("bad", {
      build: node("-e", ""),
      run: {
        ...node("-e", never),
        handshake: { type: "regex", pattern: "on (?<port>\\d+)", timeoutMs: 500 },
      },
    }),
    files: {},
    failure: "start_failed",
    says: /^The back end did not come up within 0\.5 s: .*\. Look at its output, or change backend\.run\.handshake in vitrine\.json/,
  },
])(
  "$what is an error in one sentence, and the other project serves",
  async ({ project, files, failure: kind, says }) => {
    const { server, state } = await failure(project as { id: string }, files);
    expect(state).toMatchObject({ aggregate: "error", failure: kind });
    expect(state.lastError).toMatch(says);
    await server.methods.stopDevServer("bad");
    await devServerIs(server, "bad", "stopped", ({ mode }) => mode === "idle");
  },
);

test("a build that never ends builds until it is stopped, and stands in nobody's way", async () => {
  const endless = [1, 2].map((each) => backend(`endless${each}`, { build: node("-e", never) }));
  const { server } = await openWorkspace([...endless, shop], {
    "endless1/package.json": "{}",
    "endless2/package.json": "{}",
    ...shopFiles,
  });
  for (const id of ["endless1", "endless2", "shop"]) await server.methods.startDevServer(id);
  // Two may build at once. The third one waits, and its page does not.
  const ui = await devServerIs(
    server,
    "shop",
    "serving",
    ({ viteStatus }) => viteStatus === "ready",
  );
  await answers(ui);
  expect(ui.generation).toBe(0);
  await server.methods.stopDevServer("endless1");
  await isReady(server, "shop");
  expect(server.devServers.find(({ pluginID }) => pluginID === "endless2")).toMatchObject({
    goStatus: "building",
  });
});

test("15: a line of 1 MB is cut and marked, and the next ones follow", async () => {
  const loud = `console.log("x".repeat(1_000_000)); console.error("y".repeat(1_000_000)); console.log("after both");\n${answer("loud")}`;
  const { server } = await openShopAndSite({}, { "shop/src/app.mjs": loud });
  await Promise.all([server.methods.startDevServer("shop"), server.methods.startDevServer("site")]);
  await isReady(server, "shop");
  const lines = (await server.methods.devServerLogs("shop", 0)).map(({ message }) => message);
  const long = lines.filter((line) => /^(xxx|yyy)/.test(line));
  expect(long).toHaveLength(2);
  for (const line of long) expect(line.length).toBeLessThan(17 * 1024);
  expect(lines).toContain("after both");
  await answers(await isReady(server, "site"));
});

test("3: when all ports are taken the project says which, what has no page goes on, and a free port heals it", async () => {
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const api = { id: "api", root: "shop", backend: shop.backend };
  const { server } = await openWorkspace(
    [api, site],
    { ...shopFiles, ...pageFiles("site") },
    { config: { portRange: [port, port + 1] } },
  );
  await Promise.all([server.methods.startDevServer("api"), server.methods.startDevServer("site")]);
  const state = await devServerIs(
    server,
    "site",
    "in error",
    ({ aggregate }) => aggregate === "error",
  );
  expect(state).toMatchObject({ failure: "port_exhausted" });
  expect(state.lastError).toMatch(
    new RegExp(
      `${port}.*all in use\\. Stop a project, free a port or change the setting vitrine\\.portRange`,
    ),
  );
  await isReady(server, "api");
  other.close();
  await once(other, "close");
  await server.methods.restartDevServer("site");
  expect(await isReady(server, "site")).toMatchObject({ vitePort: port });
});

test.each([
  { what: "no JSON", text: '{ "devServers": { "projects": [', line: 1 },
  { what: "another shape", text: '{\n  "devServers": {\n    "projects": {}\n  }\n}', line: 3 },
  {
    what: "an id that is a path",
    text: '{\n  "devServers": { "projects": [\n    { "id": "../up", "root": "site", "ui": {} }\n  ] }\n}',
    line: 3,
  },
  {
    what: "a value of the wrong kind",
    text: '{\n  "devServers": { "projects": [\n    { "id": "site", "root": "site", "ui": { "runner": 7 } }\n  ] }\n}',
    line: 3,
  },
])(
  "a vitrine.json that is $what is a problem at its line, what runs goes on, and the correction clears it",
  async ({ text, line }) => {
    const { root, server } = await openShopAndSite();
    await Promise.all([
      server.methods.startDevServer("shop"),
      server.methods.startDevServer("site"),
    ]);
    const [before, page] = await Promise.all([isReady(server, "shop"), isReady(server, "site")]);
    const file = path.join(root, "vitrine.json");
    await writeFile(file, text);
    const problem = await eventually("the problem", () => server.projectProblems[0]);
    expect(problem).toMatchObject({ file, line, severity: "error", source: "vitrine" });
    expect(isAlive(before.backendPid)).toBe(true);
    await answers(page);
    await writeFile(file, JSON.stringify({ devServers: { projects: [shop, site] } }));
    await eventually("no problem", () => server.projectProblems.length === 0);
    expect(await isReady(server, "shop")).toMatchObject({
      backendPid: before.backendPid,
      generation: 1,
    });
  },
);

test.each([
  ["no JSON", "{ pid", /no complete JSON/],
  ["a pid that is none", '{"pid":0,"addr":"127.0.0.1:1"}', /Invalid PID/],
  ["an empty address", `{"pid":${process.pid},"addr":""}`, /addr/],
  ["a foreign host", `{"pid":${process.pid},"addr":"192.0.2.1:80"}`, /192\.0\.2\.1/],
  ["another id", `{"pid":${process.pid},"addr":"127.0.0.1:1","pluginId":"else"}`, /else/],
  ["a dead process", '{"pid":9999999,"addr":"127.0.0.1:1"}', /9999999/],
])(
  "10: a .devinfo with %s attaches nothing, is told, and the next one is served",
  async (_what, text, says) => {
    const { root, server } = await openWorkspace([site], pageFiles("site"));
    const put = async (content: string): Promise<void> => {
      await writeFile(path.join(root, "site/.devinfo.tmp"), content);
      await rename(path.join(root, "site/.devinfo.tmp"), path.join(root, "site/.devinfo"));
    };
    await mkdir(path.join(root, "elsewhere"));
    const file = path.join(root, "elsewhere/.devinfo");
    await writeFile(file, text);
    const asked = await callApi(server, "devservers/attach", { id: "site", devinfoPath: file });
    expect(asked).toMatchObject({
      status: 422,
      error: { message: expect.stringMatching(says) as string },
    });
    await put(text);
    if (!/9999999/.test(text))
      await eventually("a line of the log", () =>
        server.logs.some(({ message }) => says.test(message)),
      );
    expect(server.devServers.filter(({ mode }) => mode === "external")).toEqual([]);
    await put(JSON.stringify({ pid: process.pid, addr: new URL(server.welcome.gateway).host }));
    await devServerIs(server, "site", "attached", ({ mode }) => mode === "external");
  },
);
