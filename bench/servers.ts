/** The things that are compared: `vitrine dev`, the warm server behind the extension, and plain `vite`. */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { project } from "../scripts/bootstrap.mjs";
import {
  DEV_SERVER_DEFAULTS,
  PROTOCOL_VERSION,
  type Config,
  type DevServerSettings,
  type ServerMethods,
} from "../src/protocol/contract.ts";
import type { DevServerState } from "../src/protocol/dev-server.ts";
import type { Repl, Session } from "../src/protocol/model.ts";
import { connect } from "../src/server/rpc.ts";
import manifest from "../package.json" with { type: "json" };

export interface Serving {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** As last told by a server. */
export interface Facts {
  readonly sessions: readonly Session[];
  readonly devServers: readonly DevServerState[];
  readonly repls: readonly Repl[];
}

export interface WarmServer {
  readonly methods: ServerMethods;
  /** Opens a session and answers once it serves, as the panel waits for it. */
  open(folder: string): Promise<Session>;
  /** The name of the realm that a root has, once there is one. */
  log(root: string): Promise<string>;
  /** The first answer to `look` at facts that change; rejects after a minute, naming what was waited for. */
  until<Found>(what: string, look: (facts: Facts) => Found | undefined): Promise<Found>;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface WarmServerOptions {
  readonly devServers?: Partial<DevServerSettings>;
  readonly env?: NodeJS.ProcessEnv;
}

/** Ms. Nothing here takes as long, unless it never comes. */
const waitMs = 60_000;

/** What comes of the promise, or an error that names what did not come. */
export async function inTime<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${waitMs / 1000} s: ${what}`)), waitMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** `vitrine dev` on a folder, ready. */
export async function startVitrine(folder: string, state: string): Promise<Serving> {
  const cli = path.join(project, "dist/server/cli.js");
  const child = spawn(process.execPath, [cli, "dev", folder, "--json"], {
    env: environment(state),
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as { event: string; url?: string };
    if (message.event === "ready" && message.url) return serving(child, message.url);
  }
  throw new Error(`vitrine dev ended with ${child.exitCode} before it was ready`);
}

/** The project's own `vite`, spawned as a user would, ready. */
export async function startVite(folder: string): Promise<Serving> {
  const found = createRequire(path.join(folder, "package.json")).resolve("vite/package.json");
  const vite = path.join(path.dirname(found), "bin/vite.js");
  const child = spawn(
    process.execPath,
    [vite, "--host", "127.0.0.1", "--port", "0", "--strictPort"],
    {
      cwd: folder,
      env: { ...environment(folder), NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  return inTime(`vite of ${folder} to be ready`, readyVite(child));
}

async function readyVite(child: ChildProcess & { stdout: Readable }): Promise<Serving> {
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0];
    if (url) return serving(child, url);
  }
  throw new Error(`vite ended with ${child.exitCode} before it was ready`);
}

/** Events that no bench looks at. */
const unheard = [
  "projectsChanged",
  "projectProblemsChanged",
  "devServerLogged",
  "runChanged",
  "consoleLogged",
  "logged",
  "testRunChanged",
];

/** A server as the extension host starts it, with one Vite host kept warm. */
export async function startWarmServer(
  folders: readonly string[],
  state: string,
  { devServers, env }: WarmServerOptions = {},
): Promise<WarmServer> {
  const child = fork(path.join(project, "dist/server/main.js"), {
    env: { ...environment(state), ...env },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let facts: Facts = { sessions: [], devServers: [], repls: [] };
  const waiting = new Set<() => void>();
  const learn = (news: Partial<Facts>): void => {
    facts = { ...facts, ...news };
    for (const look of waiting) look();
  };
  const { remote } = connect<ServerMethods>(
    {
      post: (message) => void child.send(message as object),
      on: (listener) => void child.on("message", listener),
    },
    {
      methods: {
        externalAddress: async (port: number) => `http://127.0.0.1:${port}/`,
        placeResult: async () => false,
        readDirty: async () => undefined,
        editDirty: async () => false,
      },
      events: {
        ...Object.fromEntries(unheard.map((name) => [name, () => {}])),
        replsChanged: (repls: readonly Repl[]) => learn({ repls }),
        devServersChanged: (list: readonly DevServerState[]) => learn({ devServers: list }),
        sessionsChanged: (sessions: readonly Session[]) => learn({ sessions }),
      },
      deadline: 60_000,
    },
  );
  const config: Config = {
    results: "file",
    portRange: [15_173, 15_273],
    warmStart: true,
    streaming: "auto",
    runTimeout: 0,
    devServers: { ...DEV_SERVER_DEFAULTS, ...devServers },
  };
  await remote.initialize({
    protocol: PROTOCOL_VERSION,
    version: manifest.version,
    folders,
    trusted: true,
    config,
    stateDirectory: path.join(state, "vitrine"),
  });
  const until: WarmServer["until"] = (what, look) => {
    let ask = (): void => {};
    const found = new Promise<NonNullable<ReturnType<typeof look>>>((resolve) => {
      ask = () => {
        const answer = look(facts);
        if (answer != null) resolve(answer);
      };
    });
    waiting.add(ask);
    ask();
    return inTime(what, found).finally(() => waiting.delete(ask));
  };
  return {
    methods: remote,
    until,
    open: async (folder) => {
      const { id } = await remote.openSession(folder);
      return until(`the session of ${folder}`, ({ sessions }) =>
        sessions.find((one) => one.id === id && one.state.name === "live"),
      );
    },
    log: (root) =>
      until(
        `a log of ${root}`,
        ({ repls }) => repls.find((one) => one.root === root)?.logs[0]?.name,
      ),
    pid: child.pid ?? 0,
    stop: async () => {
      const exited = once(child, "exit");
      await remote.shutdown();
      await inTime("the server to end", exited);
    },
  };
}

/** A user's shell, with a state directory of its own. */
function environment(state: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_ENV$/.test(name));
  return { ...Object.fromEntries(own), XDG_STATE_HOME: state };
}

function serving(child: ChildProcess, url: string): Serving {
  child.stdout?.resume();
  return {
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await inTime(`process ${child.pid} to end`, exited);
    },
  };
}
