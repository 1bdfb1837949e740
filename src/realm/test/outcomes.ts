/** How tests ended: what is collected while they run, and the results of 12.5 made of it. */
import { errorFrom } from "../realm-error.ts";
import { withoutRunner } from "./stack.ts";

/** One test that has ended. */
export interface Outcome {
  readonly name: string;
  readonly suite: string | null;
  readonly status: "pass" | "fail" | "skip";
  /** Ms. */
  readonly duration: number;
  readonly error: string | null;
  /** ISO 8601. */
  readonly completedAt: string;
  /** Address of its file, when a file registered it. */
  readonly file?: string;
}

export interface Results {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly total: number;
  /** Ms. */
  readonly duration: number;
  readonly tests: readonly TestResult[];
}

type TestResult = {
  readonly name: string;
  readonly suite: string | null;
  readonly duration: number;
  readonly completedAt: string;
} & ({ readonly passed: boolean; readonly error: string | null } | { readonly skipped: true });

export interface Totals {
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
  readonly total: number;
}

export function totalsOf(outcomes: readonly Outcome[]): Totals {
  const count = (status: Outcome["status"]): number =>
    outcomes.filter((outcome) => outcome.status === status).length;
  return {
    pass: count("pass"),
    fail: count("fail"),
    skip: count("skip"),
    total: outcomes.length,
  };
}

export function toResults(outcomes: readonly Outcome[], duration: number): Results {
  const { pass: passed, fail: failed, skip: skipped, total } = totalsOf(outcomes);
  return { passed, failed, skipped, total, duration, tests: outcomes.map(toResult) };
}

function toResult(outcome: Outcome): TestResult {
  const { name, suite, duration, error, completedAt } = outcome;
  if (outcome.status === "skip") return { name, suite, skipped: true, duration: 0, completedAt };
  return { name, suite, passed: outcome.status === "pass", error, duration, completedAt };
}

/** A failed test that stands for something else that failed: an import, a hook, the runner. */
export function failedOutcome(
  name: string,
  error: unknown,
  more: { readonly suite?: string | null; readonly file?: string } = {},
): Outcome {
  return {
    name,
    suite: more.suite ?? null,
    status: "fail",
    duration: 0,
    error: errorText(error),
    completedAt: new Date().toISOString(),
    ...(more.file === undefined ? {} : { file: more.file }),
  };
}

/** The stack with its causes and without our own frames, or what was thrown when that is no error. */
export function errorText(error: unknown): string {
  const { message, stack } = errorFrom(error);
  return stack === "" ? message : withoutRunner(stack);
}
