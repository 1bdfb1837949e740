/** Modules as functions, with the semantics of ES modules: one evaluation, live bindings, cycles, top-level await. */
import { createEvaluator, type Evaluate, type EvaluatorOptions } from "./evaluator.ts";
import { findNatives, isComplete, spreadWaiting } from "./graph.ts";
import { canonical } from "./keys.ts";
import type { Module, Registration } from "./module.ts";
import { createNamespace } from "./namespace.ts";

export interface Registry {
  get(key: string): Module | undefined;
  /** Modules that were evaluated stay; one that only waits is replaced, by a text that is never older. */
  add(modules: Readonly<Record<string, Registration>>): void;
  /** All that a module needs to be evaluated is here. */
  isComplete(key: string): boolean;
  /** Modules that the browser must import before `key` can be evaluated. */
  natives(key: string): readonly Module[];
  /** Evaluates a complete module. */
  evaluate: Evaluate;
  size(): number;
}

export function createRegistry(options: Omit<EvaluatorOptions, "known">): Registry {
  const modules = new Map<string, Module>();
  // Most apps have neither, and then nothing is looked through.
  let anyWaits = false;
  let anyNative = false;

  const evaluate = createEvaluator({
    ...options,
    known(key) {
      const module = modules.get(canonical(key));
      if (module === undefined) throw new TypeError(`${key} is not loaded`);
      return module;
    },
  });

  return {
    evaluate,
    get: (key) => modules.get(key),
    size: () => modules.size,
    isComplete: (key) => isComplete(modules, key),
    natives: (key) => (anyNative ? findNatives(modules, key) : []),
    add(registrations) {
      for (const [written, registration] of Object.entries(registrations)) {
        const key = canonical(written);
        if ((modules.get(key)?.state ?? "new") !== "new") continue;
        const module = toModule(key, registration);
        anyWaits ||= module.waits;
        anyNative ||= registration === null;
        modules.set(key, module);
      }
      if (anyWaits) spreadWaiting(modules);
    },
  };
}

function toModule(key: string, registration: Registration): Module {
  const [deps, flag, run] = registration ?? [[], 0, undefined];
  return {
    key,
    deps: deps.map(canonical),
    run,
    state: "new",
    namespace: createNamespace(),
    waits: flag === 1,
    complete: registration === null,
  };
}
