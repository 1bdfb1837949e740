/** Test runs: a request whose block runs the tests, and what came of it (REPL specification 12 and 15.11). */
import { randomBytes } from "node:crypto";
import type { LogResult } from "../../../markdown/log/events.ts";
import type { TestItem, TestProgress } from "../../../markdown/log/tests.ts";
import type { TestOutcome, TestRun } from "../../../protocol/model.ts";
import type { Instance } from "./instance.ts";
import type { LogJob } from "./log-job.ts";
import type { Ending } from "./request.ts";

export interface TestRequest {
  /** Addresses below the root. */
  readonly files: readonly string[];
  /** Full names; absent for all tests. */
  readonly names?: readonly string[];
  readonly agent?: string;
  readonly timeoutMs?: number;
}

interface Running {
  facts: TestRun;
  readonly code: string;
  readonly instance: Instance;
  job?: LogJob;
  readonly done: Promise<TestRun>;
  settle(run: TestRun): void;
}

/** Ms: default and maximum of a run, and what its job has on top (15.11). */
const runMs = 120_000;
const graceMs = 5000;
const keptRuns = 50;

export class TestRuns {
  readonly #root: string;
  readonly #changed: (run: TestRun) => void;
  readonly #runs = new Map<string, Running>();

  constructor(root: string, changed: (run: TestRun) => void) {
    this.#root = root;
    this.#changed = changed;
  }

  /** Appends the request to the log of a realm. @throws what appending throws */
  async start(instance: Instance, request: TestRequest): Promise<TestRun> {
    const { files, names, agent = "test-runner", timeoutMs = runMs } = request;
    const timeout = Math.min(runMs, Math.max(1, timeoutMs));
    const options = [
      `files: [${files.map((file) => JSON.stringify(file)).join(", ")}]`,
      `timeout: ${timeout}`,
      ...(names === undefined ? [] : [`names: ${JSON.stringify(names)}`]),
    ];
    const code = `await (await import('node:test')).run({ ${options.join(", ")} })`;
    const run = this.#add(instance, files, code);
    const heading = `### \u{1F5E3}\uFE0F${agent} to ${instance.key} at 00:00:00`;
    const test = { runId: run.facts.id, files, timeoutMs: timeout };
    const chunk = `${heading}\n\`\`\`js\n${code}\n\`\`\``;
    const appended = await instance.append(chunk, { timeoutMs: timeout + graceMs, test });
    if (appended !== undefined) run.job = appended.job;
    return run.facts;
  }

  find(id: string): TestRun | undefined {
    return this.#runs.get(id)?.facts;
  }

  jobOf(id: string): LogJob | undefined {
    return this.#runs.get(id)?.job;
  }

  /** Resolves when the run is over. */
  finished(id: string): Promise<TestRun> | undefined {
    return this.#runs.get(id)?.done;
  }

  /** Stops waiting; a page cannot be interrupted. */
  async cancel(id: string): Promise<void> {
    const run = this.#runs.get(id);
    if (run?.facts.state !== "running") return;
    this.#set(run, { state: "cancelled" });
    if (run.job !== undefined && run.instance.job === run.job)
      await run.instance.fail("cancelled", "the test run was cancelled");
  }

  /** A realm reports. */
  progress(instance: Instance, progress: TestProgress): void {
    const run = this.#of(instance);
    if (run === undefined) return;
    const { totals, duration, recentTests = [], allTests } = progress;
    const tests = grown(
      run.facts.tests,
      (allTests ?? recentTests).map(toOutcome),
      allTests !== undefined,
    );
    const total = totals.pass + totals.fail + totals.skip;
    this.#set(run, { totals: { ...totals, total }, duration, tests });
  }

