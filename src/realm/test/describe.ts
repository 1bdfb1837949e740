/** How tests are written: `test`, `describe` and the hooks, for one registry. */
import { readWritten, toHook, type WrittenArguments } from "./arguments.ts";
import {
  createSuite,
  joinNames,
  type HookName,
  type RegistryState,
  type Suite,
  type TestFunction,
  type TestOptions,
} from "./registry.ts";

/** Registers at once. What it answers is there for code that awaits it, and never waits for the test. */
type Register = (...args: WrittenArguments) => Promise<void>;
type RegisterHook = (fn: TestFunction, options?: { readonly timeout?: number }) => void;

export interface Writing extends Record<HookName, RegisterHook> {
  readonly test: Register & { skip: Register; only: Register; todo: Register };
  readonly describe: Register & { skip: Register; only: Register; todo: Register };
}

export function createWriting(registry: RegistryState): Writing {
  const hook =
    (name: HookName): RegisterHook =>
    (fn, options) => {
      if (registry.running !== undefined) return registry.running[name](fn, options);
      registry.current.hooks[name].push(toHook(fn, options));
    };
  return {
    test: withVariants((args, more) => addTest(registry, args, more)),
    describe: withVariants((args, more) => addSuite(registry, args, more)),
    before: hook("before"),
    after: hook("after"),
    beforeEach: hook("beforeEach"),
    afterEach: hook("afterEach"),
  };
}

function withVariants(
  register: (args: WrittenArguments, more?: TestOptions) => Promise<void>,
): Writing["test"] {
  const plain: Register = (...args) => register(args);
  return Object.assign(plain, {
    skip: ((...args) => register(args, { skip: true })) satisfies Register,
    only: ((...args) => register(args, { only: true })) satisfies Register,
    todo: ((...args) => register(args, { todo: true })) satisfies Register,
  });
}

async function addTest(
  registry: RegistryState,
  args: WrittenArguments,
  more?: TestOptions,
): Promise<void> {
  const { name, options, fn } = readWritten(args, more);
  // As in Node: a test that is written while another runs is a subtest of it.
  if (registry.running !== undefined) return registry.running.test(name, options, fn);
  const { fullName, children } = registry.current;
  const test = { kind: "test", name, suite: fullName, options, fn } as const;
  registry.tests.push(test);
  children.push(test);
}

function addSuite(
  registry: RegistryState,
  args: WrittenArguments,
  more?: TestOptions,
): Promise<void> {
  const { name, options, fn } = readWritten(args, more);
  if (registry.running !== undefined)
    throw new Error(`The suite ${name} is inside a test; use the test's context for subtests`);
  const suite = createSuite(joinNames(registry.current.fullName, name), options);
  registry.current.children.push(suite);
  // As in Node, whose skipped suites register nothing.
  if (options.skip) return Promise.resolve();
  const body = (): unknown => (fn as () => unknown)();
  // An async body runs when the file has been imported, so that what follows it is not taken for its content.
  if (fn.constructor.name === "AsyncFunction") suite.pending = body;
  else enter(registry, suite, body);
  return Promise.resolve();
}

function enter(registry: RegistryState, suite: Suite, body: () => unknown): void {
  const outer = registry.current;
  registry.current = suite;
  try {
    const answer = body();
    if (typeof (answer as PromiseLike<unknown> | undefined)?.then === "function")
      suite.pending = () => answer;
  } catch (error) {
    suite.failure = { error };
  } finally {
    registry.current = outer;
  }
}

/** Runs the async bodies of suites, one after the other, so that each test goes where it was written. */
export async function settleSuites(registry: RegistryState, suite: Suite): Promise<void> {
  const outer = registry.current;
  registry.current = suite;
  try {
    const { pending } = suite;
    delete suite.pending;
    await pending?.();
  } catch (error) {
    suite.failure = { error };
  } finally {
    registry.current = outer;
  }
  for (const child of suite.children) {
    if (child.kind === "suite") await settleSuites(registry, child);
  }
}
