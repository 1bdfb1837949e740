/** A back end of the source under test in a folder of its own, with everything it told, in order. */
import { rm } from "node:fs/promises";
import path from "node:path";
import type { BuildError } from "../../src/protocol/dev-server.ts";
import { Backend } from "../../src/server/dev-servers/backends/backend.ts";
import type { BackendFacts } from "../../src/server/dev-servers/backends/backend-record.ts";
import { createSlots, type Slots } from "../../src/server/slots.ts";
import type { ContributedMatchers } from "../../src/server/dev-servers/problems/problem-parser.ts";
import type { BackendConfig } from "../../src/server/dev-servers/project-config.ts";
import { removeTree, writeTree } from "./server.ts";

export type Told =
  | { readonly name: "status"; readonly facts: BackendFacts }
  | {
      readonly name: "log";
      readonly source: string;
      readonly level: string;
      readonly message: string;
    }
  | { readonly name: "error"; readonly errors: readonly BuildError[] }
  | { readonly name: "reloadStarted" | "reloadCompleted"; readonly generation: number }
  | { readonly name: "reloadFailed"; readonly generation: number; readonly error: string };

/** What is told of a build that mends a failed one, in its order (dev-servers section 8). */
export const mendedOrder = ["building", "error", "reloadStarted", "reloadCompleted", "ready"];

export interface TestBackend extends Pick<
  Backend,
  "start" | "rebuild" | "restart" | "stop" | "facts"
> {
  readonly root: string;
  /** Absolute path of a file of the project. */
  file(name: string): string;
  readonly told: readonly Told[];
  /** Processes that a successor of this server would end, by id. */
  readonly kept: ReadonlySet<number>;
  /** Resolves with the first event from number `from` on that fits; answers at once if it was told already. */
  until(what: string, fits: (told: Told) => boolean, from?: number): Promise<Told>;
  /** The next status of that name from event `from` on. */
  untilStatus(status: BackendFacts["status"], from?: number): Promise<BackendFacts>;
  /** Names of the events from `from` on, logs left out; a status with its word. */
  order(from?: number): readonly string[];
  close(): Promise<void>;
}

export interface TestBackendOptions {
  readonly files: Readonly<Record<string, string>>;
  /** Paths relative to the project are made absolute by the caller's `root`. */
  config(root: string): Partial<BackendConfig>;
  readonly slots?: Slots;
  readonly contributed?: ContributedMatchers;
  readonly buildLimitMs?: number;
  readonly vitePort?: number;
}

export async function openBackend(options: TestBackendOptions): Promise<TestBackend> {
  const root = await writeTree(options.files);
  const told: Told[] = [];
  const bugs: unknown[] = [];
  const kept = new Set<number>();
  const watchers = new Set<() => void>();
  const tell = (one: Told): void => {
    told.push(one);
    for (const look of watchers) look();
  };
  const config = backendConfig(options.config(root));
  const backend: Backend = new Backend({
    project: { id: "app", name: "app", root, backend: config, autostart: false, origin: "file" },
    config,
    slots: options.slots ?? createSlots(() => 2),
    contributed: options.contributed ?? {},
    ...(options.buildLimitMs !== undefined && { buildLimitMs: options.buildLimitMs }),
    vitePort: () => options.vitePort ?? 0,
    keeper: {
      addChild: async (pid) => void kept.add(pid),
      removeChild: async (pid) => void kept.delete(pid),
    },
    bug: (error) => bugs.push(error),
    events: {
      changed: () => tell({ name: "status", facts: backend.facts() }),
      logged: ({ source, level, message }) => tell({ name: "log", source, level, message }),
      errors: (errors) => tell({ name: "error", errors }),
      reloadStarted: (generation) => tell({ name: "reloadStarted", generation }),
      reloadCompleted: (generation) => tell({ name: "reloadCompleted", generation }),
      reloadFailed: (generation, error) => tell({ name: "reloadFailed", generation, error }),
    },
  });

  const until: TestBackend["until"] = (what, fits, from = 0) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = told.slice(from).find(fits);
        if (found === undefined) return;
        clearTimeout(late);
        watchers.delete(look);
        resolve(found);
      };
      const late = setTimeout(() => {
        watchers.delete(look);
        const last = told.slice(-15).map((one) => JSON.stringify(one).slice(0, 300));
        reject(new Error(`not within 20 s: ${what}; told last:\n${last.join("\n")}`));
      }, 20_000);
      watchers.add(look);
      look();
    });

  return {
    start: () => backend.start(),
    rebuild: () => backend.rebuild(),
    restart: () => backend.restart(),
    stop: () => backend.stop(),
    facts: () => backend.facts(),
    root,
    kept,
    told,
    file: (name) => path.join(root, name),
    until,
    async untilStatus(status, from) {
      const isIt = (one: Told): boolean => one.name === "status" && one.facts.status === status;
      const found = await until(`status ${status}`, isIt, from);
      return found.name === "status" ? found.facts : backend.facts();
    },
    order: (from = 0) =>
      told
        .slice(from)
        .filter(({ name }) => name !== "log")
        .map((one) => (one.name === "status" ? one.facts.status : one.name)),
    async close() {
      await backend.stop();
      await removeTree(root).catch(() => rm(root, { recursive: true, force: true }));
      if (bugs.length > 0) throw new AggregateError(bugs, "the back end reported bugs");
      if (kept.size > 0) throw new Error(`still kept as children: ${[...kept].join(", ")}`);
    },
  };
}

function backendConfig(given: Partial<BackendConfig>): BackendConfig {
  return {
    sync: [],
    watch: { include: ["src/**/*"], exclude: [] },
    debounceMs: 500,
    onChangeDuringBuild: "queue",
    problems: "$tsc",
    reload: "restart",
    ...given,
  };
}
