/** Realms of our own client in the REPL of their root: they are pushed their jobs over the connection they hold open. */
import type { FromRealm, ResolvedImport, RunRequest } from "../../../protocol/realm.ts";
import type { LiveRealm, Realms } from "../../realms/realms.ts";
import { BlockSyntaxError, type CompiledBlock } from "../compile.ts";
import type { Jobs } from "../jobs.ts";
import type { JobOutcome } from "../outcome.ts";
import type { Instance } from "./instance.ts";
import { consoleEvent, resultOf, uncaughtEvent } from "./live-events.ts";
import { compileLogBlock, syntaxErrorResult } from "./log-block.ts";
import type { LogJob } from "./log-job.ts";
import type { Repl } from "./repl.ts";

export interface LiveLogsParts {
  readonly repl: Repl;
  readonly realms: Realms;
  readonly jobs: Jobs;
  /** Whether a realm belongs to the root of the REPL. */
  belongs(realm: LiveRealm): boolean;
  /** Absolute folder from which the imports of a realm's blocks resolve. */
  folderOf(realm: LiveRealm): string;
  resolveImports(
    realm: LiveRealm,
    file: string,
    specifiers: readonly string[],
  ): Promise<readonly ResolvedImport[]>;
  /** Ends a realm that cannot be asked to stop. */
  kill(realm: LiveRealm): void;
  /** Makes a realm that is there only when somebody wants it: a page's companion worker. */
  summon(name: string): void;
}

type Finished = Extract<FromRealm, { type: "finished" }>;

export class LiveLogs {
  readonly #parts: LiveLogsParts;
  /** Realms in contact, by instance. */
  readonly #realms = new Map<Instance, LiveRealm>();
  readonly #stops = new Map<LogJob, AbortController>();
  #unlisten: () => void = () => {};

  constructor(parts: LiveLogsParts) {
    this.#parts = parts;
  }

  /** Takes in the realms that are there, and those to come. */
  start(): void {
    const { realms, repl } = this.#parts;
    if (repl.state.name !== "on") return;
    this.#unlisten = realms.listen({
      loaded: (realm) => this.#join(realm),
      gone: (realm) => this.#leave(realm),
      hung: (worker, silentMs, restarted) => {
        const instance = this.#instanceOf(worker);
        if (instance !== undefined) void repl.workers.unresponsive(instance, silentMs, restarted);
      },
      said: (realm, message) => {
        const instance = this.#instanceOf(realm);
        if (instance === undefined) return;
        if (message.type === "console") this.#console(instance, message.entries);
        if (message.type === "uncaught") void instance.flush([uncaughtEvent(message)]);
        if (message.type === "finished") this.#finishedBefore(instance, message);
        if (message.type === "test-progress") void repl.tested(instance, message.progress);
      },
    });
    for (const realm of realms.all()) if (realm.link !== undefined) this.#join(realm);
  }

  /** Runs the waiting job of an instance that one of our realms stands for. */
  async offer(instance: Instance): Promise<void> {
    const realm = this.#realms.get(instance);
    if (realm === undefined) return this.#parts.summon(instance.key);
    await this.#parts.jobs.free(realm);
    const job = this.#realms.get(instance) === realm ? instance.take() : undefined;
    if (job !== undefined) await instance.result(job.id, await this.#run(realm, job));
  }

  /** A Node process or worker that did not answer in time is ended, or it would answer nothing any more. */
  ended(job: LogJob): void {
    if (job.state === "timeout" || job.state === "cancelled") this.#stops.get(job)?.abort();
  }

  close(): void {
    this.#unlisten();
    for (const stop of this.#stops.values()) stop.abort();
    for (const instance of this.#realms.keys()) instance.connections--;
    this.#realms.clear();
  }

  #join(realm: LiveRealm): void {
    const { repl, belongs } = this.#parts;
    if (realm.kind === "service-worker" || !belongs(realm)) return;
    const { url, kind, parent, name } = realm;
    const more = parent === undefined ? {} : { parent: parent.name };
    const instance = repl.contact(name, { url, kind, ...more });
    if (!this.#realms.has(instance)) instance.connections++;
    this.#realms.set(instance, realm);
    void this.offer(instance);
  }

  #leave(realm: LiveRealm): void {
    const instance = this.#instanceOf(realm);
    if (instance === undefined) return;
    this.#realms.delete(instance);
    instance.connections--;
    this.#parts.repl.changed();
  }

  #instanceOf(realm: LiveRealm): Instance | undefined {
    const instance = this.#parts.repl.find(realm.name);
    return instance !== undefined && this.#realms.get(instance) === realm ? instance : undefined;
  }

  #console(
    instance: Instance,
    entries: readonly (Parameters<typeof consoleEvent>[0] & { job?: string })[],
  ): void {
    const own = entries.filter(({ job }) => job !== undefined && job === instance.job?.id);
    const others = entries.filter(({ job }) => job === undefined);
    if (own.length > 0) instance.progress(own.map(consoleEvent));
    if (others.length > 0) void instance.flush(others.map(consoleEvent));
  }

  /** An answer to what an earlier process of this server had handed over. */
  #finishedBefore(instance: Instance, message: Finished): void {
    const { job } = instance;
    if (job === undefined || job.id !== message.job || this.#stops.has(job)) return;
    const { value, error } = message;
    const outcome: JobOutcome =
      error === undefined
        ? { state: "ok", ms: 0, events: [], missing: 0, ...(value === undefined ? {} : { value }) }
        : { state: "error", ms: 0, events: [], missing: 0, error: error.stack || error.message };
    void instance.result(job.id, resultOf(outcome));
  }

  async #run(realm: LiveRealm, job: LogJob): Promise<ReturnType<typeof resultOf>> {
    const stop = new AbortController();
    this.#stops.set(job, stop);
    try {
      const { request, script } = await this.#request(realm, job);
      const kill = (): void => this.#parts.kill(realm);
      const options = { script, timeout: 0, stop: stop.signal, kill };
      return resultOf(await this.#parts.jobs.run(realm, request, options));
    } catch (error) {
      if (error instanceof BlockSyntaxError) return syntaxErrorResult(error);
      return { ok: false, error: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#stops.delete(job);
    }
  }

  async #request(
    realm: LiveRealm,
    job: LogJob,
  ): Promise<{ request: RunRequest; script: CompiledBlock }> {
    const { id, instance } = job;
    const isNode = realm.kind === "node";
    const folder = this.#parts.folderOf(realm);
    const { file, script } = await compileLogBlock(job, folder, isNode ? "node" : "page");
    const imports = isNode ? [] : await this.#parts.resolveImports(realm, file, script.specifiers);
    const request: RunRequest = {
      type: "run",
      job: id,
      scope: `log:${instance}`,
      script: `-vitrine/block/${id}.js`,
      code: script.script,
      scriptName: `vitrine-block-${id}.js`,
      file,
      imports,
      values: "log",
    };
    return { request, script };
  }
}
