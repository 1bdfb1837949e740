/** One server process: fork, hello, welcome, heartbeat, end. */
import { fork, type ChildProcess } from "node:child_process";
import {
  PROTOCOL_VERSION,
  type Hello,
  type HostMethods,
  type ServerEvents,
  type ServerMethods,
  type Welcome,
} from "../protocol/contract.ts";
import { UserError } from "../protocol/errors.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { connectServer } from "./server-rpc.ts";

export interface ConnectOptions {
  /** Absolute path of the server's entry. */
  readonly entry: string;
  readonly hello: Hello;
  readonly host: HostMethods;
  readonly events: ServerEvents;
  /** A line that the server wrote to its standard output or error. */
  readonly print: (line: string) => void;
}

export interface ServerConnection {
  readonly methods: ServerMethods;
  readonly welcome: Welcome;
  /** Why it ended, in words; settles once, whoever ended it. */
  readonly ended: Promise<string>;
  /** Asks it to end, waits at most 4 s (P-02), then makes it. */
  stop(): Promise<void>;
}

const stopGraceMs = 4000;
const tailLines = 20;

/** Starts a server and waits until it is ready. Rejects with its exit code and last lines if it ends before that. */
export async function connectToNewServer(options: ConnectOptions): Promise<ServerConnection> {
  const child = forkServer(options.entry);
  const tail = drain(child, options.print);
  const client = connectServer(
    {
      // The callback takes the error of a channel that closed meanwhile; `ended` tells it to everybody.
      post: (message) => void child.send(message as object, () => {}),
      on: (listener) => void child.on("message", listener),
    },
    options.host,
    options.events,
  );
  const ended = endOf(child).then((how) => {
    const reason = `The Vitrine server ${how}`;
    client.close(reason);
    return reason;
  });

  try {
    const welcome = await Promise.race([
      client.methods.initialize(options.hello),
      ended.then((reason) =>
        Promise.reject(
          new UserError("server_gone", [`${reason} before it was ready`, ...tail].join("\n")),
        ),
      ),
    ]);
    checkVersions(options.hello, welcome);
    const stopHeartbeat = startHeartbeat({
      ping: () => client.methods.ping(),
      dead: () => child.kill("SIGKILL"),
    });
    void ended.then(stopHeartbeat);
    return {
      methods: client.methods,
      welcome,
      ended,
      stop: () => stop(child, client.methods, ended),
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

function forkServer(entry: string): ChildProcess {
  return fork(entry, [], {
    serialization: "advanced",
    execPath: process.execPath,
    // The host's own flags may hold an inspector port, which cannot be taken twice.
    execArgv: [],
    // On desktop this process is Electron; the variable makes it plain Node (decision 25).
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

/** Reads both streams to their end, since a full pipe would stop the server. Returns the last lines, kept current. */
function drain(child: ChildProcess, print: (line: string) => void): string[] {
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        print(line);
        tail.push(line);
      }
      tail.splice(0, tail.length - tailLines);
    });
  }
  return tail;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    );
  });
}

function checkVersions(hello: Hello, welcome: Welcome): void {
  if (welcome.protocol === PROTOCOL_VERSION && welcome.version === hello.version) return;
  throw new UserError(
    "incompatible",
    `The server speaks ${welcome.version} (protocol ${welcome.protocol}), the extension ${hello.version} (protocol ${hello.protocol}). Reload the window.`,
  );
}

async function stop(
  child: ChildProcess,
  methods: ServerMethods,
  ended: Promise<string>,
): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
  // Whatever it answers, the channel is closed next, and a server without a channel ends by itself (P-01).
  await Promise.race([methods.shutdown().catch(() => {}), ended]);
  if (child.connected) child.disconnect();
  await ended;
  clearTimeout(timer);
}
