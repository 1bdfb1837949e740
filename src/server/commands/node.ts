/**
 * `vitrine node [script]`: a Node process as a realm of the folder's running server (REPL specification 13.4). It asks the
 * server for its jobs over the HTTP API; the blocks run in a process of their own, which is replaced when it hangs.
 */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { LogResult } from "../../markdown/log/events.ts";
import { UserError } from "../../protocol/errors.ts";
import type { FromRealm, RunRequest } from "../../protocol/realm.ts";
import { createLog } from "../log.ts";
import { NodeRealms } from "../realms/node-realms.ts";
import { Realms, type LiveRealm } from "../realms/realms.ts";
import { BlockSyntaxError } from "../repl/compile.ts";
import { Jobs } from "../repl/jobs.ts";
import { consoleEvent, resultOf, uncaughtEvent } from "../repl/logs/live-events.ts";
import { compileLogBlock, syntaxErrorResult } from "../repl/logs/log-block.ts";
import { newJobId } from "../repl/logs/log-job.ts";
import { callApi, serverOf, type ServerAddress } from "./api-client.ts";
import { existingFolder } from "./folders.ts";
import { printError, printLine, untilSignal } from "./output.ts";

export interface NodeOptions {
  readonly root?: string;
}

/** Ms a poll waits, and until a server that went away is looked for again. */
const times = { poll: 12_000, again: 1000 } as const;

/** @throws UserError when no server of the folder runs, or the script is not there */
export async function node(script: string | undefined, options: NodeOptions): Promise<void> {
  const root = existingFolder(options.root ?? ".");
  const server = await serverOf(root);
  if (server === undefined)
    throw new UserError(
      "not_found",
      `No server of ${root} runs for this user. Start one with \`vitrine repl --root ${root}\``,
    );
  const realm = new NodeCommand(root, server);
  try {
    await Promise.race([untilSignal(), realm.serve(script)]);
  } finally {
    await realm.close();
  }
}

interface Job {
  readonly id: string;
  readonly code: string;
  readonly language: "js" | "ts";
  readonly timeoutMs: number;
}

class NodeCommand {
  readonly #root: string;
  #server: ServerAddress;
  readonly #realms = new Realms();
  readonly #nodes: NodeRealms;
  readonly #jobs = new Jobs(this.#realms);
  readonly #closing = new AbortController();
  /** Of the first process; those that replace it go on under it. */
  #name = "";

  constructor(root: string, server: ServerAddress) {
    this.#root = root;
    this.#server = server;
    const log = createLog((lines) => {
      for (const { message } of lines) printLine(message);
    });
    const keeper = { addChild: async () => {}, removeChild: async () => {} };
    this.#nodes = new NodeRealms(this.#realms, keeper, log);
    this.#realms.listen({ said: (realm, message) => void this.#said(realm, message) });
  }

  async serve(script: string | undefined): Promise<void> {
    const first = await this.#nodes.open(this.#root, undefined);
    this.#name = first.name;
    printLine(`${this.#name}  ${path.join(this.#root, "daebug", `${this.#name}.md`)}`);
    if (script !== undefined) await this.#runScript(path.resolve(script));
    while (!this.#closing.signal.aborted) {
      try {
        const job = await this.#next();
        if (job !== undefined) await this.#answer(job, await this.#run(job));
      } catch (error) {
        if (!this.#closing.signal.aborted) await this.#searchServer(error);
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#nodes.stop();
  }

  async #runScript(file: string): Promise<void> {
    const code = `await import(${JSON.stringify(pathToFileURL(file).href)})`;
    const { ok, error } = await this.#run({
      id: newJobId(),
      code,
      language: "js",
      timeoutMs: 0,
    });
    if (!ok) throw new UserError("bad_request", `${file} failed:\n${String(error)}`);
  }

  async #next(): Promise<Job | undefined> {
    const realm = await this.#nodes.open(this.#root, undefined);
    const query = new URLSearchParams({ wait: String(times.poll), url: realm.url, types: "kept" });
    const job = await this.#call(`/jobs/poll?${query.toString()}`);
    if (typeof job["jobId"] !== "string") return undefined;
    const { jobId, code, language, timeoutMs } = job as unknown as Job & { jobId: string };
    return { id: jobId, code, language, timeoutMs };
  }

  async #run(job: Job): Promise<LogResult> {
    const { id, timeoutMs } = job;
    const realm = await this.#nodes.open(this.#root, undefined);
    try {
      const { file, script } = await compileLogBlock(job, this.#root, "node");
      const request: RunRequest = {
        type: "run",
        job: id,
        scope: "log",
        script: "",
        code: script.script,
        scriptName: `vitrine-block-${id}.js`,
        file,
        imports: [],
        values: "log",
      };
      const kill = (): void => this.#nodes.kill(realm);
      const stop = this.#closing.signal;
      return resultOf(
        await this.#jobs.run(realm, request, { script, timeout: timeoutMs, stop, kill }),
      );
    } catch (error) {
      if (!(error instanceof BlockSyntaxError)) throw error;
      return syntaxErrorResult(error);
    }
  }

  async #answer({ id }: Job, { ok, valueText, valueNote, error }: LogResult): Promise<void> {
    const note = valueNote === undefined ? "" : `\n// ${valueNote}`;
    const results = [{ info: "JSON", text: `${valueText ?? "undefined"}${note}` }];
    const body = ok ? { status: "ok", results } : { status: "error", error };
    await this.#call(`/jobs/${id}/result`, body).catch((failure: unknown) => {
      // It came too late; the server has said so in the log.
      if (!(failure instanceof UserError)) throw failure;
    });
  }

  /** What the process prints goes to its log, and to whoever looks at this terminal. */
  async #said(realm: LiveRealm, message: FromRealm): Promise<void> {
    if (message.type !== "console" && message.type !== "uncaught") return;
    const events =
      message.type === "console" ? message.entries.map(consoleEvent) : [uncaughtEvent(message)];
    for (const { message: text = "" } of events) printLine(`${realm.name}: ${text}`);
    if (this.#name === "") return;
    // The server is away: what it missed was printed.
    await this.#call("/background", { events }).catch(() => {});
  }

  async #searchServer(error: unknown): Promise<void> {
    if (error instanceof UserError) printError(error.message);
    await sleep(times.again);
    this.#server = (await serverOf(this.#root)) ?? this.#server;
  }

  #call(local: string, body?: object): Promise<Record<string, unknown>> {
    return callApi(this.#server, this.#root, {
      path: `/instances/${this.#name}${local}`,
      signal: this.#closing.signal,
      ...(body === undefined ? {} : { body }),
    });
  }
}
