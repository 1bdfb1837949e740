/** Starts the REPL server of one folder for the command line: its port, its logs, its pages (REPL specification 16). */
import { randomBytes } from "node:crypto";
import path from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import { derivePort } from "../../markdown/log/names.ts";
import { UserError } from "../../protocol/errors.ts";
import { lockOwner } from "../lock-file.ts";
import type { ReplPolicy } from "../repl/logs/create-repls.ts";
import { isLoopback } from "../repl/repl-hosts.ts";
import { ReplListener } from "../repl/repl-listener.ts";
import { createServer, type Server } from "../server.ts";
import { readServers } from "../state-directory.ts";
import { hello, noEditor } from "./dev.ts";
import { printError } from "./output.ts";
import { reporters, type LineOptions } from "./repl-lines.ts";
import { askToLeave, takePort, untilDone, whoListens } from "./repl-port.ts";

export interface StartOptions extends LineOptions {
  readonly port?: number;
  readonly host?: string;
  readonly allowExternal?: boolean;
  readonly key?: string;
  readonly timeout?: number;
  readonly inject?: boolean;
  /** Origins, as browsers write them. */
  readonly allowOrigin?: readonly string[];
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
const nothing = (): void => {};

/** @throws UserError with what to do when the root or a port cannot be had */
export async function startRepl(root: string, options: StartOptions): Promise<RunningRepl> {
  checkAddress(options);
  let markStopped = nothing;
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
  const listener = createListener(server, root, options);
  const close = async (): Promise<void> => {
    await server.close();
    await listener.close();
  };
  try {
    // The port first: whoever has it may be asked to leave, and answers by the registry that is ours from then on.
    await takePort(wishOf(root, options), (wanted) => listener.listen(wanted));
    await takeRoot(server, root);
    return { server, root, url: listener.url, stopped, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createListener(server: Server, root: string, options: StartOptions): ReplListener {
  return new ReplListener({
    root,
    version: manifest.version,
    realms: server.realms,
    find: () => server.repls.get(root),
    script: server.script,
    verifyControl: server.verifyControl,
    host: options.host ?? "127.0.0.1",
    inject: options.inject !== false,
    allowedOrigins: options.allowOrigin ?? [],
    ...keyOf(options),
  });
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

/** Pages of other origins always bring a key; without one of the user's it is a new one for each start. */
function keyOf({ key, allowOrigin = [] }: StartOptions): { key?: string } {
  if (key !== undefined) return { key };
  return allowOrigin.length === 0 ? {} : { key: randomBytes(18).toString("base64url") };
}

function checkAddress({ host, allowExternal, key }: StartOptions): void {
  if (host === undefined || isLoopback(host)) return;
  if (allowExternal !== true || key === undefined)
    throw new UserError(
      "forbidden",
      `${host} can be reached by other machines. Say --allow-external and give a --key, or leave --host out`,
    );
  printError(
    `Listening on ${host}: whoever knows the key can run code in your pages. Open a page with ?key=<key> once`,
  );
}

function wishOf(root: string, { port }: StartOptions): Parameters<typeof takePort>[0] {
  const fromEnvironment = Number(process.env["PORT"]);
  const isPort =
    Number.isInteger(fromEnvironment) && fromEnvironment > 0 && fromEnvironment < 65_536;
  return {
    root,
    ...(port === undefined ? {} : { explicit: port }),
    ...(isPort ? { fromEnvironment } : {}),
  };
}
