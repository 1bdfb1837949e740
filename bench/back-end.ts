/**
 * A saved file of a back end → its new process answers, against the bare build command. Goal: ≤ the build + 700 ms, of which
 * 500 are the debounce.
 */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { project } from "../scripts/bootstrap.mjs";
import { compare } from "./harness.ts";
import { inTime, startWarmServer, type WarmServer } from "./servers.ts";

const run = promisify(execFile);
/** Ms in which a saved file has to lead to a new process, beyond its build. */
const allowance = 700;

interface Build {
  readonly title: string;
  readonly command: readonly string[];
  /** Beside the source. */
  readonly files: Readonly<Record<string, string>>;
}

const tsc = path.join(project, "node_modules/typescript/bin/tsc");
const compilerOptions = {
  rootDir: "src",
  outDir: "out",
  module: "nodenext",
  target: "esnext",
  types: [],
  incremental: true,
  strict: true,
};
const copy = `import { cpSync } from "node:fs"; cpSync("src/app.ts", "out/app.js");`;
const builds: readonly Build[] = [
  {
    title: "tsc -b",
    command: [process.execPath, tsc, "-b"],
    files: { "tsconfig.json": JSON.stringify({ compilerOptions, include: ["src"] }) },
  },
  {
    title: "a build that only copies",
    command: [process.execPath, "build.js"],
    files: { "build.js": copy },
  },
];

interface Bench {
  readonly folder: string;
  readonly rounds: number;
}

export async function benchBackEnd(bench: Bench): Promise<boolean> {
  let met = true;
  for (const [each, build] of builds.entries())
    met = (await benchBuild(path.join(bench.folder, `api-${each}`), build, bench.rounds)) && met;
  return met;
}

async function benchBuild(folder: string, build: Build, rounds: number): Promise<boolean> {
  const [root, bare] = [path.join(folder, "api"), path.join(folder, "bare")];
  const announcements = await listen();
  const write = (where: string, text: string): Promise<void> =>
    writeFile(path.join(where, "src/app.ts"), program(text, announcements.url));
  for (const where of [root, bare]) {
    await writeProject(where, build);
    await write(where, "first");
  }
  const server = await startWarmServer([root], path.join(folder, "state"));
  try {
    await server.methods.findProjects();
    await server.methods.startDevServer("api");
    await atRest(server);
    return await compare({
      title: `Back end: save → new process answers, ${build.title}`,
      rounds,
      goal: 1,
      targets: [
        {
          name: "vitrine",
          measure: async (round) => {
            const answered = announcements.of(`round ${round}`);
            const began = performance.now();
            await write(root, `round ${round}`);
            await answered;
            const ms = performance.now() - began;
            // So that the next save comes to a back end at rest.
            await atRest(server);
            return ms;
          },
        },
        {
          name: `the bare build + ${allowance} ms`,
          measure: async (round) => {
            await write(bare, `round ${round}`);
            const began = performance.now();
            await run(build.command[0] ?? "", build.command.slice(1), { cwd: bare });
            return performance.now() - began + allowance;
          },
        },
      ],
    });
  } finally {
    await server.stop();
    announcements.close();
  }
}

async function atRest(server: WarmServer): Promise<void> {
  const state = await server.until("the back end to be ready", ({ devServers }) =>
    devServers.find(({ aggregate }) => aggregate === "ready" || aggregate === "error"),
  );
  if (state.aggregate === "error") throw new Error(state.lastError);
}

async function writeProject(root: string, { command, files }: Build): Promise<void> {
  await mkdir(path.join(root, "src"), { recursive: true });
  await mkdir(path.join(root, "out"), { recursive: true });
  const backend = {
    build: { command },
    artifact: "out/app.js",
    install: "bin/app.js",
    watch: { include: ["src/**/*.ts"] },
    run: {
      command: [process.execPath, "${artifact}"],
      handshake: { type: "regex", pattern: String.raw`on (?<addr>\S+)`, timeoutMs: 20_000 },
    },
  };
  const config = { devServers: { projects: [{ id: "api", root: ".", backend }] } };
  const all = {
    ...files,
    "package.json": '{ "name": "api", "type": "module" }',
    "vitrine.json": JSON.stringify(config),
  };
  for (const [file, text] of Object.entries(all)) await writeFile(path.join(root, file), text);
}

/** It serves a text, and says to the bench where: a poll for it would add its interval to the figure. */
function program(text: string, bench: string): string {
  return `// @ts-nocheck: without types it is JavaScript as well, for the build that only copies.
import { writeSync } from "node:fs";
import { createServer } from "node:http";
const server = createServer((_request, response) => response.end(${JSON.stringify(text)}));
server.listen(0, "127.0.0.1", () => {
  const address = "127.0.0.1:" + server.address().port;
  writeSync(1, "on " + address + "\\n");
  void fetch(${JSON.stringify(bench)} + "?at=" + address);
});
`;
}

interface Announcements {
  readonly url: string;
  /** Resolves when a process that was announced answers with this text. */
  of(text: string): Promise<void>;
  close(): void;
}

async function listen(): Promise<Announcements> {
  const waiting = new Map<string, () => void>();
  const server = createServer((request, response) => {
    response.end();
    const at = new URL(request.url ?? "", "http://bench").searchParams.get("at");
    void fetch(`http://${at}/`)
      .then((answer) => answer.text())
      .then((text) => waiting.get(text)?.());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    of: (text) =>
      inTime(
        `a process that answers ${text}`,
        new Promise((resolve) => waiting.set(text, resolve)),
      ),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
