/**
 * The back end of one project: its sources are watched, it is built, and what was built runs (dev-servers 4.2 to 4.4, 8, 11).
 * It has one life: after `stop` another one is made.
 */
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import type { BuildSlots } from "../builds/build-slots.ts";
import type { SourceGlobs } from "../builds/source-filter.ts";
import { watchSources, type SourceWatcher } from "../builds/source-watcher.ts";
import type { ContributedMatchers } from "../problems/problem-parser.ts";
import type { BackendConfig, ProjectConfig } from "../project-config.ts";
import { createBackendBuilds } from "./backend-builds.ts";
import { whileAlive, type BackendEvents } from "./backend-events.ts";
import { createBackendRecord, type BackendFacts } from "./backend-record.ts";
import { Restarts } from "./restarts.ts";
import { createRuntime } from "./runtime.ts";
import { Reloads } from "./reloads.ts";
import { outputsOf, processLine, sourceLine } from "./backend-lines.ts";

export interface BackendOptions {
  readonly project: ProjectConfig;
  readonly config: BackendConfig;
  readonly events: BackendEvents;
  /** Shared by all projects. */
  readonly slots: BuildSlots;
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

export interface Backend {
  /** Watches and builds. Resolves when the sources are watched; the build goes on. */
  start(): Promise<void>;
  /** Builds at once, or after the build that runs. */
  rebuild(): void;
  /** Starts the process again, without a build; what was never built is built. */
  restart(): Promise<void>;
  /** Ends everything, also a build. When it resolves, nothing begins and nothing is told any more. */
  stop(): Promise<void>;
  facts(): BackendFacts;
}

const usualBuildLimitMs = 10 * 60_000;

export function createBackend(options: BackendOptions): Backend {
  const { project, config, keeper, slots, vitePort, bug, contributed = {} } = options;
  const { buildLimitMs: limitMs = usualBuildLimitMs } = options;
  const life = new AbortController();
  const events = whileAlive(options.events, life.signal);
  const record = createBackendRecord({
    changed: events.changed,
    impossible: (what) => bug(new Error(what), `following ${project.id}`),
  });

  /** Everything that starts or stops the process happens in here, one after the other. */
  const steps = createSteps(life.signal, (error) => bug(error, `running ${project.id}`));
  const runtime = createRuntime({
    config,
    root: project.root,
    keeper,
    limitMs,
    vitePort,
    signal: life.signal,
    line: (line) => events.logged(processLine(line)),
    exited: (description) => restarts.lost(description),
  });
  const shared = { project, config, record, runtime, events, signal: life.signal, bug };
  const restarts = new Restarts({ ...shared, enqueue: steps.add });
  const reloads = new Reloads({ ...shared, restarts });
  const builds = createBackendBuilds({
    ...shared,
    slots,
    keeper,
    contributed,
    limitMs,
    settle: (outcome) => steps.add(() => reloads.settle(outcome)),
  });

  let sources: SourceWatcher | undefined;
  return {
    facts: record.facts,
    async start() {
      sources = watchSources({
        ...sourcesOf(project, config, builds.watchesItself),
        changed: builds.changed,
        warned: (message) => events.logged(sourceLine(config, "warn", message)),
      });
      await sources.ready;
      builds.request();
    },
    rebuild: builds.request,
    restart: async () => {
      restarts.reset();
      if (!reloads.canRestart) return builds.request();
      await steps.add(() => reloads.restart());
    },
    async stop() {
      if (life.signal.aborted) return;
      life.abort();
      restarts.reset();
      await Promise.all([sources?.close(), builds.stop(), steps.done()]);
      await runtime.stop();
      record.move("stopped", { connected: false, pid: 0, address: "", nextRestartAt: "" });
      options.events.changed();
    },
  };
}

/** A build command that watches by itself has nobody else watch. */
function sourcesOf(
  project: ProjectConfig,
  config: BackendConfig,
  watchesItself: boolean,
): SourceGlobs {
  return {
    root: project.root,
    include: watchesItself ? [] : config.watch.include,
    exclude: config.watch.exclude,
    outputs: outputsOf(config, project.root),
  };
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
