/**
 * Dev servers: a saved back-end file → the new process answering, against the bare build; ten projects started together, time
 * and memory, against ten plain `vite`.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pidusage from "pidusage";
import { project } from "../scripts/bootstrap.mjs";
import { createApp } from "../test/support/templates.ts";
import { compare } from "./harness.ts";
import { startVite, startWarmServer, type WarmServer } from "./servers.ts";

const run = promisify(execFile);
const tsc = path.join(project, "node_modules/typescript/bin/tsc");
const projects = 10;
/** Ms in which a saved file has to lead to a new process, beyond its build. */
const allowance = 700;

interface Bench {
  readonly folder: string;
  readonly rounds: number;
}

export async function benchDevServers(bench: Bench): Promise<boolean> {
  const saved = await benchBackend(bench);
  const started = await benchTen(bench);
  return saved && started;
}

async function benchBackend({ folder, rounds }: Bench): Promise<boolean> {
  const [root, bare] = [path.join(folder, "api"), path.join(folder, "api-bare")];
  for (const each of [root, bare]) await writeBackend(each);
  const server = await startWarmServer([root], path.join(folder, "api-state"));
  try {
    await server.methods.findProjects();
    await server.methods.startDevServer("api");
    await answers(server, "ready");
    const build = async (round: number): Promise<number> => {
      await writeSource(bare, `bare ${round}`);
      const started = performance.now();
      await run(process.execPath, [tsc, "-b"], { cwd: bare });
      return performance.now() - started + allowance;
    };
    const save = async (round: number): Promise<number> => {
      const started = performance.now();
      await writeSource(root, `round ${round}`);
      await answers(server, `round ${round}`);
      return performance.now() - started;
    };
    return await compare({
      title: "Back end: save → new process answering, tsc -b",
      targets: [
        { name: "vitrine", measure: save },
        { name: `bare build + ${allowance} ms`, measure: build },
      ],
      rounds,
      goal: 1,
    });
  } finally {
    await server.stop();
  }
}

async function benchTen({ folder, rounds }: Bench): Promise<boolean> {
  const workspace = path.join(folder, "ten");
  const folders = Array.from({ length: projects }, (_, index) =>
    path.join(workspace, `app-${index}`),
  );
  await createApp("react-ts", folders[0]!);
  for (const app of folders.slice(1)) await cp(folders[0]!, app, { recursive: true });
  const memory = new Map<string, number[]>([
    ["vitrine", []],
    ["vite", []],
  ]);
  const ours = async (): Promise<number> => {
    const server = await startWarmServer([workspace], path.join(folder, "ten-state"));
    const found = await server.methods.findProjects();
    await delay(3000);
    const started = performance.now();
    await Promise.all(found.map(({ id }) => server.methods.startDevServer(id)));
    const states = await server.devServers(
      (list) => list.filter(({ aggregate }) => aggregate === "ready").length === projects,
    );
    const ms = performance.now() - started;
    await Promise.all(states.map(({ viteURL }) => fetch(`${viteURL}/src/main.tsx`)));
    memory.get("vitrine")?.push(await memoryOf(states.map(({ uiPid }) => uiPid)));
    await server.stop();
    return ms;
  };
  const theirs = async (): Promise<number> => {
    const started = performance.now();
    const servers = await Promise.all(folders.map(startVite));
    const ms = performance.now() - started;
    await Promise.all(servers.map(({ url }) => fetch(`${url}src/main.tsx`)));
    memory.get("vite")?.push(await memoryOf(servers.map(({ pid }) => pid)));
    await Promise.all(servers.map((server) => server.stop()));
    return ms;
  };
  const met = await compare({
    title: "Ten projects started together → all ready",
    targets: [
      { name: "vitrine", measure: ours },
      { name: "ten vite", measure: theirs },
    ],
    rounds: Math.min(rounds, 5),
  });
  for (const [name, values] of memory)
    console.log(
      `  memory of ${name}: ${(Math.max(...values) / 2 ** 20).toFixed(0)} MB (one process per project)`,
    );
  return met;
}

async function memoryOf(pids: readonly number[]): Promise<number> {
  const usage = await pidusage([...pids]);
  return Object.values(usage).reduce((sum, one) => sum + one.memory, 0);
}

async function writeBackend(root: string): Promise<void> {
  await mkdir(path.join(root, "src"), { recursive: true });
  await writeFile(path.join(root, "package.json"), '{ "name": "api", "type": "module" }');
  await writeFile(
    path.join(root, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        outDir: "out",
        module: "nodenext",
        types: [],
        incremental: true,
        strict: true,
      },
      include: ["src"],
    }),
  );
  await writeSource(root, "ready");
  const backend = {
    build: { command: [process.execPath, tsc, "-b"] },
    artifact: "out/app.js",
    install: "bin/app.js",
    watch: { include: ["src/**/*.ts"] },
    run: {
      command: [process.execPath, "${artifact}"],
      handshake: { type: "regex", pattern: String.raw`on (?<addr>\S+)`, timeoutMs: 20_000 },
    },
  };
  const config = { devServers: { projects: [{ id: "api", root: ".", backend }] } };
  await writeFile(path.join(root, "vitrine.json"), JSON.stringify(config));
}

function writeSource(root: string, text: string): Promise<void> {
  const source = `declare const process: { getBuiltinModule(name: string): any };
const { createServer } = process.getBuiltinModule("node:http");
const server = createServer((_request: unknown, response: any) => response.end(${JSON.stringify(text)}));
server.listen(0, "127.0.0.1", () => process.getBuiltinModule("node:fs").writeSync(1, "on 127.0.0.1:" + server.address().port + "\\n"));
`;
  return writeFile(path.join(root, "src/app.ts"), source);
}

/** Waits until the back end that runs now answers with a text. */
async function answers(server: WarmServer, wanted: string): Promise<void> {
  for (;;) {
    const address = server.lines
      .map((line) => /on (127\.0\.0\.1:\d+)/.exec(line)?.[1])
      .findLast((found) => found !== undefined);
    const said =
      address &&
      (await fetch(`http://${address}/`).then(
        (answer) => answer.text(),
        () => "",
      ));
    if (said === wanted) return;
    await delay(2);
  }
}
