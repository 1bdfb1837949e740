/** `vitrine repl` as a child process, as a person or a script starts it, and the texts of its logs. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { eventually } from "./eventually.ts";
import { dist, firstPort } from "./server.ts";

/** 70 hyphens, the anchor line, two empty lines. */
export const FOOTER = `${"-".repeat(70)}\n> Append your JavaScript snippet below to execute against this page.\n\n\n`;

export interface CommandEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Command {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<CommandEnd>;
}

export interface ReplProcess extends Command {
  readonly root: string;
  /** `http://127.0.0.1:8660`. */
  readonly origin: string;
  readonly port: number;
  readonly token: string;
  /** Path of a log. */
  log(name: string): string;
  /** Text of a log; empty when there is none. */
  read(name: string): Promise<string>;
  registry(): Promise<string>;
  /** Waits until a log's text fits. @returns the text */
  logIs(name: string, fits: (text: string) => boolean, timeout?: number): Promise<string>;
  stop(): Promise<CommandEnd>;
}

export interface Commands {
  readonly state: string;
  /** Runs the command line. */
  run(args: readonly string[], more?: CommandOptions): Command;
  /** Starts a REPL and waits until it is ready. */
  repl(root: string, args?: readonly string[], more?: CommandOptions): Promise<ReplProcess>;
  /** Ends what still runs, and takes the state away. */
  end(): Promise<void>;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly state?: string;
  /** Name of the program: `daebug` has its own help. */
  readonly script?: string;
}

let ports = 0;

/** The next port of this test worker that no other test uses. */
export function nextPort(): number {
  return firstPort + (ports++ % 90);
}

export async function createCommands(): Promise<Commands> {
  const state = await mkdtemp(path.join(tmpdir(), "vtr-state-"));
  const children = new Set<ChildProcess>();

  const run = (args: readonly string[], more: CommandOptions = {}): Command => {
    const script = more.script ?? path.join(dist, "server/cli.js");
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, XDG_STATE_HOME: more.state ?? state, ...more.env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(more.cwd === undefined ? {} : { cwd: more.cwd }),
    });
    children.add(child);
    let [out, err] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
    const ended = once(child, "close").then(([code]) => {
      children.delete(child);
      return { code: code as number | null, out, err };
    });
    return { child, out: () => out, err: () => err, ended };
  };

  return {
    state,
    run,
    async repl(root, args = [], more) {
      const port = args.some((arg) => arg.startsWith("--port")) ? [] : ["--port", `${nextPort()}`];
      const derived = args.includes("--derived");
      const rest = args.filter((arg) => arg !== "--derived");
      const command = run(
        ["repl", "--root", root, "--json", ...(derived ? [] : port), ...rest],
        more,
      );
      const ready = await Promise.race([
        eventually("the ready line", () => readReady(command.out())),
        command.ended.then(({ code, err }) => {
          throw new Error(`it ended with code ${code}: ${err}`);
        }),
      ]);
      return asProcess(command, root, ready);
    },
    async end() {
      const left = [...children];
      for (const child of left) child.kill("SIGKILL");
      await Promise.all(
        left
          .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
          .map((child) => once(child, "exit")),
      );
      await removeRunDirectories(path.join(state, "vitrine/servers"));
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** What a killed server leaves for its successor to clear, where none follows. */
async function removeRunDirectories(servers: string): Promise<void> {
  for (const name of await readdir(servers).catch(() => [])) {
    const { runDirectory } = JSON.parse(await readFile(path.join(servers, name), "utf8")) as {
      runDirectory: string;
    };
    await rm(runDirectory, { recursive: true, force: true });
  }
}

interface Ready {
  readonly url: string;
  readonly token: string;
}

function readReady(out: string): Ready | undefined {
  const line = out.split("\n").find((one) => one.startsWith('{"event":"ready"'));
  return line === undefined || !out.includes("\n") ? undefined : (JSON.parse(line) as Ready);
}

function asProcess(command: Command, root: string, { url, token }: Ready): ReplProcess {
  const port = Number(new URL(url).port);
  const log = (name: string): string => path.join(root, "daebug", `${name}.md`);
  const read = (name: string): Promise<string> => readFile(log(name), "utf8").catch(() => "");
  return {
    ...command,
    root,
    port,
    origin: `http://127.0.0.1:${port}`,
    token,
    log,
    read,
    registry: () => readFile(path.join(root, "daebug.md"), "utf8").catch(() => ""),
    async logIs(name, fits, timeout) {
      let last = "";
      return eventually(
        `the log ${name} as wanted`,
        async () => ((last = await read(name)), fits(last) ? last : undefined),
        timeout,
      ).catch((error: Error) => {
        throw new Error(`${error.message}; it is:\n${last}`, { cause: error });
      });
    },
    stop() {
      command.child.kill("SIGTERM");
      return command.ended;
    },
  };
}

/** Times, durations and seconds made the same, so that texts can be compared byte for byte. */
export function normalised(text: string): string {
  return text
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, "HH:MM:SS")
    .replaceAll(/\(\d+ms\)/g, "(<n>ms)")
    .replaceAll(/\(\d+\.\ds\)/g, "(<n>s)")
    .replaceAll(/^executing \(\d+s\)/gm, "executing (<n>s)");
}

/** A log without the title and guide that the server puts in front, which have to be there; times normalised. */
export function bodyOf(text: string, name: string): string {
  const start = `# ${name} Session\n\n`;
  const guide = text.indexOf("\n---\n\n");
  if (!text.startsWith(start) || !text.includes("## Short Guide\n\n- ") || guide < 0)
    throw new Error(`no title and guide in front of:\n${text}`);
  return normalised(text.slice(guide + "\n---\n\n".length));
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly text: string;
}

/** Sends bytes over a bare socket, and reads until the server closes it or the answer is complete. */
export async function sendRaw(port: number, request: string, timeout = 10_000): Promise<RawAnswer> {
  const socket = connect(port, "127.0.0.1");
  socket.setTimeout(timeout, () => socket.destroy());
  socket.on("error", () => {});
  socket.write(request);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (isComplete(text)) socket.destroy();
  });
  // A server that answers before it has read everything resets the connection: that is an end as well.
  await new Promise((resolve) => socket.once("close", resolve));
  return parseAnswer(text);
}

function isComplete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(text.slice(0, Math.max(0, end)))?.[1];
  if (end >= 0 && /^transfer-encoding: chunked/im.test(text.slice(0, end)))
    return text.endsWith("0\r\n\r\n");
  return end >= 0 && length !== undefined && text.length - end - 4 >= Number(length);
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end < 0 ? text.length : end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
  const raw = end < 0 ? "" : text.slice(end + 4);
  const body = headers["transfer-encoding"] === "chunked" ? unchunked(raw) : raw;
  return { status: Number(first.split(" ")[1] ?? 0), headers, body, text };
}

function unchunked(raw: string): string {
  let [rest, body] = [raw, ""];
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, line), 16);
    if (line < 0 || !(size > 0)) return body;
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 2 + size + 2);
  }
}