  /** A job that waited in the file is that of a run when it has its code. */
  requested(instance: Instance, job: LogJob): void {
    for (const run of this.#runs.values())
      if (run.instance === instance && run.job === undefined && run.code === job.code)
        run.job = job;
  }

  ended(job: LogJob, { result }: Ending): void {
    const run = [...this.#runs.values()].find((one) => one.job === job);
    if (run?.facts.state !== "running") return;
    if (!result.ok) return this.#set(run, { state: "failed", error: textOf(result.error) });
    const { tests = [], ...results } = fromResults(result);
    this.#set(run, { ...results, tests: grown(run.facts.tests, tests, true), state: "done" });
  }

  #of(instance: Instance): Running | undefined {
    return [...this.#runs.values()].findLast(
      (run) => run.instance === instance && run.facts.state === "running",
    );
  }

  #add(instance: Instance, files: readonly string[], code: string): Running {
    const id = randomBytes(9).toString("base64url");
    const facts: TestRun = {
      id,
      root: this.#root,
      realm: instance.key,
      files,
      state: "running",
      totals: { pass: 0, fail: 0, skip: 0, total: 0 },
      tests: [],
      duration: 0,
    };
    const run: Running = { facts, code, instance, ...ending() };
    this.#runs.set(id, run);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > keptRuns && oldest !== undefined) this.#runs.delete(oldest);
    this.#changed(facts);
    return run;
  }

  #set(run: Running, change: Partial<TestRun>): void {
    run.facts = { ...run.facts, ...change };
    this.#changed(run.facts);
    if (run.facts.state !== "running") run.settle(run.facts);
  }
}

function ending(): Pick<Running, "done" | "settle"> {
  let settle: Running["settle"] | undefined;
  const done = new Promise<TestRun>((resolve) => (settle = resolve));
  return { done, settle: (run) => settle?.(run) };
}

/** Tests are only added, so that whoever follows a run can go by their index. @param isAll `more` may hold known ones */
function grown(
  before: readonly TestOutcome[],
  more: readonly TestOutcome[],
  isAll: boolean,
): readonly TestOutcome[] {
  if (!isAll) return [...before, ...more];
  const left = new Map<string, number>();
  for (const test of before) left.set(keyOf(test), (left.get(keyOf(test)) ?? 0) + 1);
  const fresh = more.filter((test) => {
    const known = left.get(keyOf(test)) ?? 0;
    left.set(keyOf(test), known - 1);
    return known <= 0;
  });
  return [...before, ...fresh];
}

function keyOf({ suite, name, status }: TestOutcome): string {
  return JSON.stringify([suite, name, status]);
}

/** What `run()` resolves to (12.5). */
function fromResults(result: LogResult): Partial<TestRun> {
  const value = result.value ?? parse(result.valueText);
  if (typeof value !== "object" || value === null) return {};
  const { passed, failed, skipped, total, duration, tests } = value as Record<string, unknown>;
  return {
    totals: { pass: count(passed), fail: count(failed), skip: count(skipped), total: count(total) },
    duration: count(duration),
    ...(Array.isArray(tests) ? { tests: tests.map(fromTest) } : {}),
  };
}

function count(field: unknown): number {
  return typeof field === "number" ? field : 0;
}

function fromTest(test: unknown): TestOutcome {
  const fields = (test ?? {}) as TestItem & { passed?: boolean; skipped?: boolean; file?: string };
  const status = fields.skipped === true ? "skip" : fields.passed === true ? "pass" : "fail";
  return toOutcome({ ...fields, status });
}

function toOutcome(item: TestItem & { file?: string }): TestOutcome {
  const { name, suite = null, status, duration = 0, error = null, completedAt, file } = item;
  return {
    name,
    suite,
    status: status === "fail" || status === "skip" ? status : "pass",
    duration,
    error,
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(file === undefined ? {} : { file }),
  };
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // A result too long to be sent whole: the progress has the tests.
    return undefined;
  }
}

function textOf(error: unknown): string {
  return typeof error === "string" ? error : ((error as Error | undefined)?.message ?? "failed");
}
