/** From the events of Node's test runner to what realms report of tests (REPL specification 12.4 and 12.5). Pure. */
import path from "node:path";
import type { ReportedTest } from "../../protocol/realm.ts";
import type { TestTotals } from "../../protocol/model.ts";
import { cut } from "../cut.ts";
import { inspectLine } from "../inspect.ts";
import { isError, textOf } from "../value-names.ts";

/** Characters of a name and of a stack. */
const limits = { name: 1000, error: 16 * 1024 };

/** An event of `run()`, as far as it is read; Node's own types leave out much of it. */
export interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly file?: string;
    /** The file whose process tells, also for tests that are written in another one. */
    readonly entryFile?: string;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly message?: string;
    readonly details?: {
      readonly duration_ms: number;
      readonly type?: string;
      readonly error?: { readonly failureType?: string; readonly cause?: unknown };
    };
  };
}

/** What `run()` resolves to. */
export interface TestResults {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly total: number;
  /** Ms. */
  readonly duration: number;
  readonly tests: readonly (
    | (Omit<ReportedTest, "status"> & { readonly passed: boolean })
    | (Omit<ReportedTest, "status" | "error"> & { readonly skipped: true })
  )[];
}

export interface TestReport {
  hear(event: TestEvent): void;
  /** The runner itself failed. */
  crashed(error: unknown): void;
  /** Tests that ended since the last call, without skipped ones. */
  recent(): readonly ReportedTest[];
  all(): readonly ReportedTest[];
  totals(): TestTotals;
  results(duration: number): TestResults;
}

/** @param root folder that names of files are relative to */
export function createTestReport(root: string): TestReport {
  const tests: ReportedTest[] = [];
  /** What is being told of each file: names from the outermost suite inwards, and its error output. */
  const places = new Map<string, { names: string[]; output: string; count: number }>();
  let told = 0;

  function placeOf(file: string): { names: string[]; output: string; count: number } {
    const place = places.get(file) ?? { names: [], output: "", count: 0 };
    places.set(file, place);
    return place;
  }

  function add(test: Omit<ReportedTest, "completedAt">): void {
    tests.push({
      ...test,
      name: cut(test.name, limits.name),
      suite: test.suite === null ? null : cut(test.suite, limits.name),
      error: test.error === null ? null : cut(test.error, limits.error),
      completedAt: new Date().toISOString(),
    });
  }

  function ended({ type, data }: TestEvent): void {
    const { name = "", nesting = 0, details, file = "", entryFile = file } = data;
    const place = placeOf(entryFile);
    const error = details?.error;
    const duration = Math.round(details?.duration_ms ?? 0);
    const isFile = nesting === 0 && file !== "" && path.resolve(root, name) === path.resolve(file);
    if (isFile) {
      // A file is told only when it failed by itself: it could not be imported, or its process ended early.
      if (type === "test:pass" || error?.failureType === "subtestsFailed") return;
      const relative = path.relative(root, file).split(path.sep).join("/");
      const head = place.count === 0 ? `Import: ${relative}` : "Test Runner Error";
      const text = place.output.trim() || errorText(error);
      return add({ name: head, suite: null, status: "fail", duration, error: text });
    }
    // Suites have no result of their own, unless a hook of theirs failed.
    const isSuite = details?.type === "suite";
    if (isSuite && (type === "test:pass" || error?.failureType === "subtestsFailed")) return;
    place.count += 1;
    const suite = place.names.slice(0, nesting).join(" > ") || null;
    const isSkipped = isMarked(data.skip) || isMarked(data.todo);
    const status = isSkipped ? "skip" : type === "test:pass" ? "pass" : "fail";
    add({ name, suite, status, duration, error: status === "fail" ? errorText(error) : null });
  }

  const totals = (): TestTotals => ({
    pass: tests.filter(({ status }) => status === "pass").length,
    fail: tests.filter(({ status }) => status === "fail").length,
    skip: tests.filter(({ status }) => status === "skip").length,
    total: tests.length,
  });

  return {
    hear(event) {
      const { name = "", nesting = 0, file = "", entryFile = file, message = "" } = event.data;
      if (event.type === "test:start") placeOf(entryFile).names.splice(nesting, Infinity, name);
      if (event.type === "test:stderr") {
        const place = placeOf(entryFile);
        place.output = (place.output + message).slice(-limits.error);
      }
      if (event.type === "test:pass" || event.type === "test:fail") ended(event);
    },
    crashed: (error) =>
      add({
        name: "Test Runner Error",
        suite: null,
        status: "fail",
        duration: 0,
        error: errorText({ cause: error }),
      }),
    recent() {
      const recent = tests.slice(told).filter(({ status }) => status !== "skip");
      told = tests.length;
      return recent;
    },
    all: () => tests,
    totals,
    results(duration) {
      const { pass: passed, fail: failed, skip: skipped, total } = totals();
      return { passed, failed, skipped, total, duration, tests: tests.map(resultOf) };
    },
  };
}

function resultOf({ status, error, ...test }: ReportedTest): TestResults["tests"][number] {
  return status === "skip"
    ? { ...test, skipped: true }
    : { ...test, passed: status === "pass", error };
}

/** Node marks by `true` or by the reason; an empty reason is a mark as well. */
function isMarked(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false;
}

/** Node wraps what a test threw. */
function errorText(error: object | undefined): string {
  const thrown =
    error !== undefined && "cause" in error && error.cause != null ? error.cause : error;
  if (isError(thrown)) return textOf(thrown, "stack") || textOf(thrown, "message");
  return inspectLine(thrown);
}
