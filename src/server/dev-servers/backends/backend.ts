/**
 * The back end of one project: its sources are watched, it is built, and what was built runs (dev-servers 4.2 to 4.4, 8, 11).
 * It has one life: after `stop` another one is made.
 */
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import type { Slots } from "../../slots.ts";
import { outputsOf } from "../builds/source-filter.ts";
import { watchSources, type SourceWatcher } from "../builds/source-watcher.ts";
import { createGuards, type Guards } from "../commands/guards.ts";
import type { ContributedMatchers } from "../problems/problem-parser.ts";
import type { BackendConfig, ProjectConfig } from "../project-config.ts";
import { createBackendBuilds, type BackendBuilds } from "./backend-builds.ts";
import { whileAlive, type BackendEvents } from "./backend-events.ts";
import { createBackendRecord, type BackendFacts, type BackendRecord } from "./backend-record.ts";
import { Restarts } from "./restarts.ts";
import { createRuntime, type Runtime } from "./runtime.ts";
import { Reloads } from "./reloads.ts";
import { processLine, sourceLine } from "./backend-lines.ts";

export interface BackendOptions {
  readonly project: ProjectConfig;
  readonly config: BackendConfig;
  readonly events: BackendEvents;
  /** Shared by all projects. */
  readonly slots: Slots;
  readonly keeper: ProcessKeeper;
  /** Port of the project's UI, 0 when it has none; asked whenever a process starts. */
  vitePort(): number;
  /** Problem matchers of other extensions. */
  readonly contributed?: ContributedMatchers;
  /** Ms a build may take; 10 min unless said. */
  readonly buildLimitMs?: number;
  /** A bug: a change of status that the table of 3.2 does not know, or an error nobody expects. */
  bug(error: unknown, doing: string): void;
}

/** Of what does not run nothing is wrong. */
const nothing = { errors: [], lastError: "", failure: undefined, nextRestartAt: "" } as const;
const usualBuildLimitMs = 10 * 60_000;

export class Backend {
  readonly #options: BackendOptions;
  readonly #life = new AbortController();
  readonly #events: BackendEvents;
  readonly #record: BackendRecord;
  readonly #guards: Guards;
  /** Everything that starts or stops the process happens in here, one after the other. */
  readonly #steps: Steps;
  readonly #runtime: Runtime;
  readonly #restarts: Restarts;
  readonly #reloads: Reloads;
  readonly #builds: BackendBuilds;
  #sources: SourceWatcher | undefined;
  #end: Promise<void> | undefined;

  constructor(options: BackendOptions) {
    const { project, config, keeper, slots, vitePort, contributed = {} } = options;
    const { buildLimitMs: limitMs = usualBuildLimitMs } = options;
    const { signal } = this.#life;
    const failed = (error: unknown): void => this.#failed(error);
    const events = whileAlive(options.events, signal);
    const record = createBackendRecord({
      changed: events.changed,
      impossible: (what) => options.bug(new Error(what), `following ${project.id}`),
    });
    this.#options = options;
    this.#events = events;
    this.#record = record;
    const guards = createGuards(keeper);
    this.#guards = guards;
    this.#steps = createSteps(signal, failed);
    const runtime = createRuntime({
      config,
      root: project.root,
      keeper,
      guards,
      limitMs,
      vitePort,
      signal,
      line: (line) => events.logged(processLine(line)),
      exited: (description) => this.#restarts.lost(description),
    });
    this.#runtime = runtime;
    const shared = { project, config, record, runtime, events, signal };
    this.#restarts = new Restarts({ ...shared, enqueue: this.#steps.add });
    this.#reloads = new Reloads({ ...shared, restarts: this.#restarts });
    this.#builds = createBackendBuilds({
      ...shared,
      slots,
      keeper,
      guards,
      contributed,
      limitMs,
      settle: (outcome) => this.#steps.add(() => this.#reloads.settle(outcome)),
      failed,
    });
  }

  facts(): BackendFacts {
    return this.#record.facts();
  }

  /** Watches and builds. Resolves when the sources are watched; the build goes on. */
  async start(): Promise<void> {
    const { config, project } = this.#options;
    const { include, exclude } = config.watch;
    const written = [config.artifact, config.install].filter((file) => file !== undefined);
    this.#sources = watchSources({
      root: project.root,
      // A build command that watches by itself has nobody else watch.
      include: this.#builds.watchesItself ? [] : include,
      exclude,
      outputs: outputsOf(written, project.root, include),
      changed: this.#builds.changed,
      warned: (message) => this.#events.logged(sourceLine(config, "warn", message)),
    });
    await this.#sources.ready;
    this.#builds.request();
  }

  /** Builds at once, or after the build that runs. */
  rebuild(): void {
    this.#builds.request();
  }

  /** Starts the process again, without a build; what was never built is built. */
  async restart(): Promise<void> {
    this.#restarts.reset();
    if (!this.#reloads.canRestart) return this.rebuild();
    await this.#steps.add(() => this.#reloads.restart());
  }

  /** Ends everything, also a build. When it resolves, nothing begins and nothing is told any more. */
  stop(): Promise<void> {
    this.#end ??= this.#stop();
    return this.#end;
  }

  async #stop(): Promise<void> {
    this.#life.abort();
    this.#restarts.reset();
    const process = this.#steps.done().then(this.#runtime.stop);
    await Promise.all([this.#sources?.close(), this.#builds.stop(), process]);
    await this.#guards.close();
    const hadErrors = this.facts().errors.length > 0;
    this.#record.move("stopped", { ...nothing, connected: false, pid: 0, address: "" });
    // What is told of its end is told by hand: everybody else is silent already.
    if (hadErrors) this.#options.events.errors([]);
    this.#options.events.changed();
  }

  /** A bug of ours. Nobody waits for ever for a build whose end was lost by it. */
  #failed(error: unknown): void {
    const { bug, project } = this.#options;
    bug(error, `running ${project.id}`);
    if (this.facts().status !== "building") return;
    const lastError = `Unexpected error: ${error instanceof Error ? error.message : String(error)}`;
    this.#record.move("buildFailed", { failure: "start_failed", lastError });
  }
}

interface Steps {
  add(step: () => Promise<void>): Promise<void>;
  /** The last one is over. */
  done(): Promise<void>;
}

function createSteps(signal: AbortSignal, failed: (error: unknown) => void): Steps {
  let last: Promise<void> = Promise.resolve();
  return {
    done: () => last,
    add(step) {
      last = last.then(() => (signal.aborted ? undefined : step())).catch(failed);
      return last;
    },
  };
}
