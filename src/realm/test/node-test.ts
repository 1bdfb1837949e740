/** `node:test` of pages and workers; built as one module, `<base>-daebug-node:test.js`. */
import { createWriting } from "./describe.ts";
import { RUN_GLOBAL } from "./frame.ts";
import { now } from "./clock.ts";
import { toResults, type Outcome, type Results } from "./outcomes.ts";
import { base, realmName } from "./place.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { run as runIn, type RunOptions } from "./run.ts";
import { runHere } from "./run-here.ts";

const shown = globalThis as {
  __daebug_test_registries?: Record<string, Registry>;
  __daebug_test_results?: Results;
};

const registry = createRegistry();
show();

/** The server may have named the realm only after this module was loaded. */
function show(): void {
  (shown.__daebug_test_registries ??= {})[realmName()] = registry;
}

export const { test, describe, before, after, beforeEach, afterEach } = createWriting(registry);
export const it = test;
export const suite = describe;

/** Runs test files: in a page in a frame of its own, in a worker in place. */
export async function run(options?: RunOptions): Promise<Results> {
  show();
  const results = await runIn(registry, options);
  shown.__daebug_test_results = results;
  return results;
}

export interface RunRegistered {
  /** Addresses of files to import first. */
  readonly files?: readonly string[];
  readonly names?: readonly string[];
  /** Told of each test as it ends, as JSON. */
  emitText?(outcome: string): void;
}

/** Runs in place what is registered in this realm. */
export async function __daebugRunTests(request: RunRegistered = {}): Promise<Results> {
  const started = now();
  const outcomes: Outcome[] = [];
  await runHere(registry, {
    files: request.files ?? [],
    prefix: base,
    names: request.names,
    emit(outcome) {
      outcomes.push(outcome);
      request.emitText?.(JSON.stringify(outcome));
    },
  });
  const results = toResults(outcomes, Math.round(now() - started));
  shown.__daebug_test_results = results;
  return results;
}

Object.defineProperty(globalThis, RUN_GLOBAL, {
  value: __daebugRunTests,
  configurable: true,
  writable: true,
});

const members = {
  test,
  describe,
  it,
  suite,
  run,
  before,
  after,
  beforeEach,
  afterEach,
  __daebugRunTests,
};

// oxlint-disable-next-line import/no-default-export -- `import test from "node:test"` is how it is used
export default Object.assign(test, members);
