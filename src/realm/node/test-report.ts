/** From the events of Node's test runner to what realms report of tests (REPL specification 12.4 and 12.5). Pure. */
import path from "node:path";
import type { ReportedTest } from "../../protocol/realm.ts";
import type { TestTotals } from "../../protocol/model.ts";
import { cut } from "../cut.ts";
import { inspectLine } from "../inspect.ts";
import { isError, textOf } from "../value-names.ts";

/** Name of the one failed test that stands for a runner, or the process of a file, that broke. */
const crashName = "Test Runner Error";
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

type Ended = Omit<ReportedTest, "completedAt">;

/** What is being told of one file. */
interface FilePlace {
  /** Names from the outermost suite inwards. */
  readonly names: string[];
  /** The end of its error output. */
  output: string;
  /** Tests that ended. */
  count: number;
}

/** @param root folder that names of files are relative to */
export function createTestReport(root: string): TestReport {
  const tests: ReportedTest[] = [];
  const places = new Map<string, FilePlace>();
  let told = 0;

  function placeOf({ file = "", entryFile = file }: TestEvent["data"]): FilePlace {
    const place = places.get(entryFile) ?? { names: [], output: "", count: 0 };
    places.set(entryFile, place);
    return place;
  }

  function add(test: Ended | undefined): void {
    if (test === undefined) return;
    tests.push({
      ...test,
      name: cut(test.name, limits.name),
      suite: test.suite === null ? null : cut(test.suite, limits.name),
      error: test.error === null ? null : cut(test.error, limits.error),
      completedAt: new Date().toISOString(),
    });
  }

  const totals = (): TestTotals => totalsOf(tests);

  return {
    hear({ type, data }) {
      const place = placeOf(data);
      const { name = "", nesting = 0, message = "" } = data;
      if (type === "test:start") place.names.splice(nesting, Infinity, name);
      if (type === "test:stderr") place.output = (place.output + message).slice(-limits.error);
      if (type !== "test:pass" && type !== "test:fail") return;
      const passed = type === "test:pass";
      add(isFile(data, root) ? endedFile(data, passed, place, root) : ended(data, passed, place));
    },
    crashed(error) {
      const text = errorText({ cause: error });
      add({ name: crashName, suite: null, status: "fail", duration: 0, error: text });
    },
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

function totalsOf(tests: readonly ReportedTest[]): TestTotals {
  const count = (wanted: ReportedTest["status"]): number =>
    tests.filter(({ status }) => status === wanted).length;
  return { pass: count("pass"), fail: count("fail"), skip: count("skip"), total: tests.length };
}

function isFile({ name = "", nesting = 0, file = "" }: TestEvent["data"], root: string): boolean {
  return nesting === 0 && file !== "" && path.resolve(root, name) === path.resolve(file);
}

/** A file has a result only when it failed by itself: it could not be imported, or its process ended early. */
function endedFile(
  { details, file = "" }: TestEvent["data"],
  passed: boolean,
  place: FilePlace,
  root: string,
): Ended | undefined {
  if (passed || details?.error?.failureType === "subtestsFailed") return undefined;
  const relative = path.relative(root, file).split(path.sep).join("/");
  return {
    name: place.count === 0 ? `Import: ${relative}` : crashName,
    suite: null,
    status: "fail",
    duration: Math.round(details?.duration_ms ?? 0),
    error: place.output.trim() || errorText(details?.error),
  };
}

/** A test, or a suite of which a hook failed: suites have no other result of their own. */
function ended(data: TestEvent["data"], passed: boolean, place: FilePlace): Ended | undefined {
  const { name = "", nesting = 0, details, skip, todo } = data;
  const isSilent = passed || details?.error?.failureType === "subtestsFailed";
  if (details?.type === "suite" && isSilent) return undefined;
  place.count += 1;
  const status = isMarked(skip) || isMarked(todo) ? "skip" : passed ? "pass" : "fail";
  return {
    name,
    suite: place.names.slice(0, nesting).join(" > ") || null,
    status,
    duration: Math.round(details?.duration_ms ?? 0),
    error: status === "fail" ? errorText(details?.error) : null,
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
