/** The things that are compared: `vitrine dev`, the warm server behind the extension, and plain `vite`. */
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { project } from "../scripts/bootstrap.mjs";
import {
  DEV_SERVER_DEFAULTS,
  PROTOCOL_VERSION,
  type Config,
  type ServerMethods,
} from "../src/protocol/contract.ts";
import type { Repl, Session } from "../src/protocol/model.ts";
import { connect } from "../src/server/rpc.ts";
import manifest from "../package.json" with { type: "json" };

export interface Serving {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface WarmServer {
  readonly methods: ServerMethods;
  /** Opens a session and answers once it serves, as the panel waits for it. */
  open(folder: string): Promise<Session>;
  /** The name of the realm that a root has, once there is one. */
  log(root: string): Promise<string>;
  readonly pid: number;
  stop(): Promise<void>;
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
  const vite = path.join(folder, "node_modules/vite/bin/vite.js");
  const child = spawn(
    process.execPath,
    [vite, "--host", "127.0.0.1", "--port", "0", "--strictPort"],
    {
      cwd: folder,
      env: { ...environment(folder), NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
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
  "devServersChanged",
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
): Promise<WarmServer> {
  const child = fork(path.join(project, "dist/server/main.js"), {
    env: environment(state),
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const waiting = new Map<string, (session: Session) => void>();
  let repls: readonly Repl[] = [];
  let told = (): void => {};
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
        replsChanged: (list: readonly Repl[]) => {
          repls = list;
          told();
        },
        sessionsChanged: (sessions: readonly Session[]) => {
          for (const session of sessions)
            if (session.state.name === "live") waiting.get(session.id)?.(session);
        },
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
    devServers: DEV_SERVER_DEFAULTS,
  };
  await remote.initialize({
    protocol: PROTOCOL_VERSION,
    version: manifest.version,
    folders,
    trusted: true,
    config,
    stateDirectory: path.join(state, "vitrine"),
  });
  return {
    methods: remote,
    open: async (folder) => {
      const { id } = await remote.openSession(folder);
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    log: (root) =>
      new Promise((resolve) => {
        told = () => {
          const name = repls.find((one) => one.root === root)?.logs[0]?.name;
          if (name !== undefined) resolve(name);
        };
        told();
      }),
    pid: child.pid ?? 0,
    stop: async () => {
      const exited = once(child, "exit");
      await remote.shutdown();
      await exited;
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
      await exited;
    },
  };
}
