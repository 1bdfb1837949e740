/** `vitrine repl`, also called `daebug`: the REPL server of one folder (REPL specification 16). */
import { UserError } from "../../protocol/errors.ts";
import manifest from "../../../package.json" with { type: "json" };
import type { Instance } from "../repl/logs/instance.ts";
import type { LogJob } from "../repl/logs/log-job.ts";
import type { Ending } from "../repl/logs/request.ts";
import type { ReplPolicy } from "../repl/logs/create-repls.ts";
import { ReplListener } from "../repl/repl-listener.ts";
import { createServer, type Server } from "../server.ts";
import { hello, noEditor } from "./dev.ts";
import { existingFolder } from "./folders.ts";
import { printError, printJson, printLine, untilSignal } from "./output.ts";
import { askToLeave, takePort } from "./repl-port.ts";
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
  const crashed = untilCrash();
  const end = await Promise.race([untilSignal(), running.stopped, crashed]);
  await running.close();
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
  try {
    await takeRoot(server, root);
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
    const port = await takePort(wishOf(root, options), (wanted) => listener.listen(wanted));
    const close = async (): Promise<void> => {
      await server.close();
      await listener.close();
    };
    return { server, root, url: `http://localhost:${port}/`, stopped, close };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** The logs of a root have one owner; another command-line server is asked to leave, an editor is not (decision 4). */
async function takeRoot(server: Server, root: string): Promise<void> {
  let { state } = await server.methods.startRepl(root);
  if (state.name === "elsewhere" && (await askToLeave(root)))
    ({ state } = await server.repls.restart(root));
  if (state.name !== "on")
    throw new UserError(
      "port_in_use",
      `The logs of ${root} belong to ${state.name === "elsewhere" ? state.owner : "another program"}. Use that one, or stop it first`,
    );
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

/** One line per realm, request and reply (16.3), or with `--log=json` one object per line on standard error (15.12). */
function reporters({ log, json }: ReplOptions): Pick<ReplPolicy, "joined" | "moved" | "ended"> {
  if (log === "json")
    return {
      joined: ({ key }) => logJson({ ev: "realm.online", instance: key }),
      moved: (instance, job) => logJson(jobLine(instance, job)),
    };
  if (json === true) return {};
  return {
    joined: ({ key, log: { file } }) => printLine(`${key}  ${file}`),
    moved: (instance, job) => {
      if (job.state !== "requested") return;
      printLine(`${job.agent} → ${instance.key}  ${beginning(job.code, 20)}...`);
    },
    ended: (instance, job, ending) =>
      printLine(`${instance.key} → ${job.agent}  ${outcome(job, ending)}`),
  };
}

function jobLine(instance: Instance, job: LogJob): object {
  const ms = job.dispatchedAt === undefined ? {} : { ms: Date.now() - job.dispatchedAt };
  return { ev: `job.${job.state}`, instance: instance.key, jobId: job.id, ...ms };
}

function logJson(line: object): void {
  process.stderr.write(`${JSON.stringify({ t: new Date().toISOString(), ...line })}\n`);
}

function outcome({ dispatchedAt }: LogJob, { result, at }: Ending): string {
  const ms = dispatchedAt === undefined ? 0 : at - dispatchedAt;
  const text = result.ok
    ? (result.valueText ?? JSON.stringify(result.value) ?? "undefined")
    : String(result.error);
  return `${result.ok ? "succeeded" : "failed"} ${ms}ms  ${beginning(text, 100)}`;
}

/** Of what comes from files and pages nothing may steer the terminal. */
function beginning(text: string, length: number): string {
  // oxlint-disable-next-line no-control-regex -- these are what must not come through
  const plain = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ");
  return plain.trim().slice(0, length);
}

function untilCrash(): Promise<"crashed"> {
  return new Promise((resolve) => {
    process.once("uncaughtException", (error) => {
      printError(error.stack ?? error.message);
      resolve("crashed");
    });
  });
}
