/** `run()`: finds test files, runs them, and tells the server about it meanwhile. */
import { STOP_EVENT } from "../evaluate.ts";
import { now, within } from "./clock.ts";
import { runInFrame } from "./frame.ts";
import { failedOutcome, toResults, type Outcome, type Results } from "./outcomes.ts";
import { base, placeKind } from "./place.ts";
import { startProgress } from "./progress.ts";
import type { RegistryState } from "./registry.ts";
import { runHere } from "./run-here.ts";

export interface RunOptions {
  /** Globs and paths below the root of the project. */
  readonly files?: string | readonly string[];
  readonly exclude?: readonly string[];
  /** Ms after which the whole run is given up. */
  readonly timeout?: number;
  /** Full names of the tests to run; the others are not mentioned. */
  readonly names?: readonly string[];
  /** Accepted for the sake of Node's runner: one test runs at a time. */
  readonly concurrency?: unknown;
}

const [shortestMs, longestMs] = [15_000, 120_000];

/** Never rejects: whatever goes wrong is a failed test. */
export async function run(registry: RegistryState, options: RunOptions = {}): Promise<Results> {
  const started = now();
  const progress = startProgress();
  const outcomes: Outcome[] = [];
  let isOver = false;
  const emit = (outcome: Outcome): void => {
    if (isOver) return;
    outcomes.push(outcome);
    progress.add(outcome);
  };
  const stopped = new AbortController();
  const timeout = watchdogMs(options.timeout);
  const onStop = (): void => {
    isOver = true;
    stopped.abort(new Error("the test run was stopped"));
  };
  globalThis.addEventListener?.(STOP_EVENT, onStop);
  try {
    const work = runWhere(registry, options, {
      emit,
      isOver: () => isOver,
      signal: stopped.signal,
    });
    await within(work, timeout, () => new Error(`the test run timed out after ${timeout}ms`));
  } catch (error) {
    emit(failedOutcome("Test Runner Error", error));
  } finally {
    globalThis.removeEventListener?.(STOP_EVENT, onStop);
  }
  const isWanted = !isOver;
  isOver = true;
  stopped.abort(new Error("the test run is over"));
  const duration = Math.round(now() - started);
  const results = toResults(outcomes, duration);
  // Who stopped a run has done with it; what it said now would be taken for the next one's.
  if (isWanted) await progress.finish(duration);
  else progress.stop();
  return results;
}

interface Run {
  emit(outcome: Outcome): void;
  isOver(): boolean;
  readonly signal: AbortSignal;
}

async function runWhere(
  registry: RegistryState,
  { files, exclude, names }: RunOptions,
  { emit, isOver, signal }: Run,
): Promise<void> {
  const found = await discover({ files, exclude });
  if (placeKind() === "page") return runInFrame({ files: found, names, emit }, signal);
  // Workers have no import maps: below this prefix the names of our modules are replaced by addresses.
  const prefix = new URL("-daebug-m/", base);
  return runHere(registry, { files: found, prefix, names, emit, isOver });
}

async function discover(request: object): Promise<readonly string[]> {
  const answer = await fetch(new URL("-daebug-discover-tests", base), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  // A proxy on the way answers in its own words.
  const isJson = answer.headers.get("content-type")?.includes("json") === true;
  const { files, error } = (isJson ? await answer.json() : {}) as {
    files?: string[];
    error?: unknown;
  };
  if (answer.ok && files !== undefined) return files;
  const reason = typeof error === "string" ? error : (error as { message?: string })?.message;
  throw new Error(`the test files could not be found: ${reason ?? `status ${answer.status}`}`);
}

function watchdogMs(timeout: number | undefined): number {
  const wanted = Number.isFinite(timeout) ? Number(timeout) : longestMs;
  return Math.min(Math.max(wanted, shortestMs), longestMs);
}
