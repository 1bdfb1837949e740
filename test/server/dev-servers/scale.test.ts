/** Ten projects of one server, and what it finds of the one before it (dev-servers sections 12, 13 and 17). */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { DevServerState } from "../../../src/protocol/dev-server.ts";
import { processStart } from "../../../src/server/processes.ts";
import { isAlive } from "../../support/alive.ts";
import { listenToDevServers } from "../../support/dev-server-events.ts";
import { eventually } from "../../support/eventually.ts";
import { startServer } from "../../support/server.ts";
import { isReady, openWorkspace, pageFiles, shop, shopFiles } from "../../support/shop.ts";

const noProc = process.platform !== "linux";

test.skipIf(noProc)(
  "17.16 ten projects start, at most three at once, and stop, and leave no process, port, lock or handle (Linux: looks into /proc)",
  async () => {
    const names = Array.from({ length: 9 }, (_, each) => `p${each}`);
    const stateDirectory = await temporaryState();
    const { server } = await openWorkspace(
      [shop, ...names.map((id) => ({ id, root: id, ui: {} }))],
      Object.assign({ ...shopFiles }, ...names.map(pageFiles)) as Record<string, string>,
      { stateDirectory },
    );
    const all = ["shop", ...names];
    const round = async (): Promise<DevServerState[]> => {
      await Promise.all(all.map((id) => server.methods.startDevServer(id)));
      const states = await Promise.all(all.map((id) => isReady(server, id)));
      await Promise.all(all.map((id) => server.methods.stopDevServer(id)));
      return states;
    };
    const rest = (): Promise<true> =>
      eventually(
        "no recorded child",
        async () => (await recorded(stateDirectory)).length === 0 || undefined,
      );
    // What the server opens once and keeps is open after the first time.
    await round();
    await rest();
    const before = await handles(server.child.pid);
    const feed = await listenToDevServers(server);
    const starting = new Map<string, boolean>();
    let most = 0;
    const states = await round();
    for (const { event, data } of feed.events) {
      if (event !== "plugin/devserver/status") continue;
      const { pluginID, viteStatus, uiPid } = data as DevServerState;
      starting.set(pluginID, viteStatus === "starting" && uiPid > 0);
      most = Math.max(most, [...starting.values()].filter(Boolean).length);
    }
    feed.close();
    expect(most).toBe(3);
    expect(new Set(states.map(({ vitePort }) => vitePort)).size).toBe(10);
    expect(new Set(states.map(({ uiPid }) => uiPid)).size).toBe(10);
    expect(
      states.filter(
        ({ uiPid, backendPid }) => isAlive(uiPid) || (backendPid > 0 && isAlive(backendPid)),
      ),
    ).toEqual([]);
    expect(await readdir(path.join(stateDirectory, "ports"))).toEqual([]);
    await rest();
    await eventually(
      "as many handles as before",
      async () => (await handles(server.child.pid)) <= before,
    );
    await server.stop();
    expect(await readdir(path.join(stateDirectory, "servers"))).toEqual([]);
  },
  180_000,
);

test("17.14 a recorded process whose number somebody else has now survives the start, the very one does not", async () => {
  const stateDirectory = await temporaryState();
  const [foreign, ours] = [await sleeper(), await sleeper()];
  await mkdir(path.join(stateDirectory, "servers"));
  // What a server leaves that was killed: nobody has this number, which is larger than Linux gives.
  const dead = {
    pid: 9_999_999,
    start: "1",
    version: "0.0.0-test",
    protocol: 0,
    gateway: "",
    token: "",
    folders: [],
    runDirectory: "",
    children: [
      { pid: foreign.pid, start: "12" },
      { pid: ours.pid, start: await processStart(ours.pid ?? 0) },
    ],
  };
  const record = path.join(stateDirectory, "servers", `${dead.pid}.json`);
  await writeFile(record, JSON.stringify(dead));
  const end = once(ours, "exit");
  await using server = await startServer({ folders: [], stateDirectory });
  expect(await end).toEqual([null, "SIGKILL"]);
  expect(isAlive(foreign.pid ?? 0)).toBe(true);
  expect(await readdir(path.join(stateDirectory, "servers"))).toEqual([`${server.child.pid}.json`]);
  await server.stop();
  expect(isAlive(foreign.pid ?? 0)).toBe(true);
});

async function temporaryState(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "vtr-state-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A process of somebody, leader of its group as everything we start; ended after the test. */
async function sleeper(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    detached: true,
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  return child;
}

/** Children that a successor would end. */
async function recorded(stateDirectory: string): Promise<readonly unknown[]> {
  const servers = path.join(stateDirectory, "servers");
  const [file = ""] = await readdir(servers);
  return (JSON.parse(await readFile(path.join(servers, file), "utf8")) as { children: unknown[] })
    .children;
}

/** How many files, sockets and pipes a process holds open. */
async function handles(pid: number | undefined): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
