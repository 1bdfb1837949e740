/**
 * `kill -9` of one process after the other (dev-servers section 12): what belonged to it is gone, everything else goes on, and
 * in the end nothing of ours is left. A process of somebody else with a recorded number is not touched.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isAlive } from "../../support/alive.ts";
import { devServerIs } from "../../support/dev-server-events.ts";
import { eventually } from "../../support/eventually.ts";
import { describeProcesses, markedProcesses, type MarkedProcess } from "../../support/processes.ts";
import { startServer, type TestServer } from "../../support/server.ts";
import { isReady, openWorkspace, pageFiles, shop, shopFiles } from "../../support/shop.ts";
import { viteProgram } from "../../support/ui-projects.ts";

/** Ms within which what belonged to a killed process is gone. */
const limit = 5_000;

const projects = [
  shop,
  { id: "site", root: "site", ui: { runner: "command", command: ["node", viteProgram] } },
  {
    id: "slow",
    root: "slow",
    backend: { build: { command: ["node", "build.mjs"] }, watch: { include: ["src/*"] } },
  },
];
const files = {
  ...shopFiles,
  ...pageFiles("site"),
  "slow/package.json": "{}",
  "slow/build.mjs": "setInterval(() => {}, 1000);",
};

interface Started {
  readonly server: TestServer;
  readonly stateDirectory: string;
  /** Of its sockets. */
  readonly runDirectory: string;
  /** One of somebody else, whose number a dead server has recorded. */
  readonly foreign: number;
  /** Everything of ours that runs. */
  readonly all: readonly MarkedProcess[];
  one(what: "server" | "viteHost" | "uiCommand" | "backend" | "build"): MarkedProcess;
}

async function start(): Promise<Started> {
  const foreign = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    detached: true,
    stdio: "ignore",
    env: {},
  });
  onTestFinished(() => void foreign.kill("SIGKILL"));
  await once(foreign, "spawn");
  const stateDirectory = await mkdtemp(path.join(tmpdir(), "vtr-state-"));
  onTestFinished(() => rm(stateDirectory, { recursive: true, force: true }));
  await mkdir(path.join(stateDirectory, "servers"));
  const dead = {
    pid: 9_999_999,
    start: "1",
    runDirectory: "",
    children: [{ pid: foreign.pid, start: "1" }],
  };
  await writeFile(path.join(stateDirectory, "servers/9999999.json"), JSON.stringify(dead));

  const { server } = await openWorkspace(projects, files, { stateDirectory });
  await Promise.all(projects.map(({ id }) => server.methods.startDevServer(id)));
  const [{ uiPid, backendPid }, site] = await Promise.all([
    isReady(server, "shop"),
    isReady(server, "site"),
  ]);
  await devServerIs(server, "slow", "building", ({ goStatus }) => goStatus === "building");
  const build = await eventually(
    "its build",
    () => ours().find(({ command }) => command.endsWith("node build.mjs"))?.pid,
  );
  const pids = {
    server: server.child.pid,
    viteHost: uiPid,
    uiCommand: site.uiPid,
    backend: backendPid,
    build,
  };
  const all = ours();
  const record = path.join(stateDirectory, "servers", `${server.child.pid}.json`);
  const { runDirectory } = JSON.parse(await readFile(record, "utf8")) as { runDirectory: string };
  return {
    server,
    runDirectory,
    stateDirectory,
    foreign: foreign.pid ?? 0,
    all,
    one: (what) => found(all, pids[what]),
  };
}

const guardOf = ({ all }: Started, one: MarkedProcess): MarkedProcess => found(all, one.parent);

