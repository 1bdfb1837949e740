/** Test runs over HTTP (15.11). */
import { UserError } from "../../../protocol/errors.ts";
import type { TestRun } from "../../../protocol/model.ts";
import { within } from "../../within.ts";
import { discoverTests } from "../discover-tests.ts";
import type { Instance } from "../logs/instance.ts";
import type { Repl } from "../logs/repl.ts";
import { refused, type ApiAnswer } from "./answers.ts";
import { check, testsBody } from "./bodies.ts";

export async function runTests(repl: Repl, data: unknown): Promise<ApiAnswer> {
  const body = check(testsBody, data);
  const instance = chooseForTests(repl, body);
  const { files: patterns, exclude, names, timeoutMs, metadata } = body;
  const files = await discoverTests(repl.root, {
    ...(patterns === undefined ? {} : { files: patterns }),
    ...(exclude === undefined ? {} : { exclude }),
  });
  if (files.length === 0)
    throw new UserError(
      "not_found",
      `No test file matches ${JSON.stringify(patterns ?? "**/*.test.js")} in ${repl.root}`,
    );
  const run = await repl.tests.start(instance, {
    files,
    ...(names === undefined ? {} : { names }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(metadata?.agentName === undefined ? {} : { agent: metadata.agentName }),
  });
  const finished = body.waitMs > 0 ? repl.tests.finished(run.id) : undefined;
  const done = finished && (await within(finished, body.waitMs, undefined));
  const jobId = repl.tests.jobOf(run.id)?.id ?? null;
  const head = { runId: run.id, jobId, instance: instance.key, files };
  return done === undefined
    ? { status: 202, body: head }
    : { status: 200, body: { ...head, ...resultsOf(done) } };
}

export function readTests(repl: Repl, runId: string): ApiAnswer {
  const run = repl.tests.find(runId);
  if (run === undefined) return refused("not-found", `There is no test run ${runId.slice(0, 100)}`);
  const { state, totals, duration, tests } = run;
  const results = state === "running" ? {} : resultsOf(run);
  return { status: 200, body: { runId, state, progress: { totals, duration, tests }, ...results } };
}

/**
 * The realm that a test run means (16.4): by name, by a part of it (pages before workers, the last seen first), else the
 * page seen last, else the worker seen last. Offline ones never.
 */
export function chooseForTests(
  repl: Pick<Repl, "instances" | "find">,
  { instance: name, page }: { instance?: string | undefined; page?: string | undefined },
): Instance {
  const live = repl.instances().filter(({ isOnline }) => isOnline);
  const sorted = live.toSorted((one, other) => rank(one) - rank(other));
  const part = page?.toLowerCase();
  const found =
    name === undefined
      ? sorted.find(({ key }) => part === undefined || key.includes(part))
      : live.find(({ key }) => key === repl.find(name)?.key);
  if (found !== undefined) return found;
  const names = live.map(({ key }) => key).join(", ") || "none";
  const wish = name ?? page;
  throw new UserError(
    "realm_gone",
    wish === undefined
      ? "No page is connected. Open one, then run the tests again"
      : `No live realm is called ${wish.slice(0, 100)}. Live now: ${names}`,
  );
}

/** Results in the shape of `run()` (12.5). */
export function resultsOf({ state, totals, duration, tests, error }: TestRun): object {
  if (state === "failed" || state === "cancelled") return { state, error: error ?? state };
  const { pass, fail, skip, total } = totals;
  const list = tests.map(({ status, ...test }) =>
    status === "skip" ? { ...test, skipped: true } : { ...test, passed: status === "pass" },
  );
  const results = { passed: pass, failed: fail, skipped: skip, total, duration, tests: list };
  return { state, results };
}

function rank({ kind }: Instance): number {
  return kind === "page" || kind === "remote" ? 0 : kind === "worker" ? 1 : 2;
}
