/** What a running test is given: its name, and what it can say about itself. */
import { readWritten, toHook, type Written, type WrittenArguments } from "./arguments.ts";
import { createHooks, joinNames, type Hooks, type TestFunction } from "./registry.ts";

type AddHook = (fn: TestFunction, options?: { readonly timeout?: number }) => void;

export interface TestContext {
  readonly name: string;
  /** With the names of its suites. */
  readonly fullName: string;
  /** Aborted when the test is over, however it ended. */
  readonly signal: AbortSignal;
  skip(message?: string): void;
  todo(message?: string): void;
  /** Says something about the test in the console. */
  diagnostic(message: string): void;
  /** Runs a part of this test as a test of its own, after those that were begun before. */
  test(...args: WrittenArguments): Promise<void>;
  before: AddHook;
  after: AddHook;
  beforeEach: AddHook;
  afterEach: AddHook;
}

/** The runner's side of a context. */
export interface ContextState {
  readonly context: TestContext;
  readonly hooks: Hooks;
  skipped(): boolean;
  todo(): boolean;
  /** Waits for the subtests; answers how many failed. */
  subtests(): Promise<number>;
  end(): void;
}

export interface ContextParts {
  readonly name: string;
  readonly suite: string | null;
  /** Runs a subtest; answers whether it failed. */
  run(written: Written, hooks: Hooks): Promise<boolean>;
}

export function createContext({ name, suite, run }: ContextParts): ContextState {
  const fullName = joinNames(suite, name);
  const ended = new AbortController();
  const hooks = createHooks();
  let [skipped, todo, failed] = [false, false, 0];
  let last: Promise<unknown> = Promise.resolve();
  const adder =
    (kind: keyof Hooks): AddHook =>
    (fn, options) =>
      void hooks[kind].push(toHook(fn, options));

  const context: TestContext = {
    name,
    fullName,
    signal: ended.signal,
    skip: () => void (skipped = true),
    todo: () => void (todo = true),
    diagnostic: (message) => console.info(`${fullName}: ${message}`),
    test(...args) {
      const written = readWritten(args);
      const done = last.then(async () => {
        // What a test that timed out goes on doing is no part of it any more.
        if (!ended.signal.aborted && (await run(written, hooks))) failed += 1;
      });
      last = done;
      return done;
    },
    before: adder("before"),
    after: adder("after"),
    beforeEach: adder("beforeEach"),
    afterEach: adder("afterEach"),
  };
  return {
    context,
    hooks,
    skipped: () => skipped,
    todo: () => todo,
    async subtests() {
      // One that ended may have begun another.
      for (let seen: unknown; seen !== last;) await (seen = last);
      return failed;
    },
    end: () => ended.abort(),
  };
}
