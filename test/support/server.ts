/** A real server, forked from the build, spoken to through the contract as the extension host does. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  DEV_SERVER_DEFAULTS,
  PROTOCOL_VERSION,
  type Config,
  type Hello,
  type HostMethods,
  type ServerEvents,
  type ServerMethods,
  type Welcome,
} from "../../src/protocol/contract.ts";
import type { DevServerLine, DevServerState } from "../../src/protocol/dev-server.ts";
import type {
  ConsoleEntry,
  LogEntry,
  Problem,
  Project,
  Run,
  Session,
  SessionState,
} from "../../src/protocol/model.ts";
import { connect } from "../../src/server/rpc.ts";
import { eventually } from "./eventually.ts";

/** The built product. */
export const dist = process.env["VITRINE_DIST"] ?? path.resolve(import.meta.dirname, "../../dist");

export interface TestServer {
  readonly methods: ServerMethods;
  readonly welcome: Welcome;
  readonly child: ChildProcess;
  readonly stateDirectory: string;
  /** As it was told them. */
  readonly config: Config;
  projects: readonly Project[];
  projectProblems: readonly Problem[];
  sessions: readonly Session[];
  readonly runs: Map<string, Run>;
  readonly console: ConsoleEntry[];
  readonly logs: LogEntry[];
  devServers: readonly DevServerState[];
  readonly devServerLines: DevServerLine[];
  /** Waits until a session has a state, and answers with the session. */
  sessionIs(id: string, name: SessionState["name"], timeout?: number): Promise<Session>;
  /** Runs a block and waits for its end. */
  run(request: Parameters<ServerMethods["runBlock"]>[0]): Promise<Run>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestServerOptions {
  readonly folders: readonly string[];
  readonly trusted?: boolean;
  readonly config?: Partial<Config>;
  readonly host?: Partial<HostMethods>;
  readonly protocol?: number;
  /** Shared with another server of the same user; its own otherwise. */
  readonly stateDirectory?: string;
}

/**
 * First of a hundred ports of this test worker: away from those a developer may use at the same time, and from those of
 * the test files that run beside this one, which share no state directory and so no locks.
 */
export const firstPort = 16_500 + 100 * Number(process.env["VITEST_POOL_ID"] ?? 0);

const defaults: Config = {
  results: "file",
  portRange: [firstPort, firstPort + 90],
  warmStart: false,
  streaming: "auto",
  runTimeout: 0,
  devServers: DEV_SERVER_DEFAULTS,
};

export async function startServer(options: TestServerOptions): Promise<TestServer> {
  const stateDirectory =
    options.stateDirectory ?? (await mkdtemp(path.join(tmpdir(), "vtr-state-")));
  const child = fork(path.join(dist, "server/main.js"), {
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  for (const stream of [child.stdout, child.stderr]) stream?.pipe(process.stderr, { end: false });
  const server = {
    config: { ...defaults, ...options.config },
    projects: [] as readonly Project[],
    projectProblems: [] as readonly Problem[],
    sessions: [] as readonly Session[],
    runs: new Map<string, Run>(),
    console: [] as ConsoleEntry[],
    logs: [] as LogEntry[],
    devServers: [] as readonly DevServerState[],
    devServerLines: [] as DevServerLine[],
  };
  const events: Partial<ServerEvents> = {
    sessionsChanged: (sessions) => void (server.sessions = sessions),
    runChanged: (run) => void server.runs.set(run.id, run),
    consoleLogged: (entries) => void server.console.push(...entries),
    logged: (entries) => void server.logs.push(...entries),
    devServersChanged: (states) => void (server.devServers = states),
    devServerLogged: (lines) => void server.devServerLines.push(...lines),
    projectsChanged: (projects) => void (server.projects = projects),
    projectProblemsChanged: (problems) => void (server.projectProblems = problems),
  };
  const hostMethods: HostMethods = {
    externalAddress: async (port) => `http://127.0.0.1:${port}/`,
    placeResult: async () => false,
    readDirty: async () => undefined,
    editDirty: async () => false,
    ...options.host,
  };
  const { remote } = connect<ServerMethods>(
    {
      post: (message) => child.connected && child.send(message as object),
      on: (listener) => child.on("message", listener),
    },
    { deadline: 45_000, methods: hostMethods, events },
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null)
      await Promise.race([remote.shutdown().catch(() => {}), exited]);
    if (child.connected) child.disconnect();
    await exited;
    if (!options.stateDirectory) await rm(stateDirectory, { recursive: true, force: true });
  };
  const hello: Hello = {
    protocol: options.protocol ?? PROTOCOL_VERSION,
    version: "0.0.0-test",
    folders: options.folders,
    trusted: options.trusted ?? true,
    config: server.config,
    stateDirectory,
  };
  const welcome = await remote.initialize(hello).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return Object.assign(server, {
    methods: remote,
    welcome,
    child,
    stateDirectory,
    stop,
    [Symbol.asyncDispose]: stop,
    sessionIs: (id: string, name: SessionState["name"], timeout = 30_000) =>
      eventually(
        `session ${id} to be ${name}`,
        () => server.sessions.find((session) => session.id === id && session.state.name === name),
        timeout,
      ),
    run: async (request: Parameters<ServerMethods["runBlock"]>[0]) => {
      const { id } = await remote.runBlock(request);
      return eventually("the run to end", () => {
        const run = server.runs.get(id);
        return run?.state === "running" ? undefined : run;
      });
    },
  });
}

/** Writes a tree of files into a new temporary folder. @returns its real path */
export async function writeTree(
  files: Readonly<Record<string, string>>,
  name = "project",
): Promise<string> {
  const root = path.join(await realpath(await mkdtemp(path.join(tmpdir(), "vtr-tree-"))), name);
  await mkdir(root, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
  return root;
}

/** Takes a tree of `writeTree` away. */
export function removeTree(root: string): Promise<void> {
  return rm(path.dirname(root), { recursive: true, force: true, maxRetries: 3 });
}
