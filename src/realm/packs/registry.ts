/** Modules as functions, with the semantics of ES modules: one evaluation, live bindings, cycles, top-level await. */
import { canonical } from "./keys.ts";
import { createNamespace, fixDefaultName, starExports, type Namespace } from "./namespace.ts";

export type ModuleFunction = (
  exports: object,
  meta: ImportMetaObject,
  importStatic: (key: string, about?: { importedNames?: readonly string[] }) => object,
  importDynamic: (specifier: unknown, options?: unknown) => Promise<unknown>,
  exportAll: (namespace: object) => void,
  exportName: (name: string, get: () => unknown) => void,
) => unknown;

/** Keys of static imports, whether it has top-level await, the function; null = the browser imports it itself. */
export type Registration = readonly [readonly string[], 0 | 1, ModuleFunction] | null;

export interface ImportMetaObject {
  url: string;
  resolve(specifier: string): string;
}

export interface Module {
  readonly key: string;
  readonly deps: readonly string[];
  readonly isAsync: boolean;
  readonly run: ModuleFunction | undefined;
  state: "new" | "running" | "done" | "failed";
  namespace: object;
  /** It or something it imports has top-level await. */
  waits: boolean;
  /** Everything it imports statically is registered; never becomes untrue. */
  complete: boolean;
  error?: unknown;
  promise?: Promise<void>;
}

export interface RegistryOptions {
  /** The `import.meta` of a module. */
  meta(key: string): ImportMetaObject;
  importDynamic(specifier: unknown, from: string, options: unknown): Promise<unknown>;
}

export interface Registry {
  get(key: string): Module | undefined;
  /** Keys that are known already keep their first registration. */
  add(modules: Readonly<Record<string, Registration>>): void;
  /** All that a module needs to be evaluated is here. */
  isComplete(key: string): boolean;
  /** Modules that the browser must import before `key` can be evaluated. */
  natives(key: string): readonly Module[];
  /** Evaluates a complete module once; the promise is there only when something in it waits. */
  evaluate(module: Module, above?: ReadonlySet<Module>): Promise<void> | undefined;
  size(): number;
}

export function createRegistry(options: RegistryOptions): Registry {
  const modules = new Map<string, Module>();
  let anyWaits = false;
  let anyNative = false;

  function add(registrations: Readonly<Record<string, Registration>>): void {
    for (const [written, registration] of Object.entries(registrations)) {
      const key = canonical(written);
      if (modules.has(key)) continue;
      const [imports, flag, run] = registration ?? [[], 0, undefined];
      const deps = imports.map(canonical);
      anyNative ||= registration === null;
      const isAsync = flag === 1;
      anyWaits ||= isAsync;
      modules.set(key, {
        ...{ key, deps, isAsync, run, state: "new", namespace: createNamespace() },
        ...{ waits: isAsync, complete: registration === null },
      });
    }
    if (anyWaits) spreadWaiting();
  }

  /** From modules with top-level await to all that import them; an update can change it. */
  function spreadWaiting(): void {
    const importers = new Map<string, Module[]>();
    for (const module of modules.values())
      for (const dep of module.deps) importers.set(dep, [...(importers.get(dep) ?? []), module]);
    const waiting = [...modules.values()].filter((module) => module.waits);
    for (let module = waiting.pop(); module !== undefined; module = waiting.pop()) {
      for (const importer of importers.get(module.key) ?? []) {
        if (importer.waits) continue;
        importer.waits = true;
        waiting.push(importer);
      }
    }
  }

  function reach(key: string, visit: (module: Module | undefined) => boolean): void {
    const seen = new Set([key]);
    for (const next of seen) {
      const module = modules.get(next);
      if (visit(module)) for (const dep of module?.deps ?? []) seen.add(dep);
    }
  }

  function isComplete(key: string): boolean {
    const reached: Module[] = [];
    let missing = false;
    reach(key, (module) => {
      missing ||= module === undefined;
      if (module === undefined || module.complete || missing) return false;
      reached.push(module);
      return true;
    });
    if (!missing) for (const module of reached) module.complete = true;
    return !missing;
  }

  function natives(key: string): readonly Module[] {
    const found: Module[] = [];
    if (!anyNative) return found;
    reach(key, (module) => {
      if (module === undefined || module.state === "done") return false;
      if (module.run === undefined) found.push(module);
      return true;
    });
    return found;
  }

  const evaluator = createEvaluator(modules, options);
  return {
    get: (key) => modules.get(key),
    size: () => modules.size,
    evaluate: evaluator,
    ...{ add, isComplete, natives },
  };
}

type Evaluate = (module: Module, above?: ReadonlySet<Module>) => Promise<void> | undefined;

function createEvaluator(modules: ReadonlyMap<string, Module>, options: RegistryOptions): Evaluate {
  function evaluate(module: Module, above?: ReadonlySet<Module>): Promise<void> | undefined {
    if (module.state === "failed") throw module.error;
    // A cycle: whoever is above is not waited for.
    if (module.state !== "new") return above?.has(module) ? undefined : module.promise;
    if (module.run === undefined) throw new TypeError(`${module.key} was not imported`);
    module.state = "running";
    if (module.waits) {
      module.promise = evaluateWaiting(module, new Set(above).add(module));
      // Whoever imports it hears of its failure.
      module.promise.catch(() => {});
      return module.promise;
    }
    try {
      call(module);
      done(module);
    } catch (error) {
      throw fail(module, error);
    }
    return undefined;
  }

  /** As the language has it: dependencies in order, those that wait side by side, then the module itself. */
  async function evaluateWaiting(module: Module, above: ReadonlySet<Module>): Promise<void> {
    try {
      const waits = module.deps.map((key) => evaluate(known(key), above));
      const pending = waits.filter((wait) => wait !== undefined);
      // Where nothing is pending it begins at once, before its siblings.
      if (pending.length > 0) await Promise.all(pending);
      await call(module);
      done(module);
    } catch (error) {
      throw fail(module, error);
    }
  }

  function known(key: string): Module {
    const module = modules.get(canonical(key));
    if (module === undefined) throw new TypeError(`${key} is not loaded`);
    return module;
  }

  function call(module: Module): unknown {
    const { key, namespace } = module;
    return module.run?.call(
      undefined,
      namespace,
      options.meta(key),
      (dep, about) => importStatic(known(dep), about?.importedNames ?? []),
      (specifier, settings) => options.importDynamic(specifier, key, settings),
      (from) => starExports(namespace as Namespace, from),
      (name, get) =>
        Object.defineProperty(namespace, name, { enumerable: true, configurable: true, get }),
    );
  }

  function importStatic(dep: Module, names: readonly string[]): object {
    // What waits has been waited for, or stands in a cycle with the importer.
    void evaluate(dep);
    if (dep.state === "failed") throw dep.error;
    for (const name of names) {
      if (dep.state !== "done" || name in dep.namespace) continue;
      throw new SyntaxError(
        `The requested module '${dep.key}' does not provide an export named '${name}'`,
      );
    }
    return dep.namespace;
  }

  return evaluate;
}

function done(module: Module): void {
  module.state = "done";
  fixDefaultName(module.namespace as Namespace);
}

function fail(module: Module, error: unknown): unknown {
  module.state = "failed";
  module.error = error;
  return error;
}
