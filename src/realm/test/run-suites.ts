/** Runs planned suites one test at a time. */
import { failedOutcome } from "./outcomes.ts";
import type { PlannedSuite } from "./plan.ts";
import { runHooks, runTest, type Position, type Running } from "./run-test.ts";

export async function runSuites(suites: readonly PlannedSuite[], running: Running): Promise<void> {
  for (const planned of suites) {
    const { file } = planned.suite;
    const top = { suite: null, file, hooks: [], skip: false, todo: false, failure: undefined };
    await runSuite(planned, top, running);
  }
}

async function runSuite(planned: PlannedSuite, outer: Position, running: Running): Promise<void> {
  const { suite, items, runs } = planned;
  if (running.isOver()) return;
  let failure = outer.failure ?? suite.failure;
  // A suite that broke before it registered a test would otherwise break in silence.
  if (suite.failure !== undefined && items.length === 0 && outer.failure === undefined)
    running.emit(failedOutcome(suite.fullName ?? "suite", suite.failure.error, filed(outer)));
  if (runs && failure === undefined) {
    try {
      await runHooks(suite.hooks.before, undefined, running.faults);
    } catch (error) {
      failure = { error };
    }
  }
  const position = { ...outer, hooks: [...outer.hooks, suite.hooks], failure };
  for (const item of items) {
    if (running.isOver()) return;
    if ("suite" in item) await runSuite(item, position, running);
    else {
      const { test, skip, todo } = item;
      await runTest(test, { ...position, suite: test.suite, skip, todo }, running);
    }
  }
  if (!runs) return;
  try {
    await runHooks(suite.hooks.after, undefined, running.faults);
  } catch (error) {
    const more = { ...filed(outer), suite: suite.fullName };
    running.emit(failedOutcome("after hook", error, more));
  }
}

function filed({ file }: Position): { file?: string } {
  return file === undefined ? {} : { file };
}
