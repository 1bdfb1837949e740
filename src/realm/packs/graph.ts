/** Questions about what modules import statically. */
import type { Module } from "./module.ts";

type Modules = ReadonlyMap<string, Module>;

/** All that a module needs to be evaluated is registered. */
export function isComplete(modules: Modules, key: string): boolean {
  const reached: Module[] = [];
  let missing = false;
  reach(modules, key, (module) => {
    missing ||= module === undefined;
    if (module === undefined || module.complete || missing) return false;
    reached.push(module);
    return true;
  });
  if (!missing) for (const module of reached) module.complete = true;
  return !missing;
}

/** Modules that the browser must import before `key` can be evaluated. */
export function findNatives(modules: Modules, key: string): readonly Module[] {
  const found: Module[] = [];
  reach(modules, key, (module) => {
    if (module === undefined || module.state === "done") return false;
    if (module.run === undefined) found.push(module);
    return true;
  });
  return found;
}

/** From modules with top-level await to all that import them; an update can change it. */
export function spreadWaiting(modules: Modules): void {
  const importers = new Map<string, Module[]>();
  for (const module of modules.values()) {
    for (const dep of module.deps) {
      const known = importers.get(dep);
      if (known === undefined) importers.set(dep, [module]);
      else known.push(module);
    }
  }
  const waiting = [...modules.values()].filter((module) => module.waits);
  for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
    for (const importer of importers.get(module.key) ?? []) {
      if (importer.waits) continue;
      importer.waits = true;
      waiting.push(importer);
    }
  }
}

/** @param visit answers whether to go on to what the module imports */
function reach(
  modules: Modules,
  key: string,
  visit: (module: Module | undefined) => boolean,
): void {
  const seen = new Set([key]);
  for (const next of seen) {
    const module = modules.get(next);
    if (visit(module)) for (const dep of module?.deps ?? []) seen.add(dep);
  }
}
