/** What a realm's test files have registered: a tree of suites and tests, and where the next one goes. */
import type { TestContext } from "./context.ts";

export interface TestOptions {
  readonly name?: string;
  /** A text says why. */
  readonly skip?: boolean | string;
  readonly only?: boolean;
  readonly todo?: boolean | string;
  /** Ms; `Infinity` for none. */
  readonly timeout?: number;
}

export type TestFunction = (context: TestContext, done: (error?: unknown) => void) => unknown;

export interface Hook {
  readonly fn: TestFunction;
  readonly timeout: number;
}

export type HookName = "before" | "after" | "beforeEach" | "afterEach";
export type Hooks = Record<HookName, Hook[]>;

export interface Test {
  readonly kind: "test";
  readonly name: string;
  /** Names of its suites joined by ` > `. */
  readonly suite: string | null;
  readonly options: TestOptions;
  readonly fn: TestFunction;
}

export interface Suite {
  readonly kind: "suite";
  /** Names of its suites and its own joined by ` > `; null for a file and for what no file registered. */
  readonly fullName: string | null;
  readonly options: TestOptions;
  readonly hooks: Hooks;
  readonly children: (Suite | Test)[];
  /** Address of the file below the page's base, for the suite that stands for a file. */
  readonly file?: string;
  /** What registers its tests and was not run yet, or has not ended. */
  pending?: () => unknown;
  failure?: { readonly error: unknown };
}

/** The form in which it is seen on `globalThis.__daebug_test_registries`. */
export interface Registry {
  /** All registered tests in order. */
  readonly tests: Test[];
  readonly currentSuite: string | null;
}

export interface RegistryState extends Registry {
  /** One suite per file, and one for what no file registered. */
  roots: Suite[];
  /** Where the next test goes. */
  current: Suite;
  /** The test that runs: what is registered meanwhile is a part of it. */
  running: TestContext | undefined;
}

export const DEFAULT_TIMEOUT_MS = 30_000;

export function createRegistry(): RegistryState {
  const root = createSuite(null, {});
  return {
    tests: [],
    roots: [root],
    current: root,
    running: undefined,
    get currentSuite() {
      return this.current.fullName;
    },
  };
}

/** Forgets all tests; the object stays, because others hold it. */
export function clearRegistry(registry: RegistryState): void {
  registry.tests.length = 0;
  registry.current = createSuite(null, {});
  registry.roots = [registry.current];
  registry.running = undefined;
}

export function createSuite(fullName: string | null, options: TestOptions, file?: string): Suite {
  return {
    kind: "suite",
    fullName,
    options,
    hooks: createHooks(),
    children: [],
    ...(file === undefined ? {} : { file }),
  };
}

export function createHooks(): Hooks {
  return { before: [], after: [], beforeEach: [], afterEach: [] };
}

export function joinNames(outer: string | null, name: string): string {
  return outer === null ? name : `${outer} > ${name}`;
}
