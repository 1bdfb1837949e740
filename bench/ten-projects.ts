/**
 * Ten projects with one Vite, started together: time until all serve and their pages are rendered, and what they take then.
 * Goal: in one shared process ≤ 0.4 × the memory of ten plain `vite`.
 */
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { createApp } from "../test/support/templates.ts";
import { compareFigures } from "./harness.ts";
import {
  inTime,
  startVite,
  startWarmServer,
  type WarmServer,
  type WarmServerOptions,
} from "./servers.ts";
import { cpuSeconds, memoryOf } from "./usage.ts";

const projects = 10;
/** Ms until a server has a host warm, and until nothing is done any more for pages that are there. */
const rest = { warm: 3_000, idle: 6_000 };
/** What Vite's bundler does without our word. */
const keepingPages = { MIMALLOC_PURGE_DELAY: "1000", MIMALLOC_ARENA_PURGE_MULT: "4" };

interface Bench {
  readonly browser: Browser;
  readonly folder: string;
  readonly rounds: number;
}

/** Things that serve, and how to end them. */
interface Ten {
  readonly urls: readonly string[];
  stop(): Promise<unknown>;
}

type Measured = Readonly<Record<"ready" | "rendered" | "rss" | "pss" | "cpu", number>>;

export async function benchTenProjects({ browser, folder, rounds }: Bench): Promise<boolean> {
  if (process.platform !== "linux") {
    console.log("\nTen projects: skipped, memory is read from /proc");
    return true;
  }
  const workspace = path.join(folder, "ten");
  const apps = await createWorkspace(workspace);
  const state = path.join(folder, "ten-state");
  /** @param prepare what is there before anybody asks for a project */
  const measure = async (prepare: () => Promise<() => Promise<Ten>>): Promise<Measured> => {
    // The first start of a project bundles its packages; each of these is one.
    for (const app of apps)
      await rm(path.join(app, "node_modules"), { recursive: true, force: true });
    await rm(state, { recursive: true, force: true });
    const mark = `bench-ten-${process.pid}`;
    process.env.VITRINE_TEST_RUN = mark;
    try {
      return await measureTen(browser, mark, await prepare());
    } finally {
      delete process.env.VITRINE_TEST_RUN;
    }
  };
  const ours = (options: WarmServerOptions) => (): Promise<Measured> =>
    measure(async () => {
      const server = await startWarmServer([workspace], state, options);
      await server.methods.findProjects();
      await delay(rest.warm);
      return () => startTen(server);
    });
  const theirs = (): Promise<Measured> => measure(async () => () => startVites(apps));
  const shared = { devServers: { isolation: "shared" } } as const;
  return compareFigures({
    rounds: Math.min(rounds, 2),
    figures: {
      ready: { title: "Ten projects started together → all ready" },
      rendered: { title: "Ten projects started together → all pages rendered" },
      rss: { title: "Memory then, whole process tree, RSS", unit: "MB" },
      pss: { title: "Memory then, whole process tree, PSS", unit: "MB", goal: 0.4 },
      cpu: { title: "Processor time until then", unit: "s" },
    },
    targets: [
      { name: "shared", measure: ours(shared) },
      { name: "ten vite", measure: theirs },
      { name: "process", measure: ours({}) },
      { name: "shared, freed pages kept", measure: ours({ ...shared, env: keepingPages }) },
    ],
  });
}

/** @returns absolute paths of its projects, which have their packages above them */
async function createWorkspace(workspace: string): Promise<readonly string[]> {
  const packages = path.join(workspace, "packages");
  await mkdir(packages, { recursive: true });
  const manifest = { name: "ten", private: true, workspaces: ["packages/*"] };
  await writeFile(path.join(workspace, "package.json"), JSON.stringify(manifest));
  const apps = Array.from({ length: projects }, (_, each) => path.join(packages, `app-${each}`));
  const [first = "", ...others] = apps;
  await createApp("react-ts", first);
  await rename(path.join(first, "node_modules"), path.join(workspace, "node_modules"));
  for (const app of others) await cp(first, app, { recursive: true });
  for (const app of apps) {
    const file = path.join(app, "package.json");
    const named = { ...JSON.parse(await readFile(file, "utf8")), name: path.basename(app) };
    await writeFile(file, JSON.stringify(named));
  }
  return apps;
}

async function measureTen(
  browser: Browser,
  mark: string,
  start: () => Promise<Ten>,
): Promise<Measured> {
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  const began = performance.now();
  const { urls, stop } = await start();
  try {
    const ready = performance.now() - began;
    await Promise.all(
      urls.map(async (url) => {
        const page = await context.newPage();
        await page.goto(url, { waitUntil: "commit" });
        await page.getByRole("heading", { name: "Get started" }).waitFor();
      }),
    );
    const rendered = performance.now() - began;
    await delay(rest.idle);
    return { ready, rendered, ...memoryOf(mark), cpu: cpuSeconds(mark) };
  } finally {
    await context.close();
    await stop();
  }
}

async function startTen(server: WarmServer): Promise<Ten> {
  const found = await server.methods.findProjects();
  await Promise.all(found.map(({ id }) => server.methods.startDevServer(id)));
  const states = await server.until(`${projects} dev servers to be ready`, ({ devServers }) => {
    const ready = devServers.filter(({ aggregate }) => aggregate === "ready");
    return ready.length === projects ? ready : undefined;
  });
  return { urls: states.map(({ viteURL }) => `${viteURL}/`), stop: server.stop };
}

async function startVites(apps: readonly string[]): Promise<Ten> {
  const servers = await inTime("ten vite", Promise.all(apps.map((app) => startVite(app))));
  return {
    urls: servers.map(({ url }) => url),
    stop: () => Promise.all(servers.map((server) => server.stop())),
  };
}
