/**
 * Optimised dependencies in packed form, kept on disk beside the optimiser's own files: wrapping `react-dom` costs as much
 * as three hundred components, and never changes until the optimiser bundles it again.
 */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { ViteDevServer } from "vite";
import { readModules, storeModules } from "./stored-modules.ts";
import { hashOf, type PackedModule } from "./wrap.ts";

export interface Dependencies {
  /** Reads what an earlier session stored for the optimiser's present state. */
  load(): Promise<void>;
  get(key: string): PackedModule | undefined;
  /** All that are known for the optimiser's present state, in a stable order. */
  all(): ReadonlyMap<string, PackedModule>;
  /** The lines that register all of them, when they are at hand. */
  body(): Buffer | undefined;
  /** Adds, and stores the whole for the next session. */
  add(modules: ReadonlyMap<string, PackedModule>): void;
}

/** @param failed told when storing did not work; nothing else depends on it */
export function createDependencies(
  server: ViteDevServer,
  directory: string,
  failed: (error: Error) => void,
): Dependencies {
  let version = "";
  let modules: ReadonlyMap<string, PackedModule> = new Map();
  let body: Buffer | undefined;

  /** A new state of the optimiser has new addresses: what was known belongs to pages that are gone. */
  const refresh = (): void => {
    const now = versionOf(server);
    if (now === version) return;
    version = now;
    modules = new Map();
    body = undefined;
  };

  return {
    async load() {
      refresh();
      const asked = version;
      const stored = await readModules(path.join(directory, `deps-${asked}.pack`));
      refresh();
      if (stored !== undefined && asked === version && modules.size === 0)
        ({ modules, body } = stored);
    },
    get(key) {
      refresh();
      return modules.get(key);
    },
    all() {
      refresh();
      return modules;
    },
    body() {
      refresh();
      return body;
    },
    add(more) {
      refresh();
      const all = [...modules, ...more].toSorted(([one], [other]) => (one < other ? -1 : 1));
      modules = new Map(all);
      body = undefined;
      if (!isSettled(server)) return;
      store(directory, `deps-${version}.pack`, modules).catch(failed);
    },
  };
}

function versionOf(server: ViteDevServer): string {
  const metadata = server.environments.client.depsOptimizer?.metadata;
  return hashOf(`${server.config.base} ${metadata?.browserHash ?? ""}`);
}

/** The optimiser may still replace what it serves. */
function isSettled(server: ViteDevServer): boolean {
  const metadata = server.environments.client.depsOptimizer?.metadata;
  return metadata !== undefined && Object.keys(metadata.discovered).length === 0;
}

/** Earlier states of the optimiser never come back. */
async function store(
  directory: string,
  name: string,
  modules: ReadonlyMap<string, PackedModule>,
): Promise<void> {
  await storeModules(path.join(directory, name), modules);
  const others = (await readdir(directory)).filter((other) => /^deps-.*\.pack$/.test(other));
  const old = others.filter((other) => other !== name);
  await Promise.all(old.map((other) => rm(path.join(directory, other), { force: true })));
}
