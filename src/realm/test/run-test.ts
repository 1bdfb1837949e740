/** Runs one test with its hooks and subtests. */
import type { Written } from "./arguments.ts";
import { now, turn, within } from "./clock.ts";
import { createContext, type ContextState, type TestContext } from "./context.ts";
import type { Faults } from "./faults.ts";
import { errorText, type Outcome } from "./outcomes.ts";
import { isNamed, type Names } from "./plan.ts";
import {
  DEFAULT_TIMEOUT_MS,
  joinNames,
  type Hook,
  type Hooks,
  type RegistryState,
  type TestFunction,
} from "./registry.ts";
import { runnerError } from "./stack.ts";

/** What all tests of a run share. */
export interface Running {
  readonly registry: RegistryState;
  readonly names: Names;
  readonly faults: Faults;
  /** Told of each test as it ends. */
  emit(outcome: Outcome): void;
  /** Whether the run was given up: nothing more is begun. */
  isOver(): boolean;
}

/** Where a test stands. */
export interface Position {
  readonly suite: string | null;
  readonly file: string | undefined;
  /** Hooks from the outermost suite to the innermost. */
  readonly hooks: readonly Hooks[];
  readonly skip: boolean;
  readonly todo: boolean;
  /** A hook that failed before any test of the suite began. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** @returns whether it failed. */
export async function runTest(
  written: Written,
  position: Position,
  running: Running,
): Promise<boolean> {
  const { name } = written;
  const { suite, file } = position;
  const started = now();
  const emit = (status: Outcome["status"], error: string | null = null): boolean => {
    running.emit({
      name,
      suite,
      status,
      duration: status === "skip" ? 0 : Math.round(now() - started),
      error: status === "fail" ? error : null,
      completedAt: new Date().toISOString(),
      ...(file === undefined ? {} : { file }),
    });
    return status === "fail";
  };
  if (position.skip) return emit("skip");
  if (position.failure !== undefined) return emit("fail", errorText(position.failure.error));

  const state: ContextState = createContext({
    name,
    suite,
    run: (part, hooks) =>
      runSubtest(part, { ...position, suite: joinNames(suite, name) }, hooks, running),
  });
  const failure = await attempt(written, state, position, running);
  if (running.isOver()) return true;
  if (state.skipped() || state.todo() || position.todo) return emit("skip");
  return failure === undefined ? emit("pass") : emit("fail", errorText(failure.error));
}

type Failure = { readonly error: unknown } | undefined;

/** Hooks, test, subtests, hooks; the first failure counts, and what cleans up runs whatever happened. */
async function attempt(
  { options, fn }: Written,
  state: ContextState,
  { hooks }: Position,
  running: Running,
): Promise<Failure> {
  const { registry, faults } = running;
  const outer = registry.running;
  let failure: Failure;
  const step = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failure ??= { error };
    }
  };
  registry.running = state.context;
  await turn();
  await step(async () => {
    for (const { beforeEach } of hooks) await runHooks(beforeEach, state.context, faults);
    const timeout = options.timeout ?? DEFAULT_TIMEOUT_MS;
    const body = (async () => {
      await call(fn, state.context);
      const failed = await state.subtests();
      // What the test left behind is heard in the next turn.
      await turn();
      if (failed > 0) throw runnerError(`${failed} subtest${failed === 1 ? "" : "s"} failed`);
    })();
    const late = (): Error => runnerError(`test timed out after ${timeout}ms`);
    await faults.during(within(body, timeout, late));
  });
  state.end();
  for (const { afterEach } of hooks.toReversed())
    await step(() => runHooks(afterEach, state.context, faults));
  await step(() => runHooks(state.hooks.after, state.context, faults));
  // Unless it timed out long ago, and another runs now.
  if (registry.running === state.context) registry.running = outer;
  return failure;
}

async function runSubtest(
  written: Written,
  position: Position,
  hooks: Hooks,
  running: Running,
): Promise<boolean> {
  const { skip, todo } = written.options;
  const isWanted = isNamed(running.names, joinNames(position.suite, written.name));
  if (running.isOver() || !isWanted) return false;
  // Each hook before all subtests runs once, when the first one begins.
  const before = hooks.before.splice(0);
  let failure = position.failure;
  try {
    if (!skip) await runHooks(before, undefined, running.faults);
  } catch (error) {
    failure = { error };
  }
  return runTest(
    written,
    {
      ...position,
      hooks: [...position.hooks, hooks],
      skip: Boolean(skip),
      todo: position.todo || Boolean(todo),
      failure,
    },
    running,
  );
}

export async function runHooks(
  hooks: readonly Hook[],
  context: TestContext | undefined,
  faults: Faults,
): Promise<void> {
  for (const { fn, timeout } of hooks) {
    const late = (): Error => runnerError(`hook timed out after ${timeout}ms`);
    await faults.during(within(call(fn, context), timeout, late));
  }
}

/** Calls what takes a second argument with a callback, as Node does. */
async function call(fn: TestFunction, context: TestContext | undefined): Promise<void> {
  if (fn.length < 2) {
    await fn(context as TestContext, () => {});
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const done = (error?: unknown): void =>
      error === undefined || error === null ? resolve() : reject(error);
    Promise.resolve(fn(context as TestContext, done)).catch(reject);
  });
}