/** What is killed, and what else belongs to it. */
const kills: readonly {
  readonly what: string;
  victims(of: Started): readonly MarkedProcess[];
  /** Project that comes back by itself, or that says what happened. */
  readonly heals?: string;
  readonly fails?: string;
}[] = [
  { what: "a Vite host", victims: (of) => [of.one("viteHost")], heals: "shop" },
  { what: "a command that serves a UI", victims: (of) => [of.one("uiCommand")], heals: "site" },
  {
    what: "the guard of such a command",
    victims: (of) => [guardOf(of, of.one("uiCommand"))],
    heals: "site",
  },
  { what: "a back end", victims: (of) => [of.one("backend")], heals: "shop" },
  {
    what: "the guard of a back end",
    victims: (of) => [guardOf(of, of.one("backend"))],
    heals: "shop",
  },
  { what: "a build", victims: (of) => [of.one("build")], fails: "slow" },
  { what: "the guard of a build", victims: (of) => [guardOf(of, of.one("build"))], fails: "slow" },
  {
    what: "a guard and its command at once",
    victims: (of) => [guardOf(of, of.one("backend")), of.one("backend")],
    heals: "shop",
  },
];

test.skipIf(process.platform !== "linux").each(kills)(
  "kill -9 of $what (Linux: looks into /proc)",
  async ({ victims, heals, fails }) => {
    const started = await start();
    const { server, all } = started;
    const killed = victims(started);
    const gone = all.filter((one) => killed.some((victim) => isBelow(all, one, victim)));
    for (const { pid } of killed) process.kill(pid, "SIGKILL");
    await eventually(
      "the end of what belonged to it",
      () => !gone.some(({ pid }) => isAlive(pid)),
      limit,
    );
    const lost = all.filter((one) => !gone.includes(one) && !isAlive(one.pid));
    // A build that ended takes its guard along, as every command does.
    expect(describeProcesses(lost.filter(({ command }) => !command.includes("guard")))).toBe("");
    if (heals !== undefined) await isReady(server, heals);
    if (fails !== undefined)
      await devServerIs(server, fails, "failed", ({ goStatus }) => goStatus === "error");
    await server.stop();
    await nothingIsLeft(started);
  },
);

test.skipIf(process.platform !== "linux").each([
  { what: "the server", guards: false },
  { what: "the server and every guard at once", guards: true },
])("kill -9 of $what (Linux: looks into /proc)", async ({ guards }) => {
  const started = await start();
  const { server, all, stateDirectory } = started;
  const commands = (["uiCommand", "backend", "build"] as const).map(started.one);
  const killed = [
    started.one("server"),
    ...(guards ? commands.map((one) => guardOf(started, one)) : []),
  ];
  for (const { pid } of killed) process.kill(pid, "SIGKILL");
  const early = all.filter(({ pid }) => !guards || !commands.some((one) => one.pid === pid));
  await eventually(
    "the end of all that can notice",
    () => !early.some(({ pid }) => isAlive(pid)),
    limit,
  );
  // What nobody was left to end is ended by the next one, which the editor starts at once.
  const next = await startServer({ folders: [], stateDirectory });
  await eventually("the end of the rest", () => !all.some(({ pid }) => isAlive(pid)), limit);
  await server.stop();
  await next.stop();
  await nothingIsLeft(started);
});

async function nothingIsLeft({ stateDirectory, runDirectory, foreign }: Started): Promise<void> {
  await eventually("no process of ours", () => ours().length === 0, limit);
  expect(await readdir(path.join(stateDirectory, "servers"))).toEqual([]);
  expect(await readdir(path.join(stateDirectory, "ports"))).toEqual([]);
  expect(existsSync(runDirectory)).toBe(false);
  expect(isAlive(foreign)).toBe(true);
}

function ours(): readonly MarkedProcess[] {
  return markedProcesses(process.env.VITRINE_TEST_RUN ?? "alone").filter(
    ({ command }) => !command.includes("--service="),
  );
}

function found(all: readonly MarkedProcess[], pid: number | undefined): MarkedProcess {
  const one = all.find((each) => each.pid === pid);
  if (one === undefined) throw new Error(`no process ${pid} among\n${describeProcesses(all)}`);
  return one;
}

/** Whether a process is another one, or was started by it, directly or not. */
function isBelow(
  all: readonly MarkedProcess[],
  one: MarkedProcess | undefined,
  top: MarkedProcess,
): boolean {
  if (one === undefined) return false;
  return (
    one.pid === top.pid ||
    isBelow(
      all,
      all.find(({ pid }) => pid === one.parent),
      top,
    )
  );
}
