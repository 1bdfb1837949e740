/** `vitrine repl`, also called `daebug`: the REPL server of one folder (REPL specification 16). */
import { UserError } from "../../protocol/errors.ts";
import manifest from "../../../package.json" with { type: "json" };
import type { ReplPolicy } from "../repl/logs/create-repls.ts";
import { ReplListener } from "../repl/repl-listener.ts";
import { createServer, type Server } from "../server.ts";
import { readServers } from "../state-directory.ts";
import { lockOwner } from "../lock-file.ts";
import { derivePort } from "../../markdown/log/names.ts";
import path from "node:path";
import { hello, noEditor } from "./dev.ts";
import { existingFolder } from "./folders.ts";
import { printError, printJson, printLine, untilSignal } from "./output.ts";
import { logJson, reporters } from "./repl-lines.ts";
import { askToLeave, takePort, untilDone, whoListens } from "./repl-port.ts";
import { runTests, type TestOptions } from "./repl-tests.ts";

export interface ReplOptions extends TestOptions {
  readonly root?: string;
  readonly port?: number;
  readonly host?: string;
  readonly allowExternal?: boolean;
  readonly key?: string;
  readonly log?: string;
  readonly timeout?: number;
  readonly inject?: boolean;
  readonly json?: boolean;
}

/** A server that runs, and where. */
export interface RunningRepl {
  readonly server: Server;
  readonly root: string;
  readonly url: string;
  /** Resolves when the shutdown marker was written. */
  readonly stopped: Promise<void>;
  close(): Promise<void>;
}

const timeoutMs = 60_000;

export async function repl(options: ReplOptions): Promise<number> {
  const root = existingFolder(options.root ?? ".");
  if (options.test !== undefined) return runTests(root, options, () => startRepl(root, options));
  const running = await startRepl(root, options);
  announce(running, options);
  const isLogged = options.log === "json";
  if (isLogged) logJson({ ev: "server.start" });
  const crashed = untilCrash();
  const end = await Promise.race([untilSignal(), running.stopped, crashed]);
  await running.close();
  if (isLogged) logJson({ ev: "server.stop" });
  return end === "crashed" ? 1 : 0;
}

/** @throws UserError with what to do when the root or a port cannot be had */
export async function startRepl(root: string, options: ReplOptions): Promise<RunningRepl> {
  checkAddress(options);
  let markStopped: () => void = () => {};
  const stopped = new Promise<void>((resolve) => (markStopped = resolve));
  const policy: Partial<ReplPolicy> = {
    createOnConnect: false,
    continues: "soon",
    timeoutMs: options.timeout ?? timeoutMs,
    root,
    stopped: () => markStopped(),
    ...reporters(options),
  };
  const server = await createServer(hello(root), noEditor, () => {}, policy);
  const listener = new ReplListener({
    root,
    version: manifest.version,
    realms: server.realms,
    find: () => server.repls.get(root),
    script: server.script,
    verifyControl: server.verifyControl,
    host: options.host ?? "127.0.0.1",
    inject: options.inject !== false,
    ...(options.key === undefined ? {} : { key: options.key }),
  });
  const close = async (): Promise<void> => {
    await server.close();
    await listener.close();
  };
  try {
    // The port first: whoever has it may be asked to leave, and answers by the registry that is ours from then on.
    const port = await takePort(wishOf(root, options), (wanted) => listener.listen(wanted));
    await takeRoot(server, root);
    return { server, root, url: `http://${addressOf(options)}:${port}/`, stopped, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The logs of a root have one owner; another command-line server is asked to leave, an editor is not (decision 4). */
async function takeRoot(server: Server, root: string): Promise<void> {
  let { state } = await server.methods.startRepl(root);
  if (state.name === "elsewhere" && (await isReplCommand(root)) && (await askToLeave(root)))
    await untilDone(async () => {
      ({ state } = await server.repls.restart(root));
      return state.name === "on";
    });
  if (state.name !== "on")
    throw new UserError(
      "port_in_use",
      `The logs of ${root} belong to ${state.name === "elsewhere" ? state.owner : "another program"}. Use that one, or stop it first`,
    );
}

/** Whether the logs of a root belong to a command line: it says so in its discovery file, or answers on the root's port. */
async function isReplCommand(root: string): Promise<boolean> {
  const owner = await lockOwner(path.join(root, "daebug", ".lock"));
  const server = (await readServers()).find(({ pid }) => pid === owner?.pid);
  if (server !== undefined) return server.isReplCommand === true;
  return (await whoListens(derivePort(root), root)) === "same root";
}

/** Literal, because another program may have the port on another address of `localhost` (N-01). */
function addressOf({ host = "127.0.0.1" }: ReplOptions): string {
  if (["localhost", "0.0.0.0", "::"].includes(host)) return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function checkAddress({ host, allowExternal, key }: ReplOptions): void {
  if (host === undefined || ["127.0.0.1", "localhost", "::1"].includes(host)) return;
  if (allowExternal !== true || key === undefined)
    throw new UserError(
      "forbidden",
      `${host} can be reached by other machines. Say --allow-external and give a --key, or leave --host out`,
    );
  printError(`Listening on ${host}: whoever knows the key can run code in your pages`);
}

function wishOf(root: string, { port }: ReplOptions): Parameters<typeof takePort>[0] {
  const fromEnvironment = Number(process.env["PORT"]);
  const isPort =
    Number.isInteger(fromEnvironment) && fromEnvironment > 0 && fromEnvironment < 65_536;
  return {
    root,
    ...(port === undefined ? {} : { explicit: port }),
    ...(isPort ? { fromEnvironment } : {}),
  };
}

function announce({ server, root, url }: RunningRepl, { json }: ReplOptions): void {
  const { token } = server.welcome;
  if (json === true) return printJson({ event: "ready", url, token, root });
  printLine(`vitrine repl v${manifest.version}`);
  printLine(`  folder    ${root}`);
  printLine(`  pages     ${url}`);
  printLine(`  registry  ${root}/daebug.md`);
}

function untilCrash(): Promise<"crashed"> {
  return new Promise((resolve) => {
    process.once("uncaughtException", (error) => {
      printError(error.stack ?? error.message);
      resolve("crashed");
    });
  });
}
