/** Jobs: at most one active per realm, handed over exactly once, ended in every case. */
import { UserError } from "../../protocol/errors.ts";
import type { FromRealm, RunRequest } from "../../protocol/realm.ts";
import type { LiveRealm, Realms } from "../realms/realms.ts";
import type { CompiledBlock } from "./compile.ts";
import {
  notConnected,
  refusedRealm,
  reloaded,
  silent,
  stopped,
  tooLong,
  unresponsive,
} from "./job-errors.ts";
import { endedOutcome, finishedOutcome, type JobOutcome } from "./outcome.ts";

type Finished = Extract<FromRealm, { type: "finished" }>;

export interface JobOptions {
  readonly script: CompiledBlock;
  /** Ms, 0 for none. */
  readonly timeout: number;
  readonly stop: AbortSignal;
  /** Called when a realm that cannot be asked must be ended: a Node process, a companion worker. */
  kill(): void;
}

/** Ms within which a page must say that it began; a page that does not is busy for good. */
const startMs = 10_000;
/** Scripts stay available for breakpoints and stack traces of callbacks. */
const keptScripts = 100;

const neverRan = "Stopped before it ran";

interface ActiveJob {
  readonly realm: LiveRealm;
  started(): void;
  finish(message: Finished): void;
  fail(error: UserError): void;
}

export class Jobs {
  readonly #realms: Realms;
  readonly #active = new Map<string, ActiveJob>();
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #scripts = new Map<string, CompiledBlock>();

  constructor(realms: Realms) {
    this.#realms = realms;
    realms.listen({
      // A new document in the tab: what ran in the old one will never answer.
      loaded: (realm) => this.#failAll(realm, reloaded(realm)),
      hung: (worker, silentMs, restarted) =>
        this.#failAll(worker, unresponsive(silentMs, restarted)),
      gone: (realm, why) => this.#failAll(realm, `${why} while the block ran`),
      said: (realm, message) => this.#said(realm, message),
    });
  }

  /** Runs after everything the realm was given before. Never rejects for what a block or a realm does. */
  run(realm: LiveRealm, request: RunRequest, options: JobOptions): Promise<JobOutcome> {
    const previous = this.#queues.get(realm.id) ?? Promise.resolve();
    const next = previous.then(() => this.#execute(realm, request, options));
    this.#queues.set(
      realm.id,
      next.catch(() => {}),
    );
    return next;
  }

  /** Resolves when a realm has nothing to do. */
  async free(realm: LiveRealm): Promise<void> {
    await this.#queues.get(realm.id);
  }

  /** Compiled script or map by file name (`<job>.js`, `<job>.js.map`), for the page channel. */
  scriptFile(name: string): string | undefined {
    const [, job, map] = /^([\w-]+)\.js(\.map)?$/.exec(name) ?? [];
    const script = job === undefined ? undefined : this.#scripts.get(job);
    if (script === undefined) return undefined;
    return map === undefined
      ? `${script.script}\n//# sourceMappingURL=${name}.map\n`
      : JSON.stringify(script.map);
  }

  #said(realm: LiveRealm, message: FromRealm): void {
    if (message.type !== "started" && message.type !== "finished") return;
    const job = this.#active.get(message.job);
    // Only the realm the job was handed to may speak for it (E-06).
    if (job?.realm !== realm) return;
    if (message.type === "started") job.started();
    else job.finish(message);
  }

  #failAll(realm: LiveRealm, message: string): void {
    for (const job of this.#active.values()) {
      if (job.realm === realm) job.fail(new UserError("realm_gone", message));
    }
  }

  async #execute(realm: LiveRealm, request: RunRequest, options: JobOptions): Promise<JobOutcome> {
    const began = performance.now();
    this.#keepScript(request.job, options.script);
    this.#realms.setRunning(realm, true);
    try {
      await this.#connected(realm, options.stop);
      return finishedOutcome(
        await this.#dispatch(realm, request, options),
        options.script,
        request,
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return endedOutcome(error, performance.now() - began);
    } finally {
      this.#active.delete(request.job);
      this.#realms.setRunning(realm, false);
    }
  }

  #keepScript(job: string, script: CompiledBlock): void {
    this.#scripts.set(job, script);
    const oldest = this.#scripts.keys().next();
    if (this.#scripts.size > keptScripts && !oldest.done) this.#scripts.delete(oldest.value);
  }

  /** A realm that is away for a moment, because its page reloads or its worker starts anew, is waited for. */
  #connected(realm: LiveRealm, stop: AbortSignal): Promise<void> {
    if (realm.kind === "service-worker") return Promise.reject(refusedRealm(realm));
    if (realm.link !== undefined) return Promise.resolve();
    if (this.#realms.find(realm.name) !== realm) return Promise.reject(notConnected(realm));
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        unlisten();
        stop.removeEventListener("abort", onStop);
        end();
      };
      const onStop = (): void => settle(() => reject(new UserError("cancelled", neverRan)));
      const unlisten = this.#realms.listen({
        loaded: (other) => other === realm && settle(resolve),
        gone: (other) => other === realm && settle(() => reject(notConnected(realm))),
      });
      stop.addEventListener("abort", onStop);
    });
  }

  #dispatch(
    realm: LiveRealm,
    request: RunRequest,
    { timeout, stop, kill }: JobOptions,
  ): Promise<Finished> {
    const isNode = realm.kind === "node";
    return new Promise((resolve, reject) => {
      const timers: NodeJS.Timeout[] = [];
      const end = (settle: () => void): void => {
        for (const timer of timers) clearTimeout(timer);
        stop.removeEventListener("abort", onStop);
        settle();
      };
      const fail = (error: UserError): void => end(() => reject(error));
      const giveUp = (error: UserError): void => {
        fail(error);
        if (isNode) kill();
      };
      const onStop = (): void => {
        fail(stopped(realm));
        if (isNode || realm.companion) kill();
        else realm.send({ type: "stop" });
      };
      if (stop.aborted) return fail(new UserError("cancelled", neverRan));
      stop.addEventListener("abort", onStop);
      // Whether a companion worker answers is its page's business, which starts another one.
      const silence = realm.companion
        ? undefined
        : setTimeout(() => giveUp(silent(realm)), startMs);
      if (silence !== undefined) timers.push(silence);
      if (timeout > 0) timers.push(setTimeout(() => giveUp(tooLong(timeout)), timeout));
      this.#active.set(request.job, {
        realm,
        fail,
        started: () => clearTimeout(silence),
        finish: (message) => end(() => resolve(message)),
      });
      if (!realm.send(request)) fail(notConnected(realm));
    });
  }
}
