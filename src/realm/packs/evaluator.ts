/** Evaluates packed modules: each once, dependencies first, cycles and top-level await as the language has them. */
import type { ImportMetaObject, Module } from "./module.ts";
import { fixDefaultName, starExports, type Namespace } from "./namespace.ts";

export interface EvaluatorOptions {
  /** Throws when it is not registered. */
  known(key: string): Module;
  /** The `import.meta` of a module. */
  meta(key: string): ImportMetaObject;
  importDynamic(specifier: unknown, from: string, options: unknown): Promise<unknown>;
}

/** @returns a promise only when something in the graph of the module waits. Throws what the evaluation throws. */
export type Evaluate = (module: Module) => Promise<void> | undefined;

export function createEvaluator(options: EvaluatorOptions): Evaluate {
  const { known } = options;

  /** @param above modules that wait for this one: a cycle, in which nobody waits for those above */
  function evaluate(module: Module, above?: ReadonlySet<Module>): Promise<void> | undefined {
    if (module.state === "failed") throw module.error;
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

  /** Dependencies in order, those that wait side by side, then the module itself. */
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

  /** Dependencies of a module that does not wait are evaluated by its own first lines, which have named its exports before. */
  function call({ key, run, namespace }: Module): unknown {
    return run?.call(
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
    for (const name of names) {
      if (dep.state !== "done" || name in dep.namespace) continue;
      throw new SyntaxError(
        `The requested module '${dep.key}' does not provide an export named '${name}'`,
      );
    }
    return dep.namespace;
  }

  return (module) => evaluate(module);
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
