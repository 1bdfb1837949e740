/** Runs tests in this realm: those that are registered, and those of files. */
import { listenForFaults } from "./faults.ts";
import { loadFiles } from "./load-files.ts";
import { failedOutcome, type Outcome } from "./outcomes.ts";
import { planTests, type Names } from "./plan.ts";
import { clearRegistry, type RegistryState } from "./registry.ts";
import { runSuites } from "./run-suites.ts";

export interface RunHere {
  /** Addresses below the root of the project, `/a.test.js`. */
  readonly files: readonly string[];
  /** Where that root is served. */
  readonly prefix: URL;
  readonly names?: Names;
  emit(outcome: Outcome): void;
  /** Whether the run was given up. */
  isOver?(): boolean;
}

let last: Promise<unknown> = Promise.resolve();

/** One run at a time, because a realm has one registry. Never rejects: a crash is a failed test. */
export async function runHere(registry: RegistryState, request: RunHere): Promise<void> {
  const run = last.then(async () => runNow(registry, request));
  last = run;
  return run;
}

async function runNow(registry: RegistryState, request: RunHere): Promise<void> {
  const { files, prefix, names, emit, isOver = () => false } = request;
  const faults = listenForFaults();
  const running = { registry, names, faults, emit, isOver };
  try {
    await loadFiles(files, prefix, running);
    await runSuites(planTests(registry.roots, names), running);
  } catch (error) {
    emit(failedOutcome("Test Runner Error", error));
  } finally {
    faults.stop();
    clearRegistry(registry);
  }
}
