/** The assertions of `node:assert` about values. */
import { inspectLine } from "../../inspect.ts";
import { AssertionError, type AssertionDetails } from "./assertion-error.ts";
import { isDeepEqual, type DeepMode } from "./deep-equal.ts";

export type Message = string | Error | undefined;

/** Throws the user's own error when the message is one. */
function failWith(details: Omit<AssertionDetails, "message">, message: Message): never {
  if (message instanceof Error) throw message;
  throw new AssertionError({ ...details, message });
}

export function ok(...args: readonly [value?: unknown, message?: Message]): void {
  const [value, message] = args;
  if (value) return;
  const found =
    args.length === 0
      ? "No value was given to assert.ok()"
      : `Expected a truthy value, and got ${inspectLine(value)}`;
  const details = { actual: value, expected: true, operator: "==", stackStartFn: ok };
  failWith(details, message ?? found);
}

export function fail(message: Message = "Failed"): never {
  failWith({ operator: "fail", stackStartFn: fail }, message);
}

export function ifError(value: unknown): void {
  if (value === null || value === undefined) return;
  const text = value instanceof Error ? `${value.name}: ${value.message}` : inspectLine(value);
  const details = { actual: value, expected: null, operator: "ifError", stackStartFn: ifError };
  const error = new AssertionError({
    ...details,
    message: `ifError got unwanted exception: ${text}`,
  });
  error.cause = value;
  throw error;
}

type Compare = (actual: unknown, expected: unknown, message?: Message) => void;

/** An assertion that holds when `holds` says so. */
function comparison(operator: string, holds: (one: unknown, other: unknown) => boolean): Compare {
  const compare: Compare = (actual, expected, message) => {
    if (holds(actual, expected)) return;
    failWith({ actual, expected, operator, stackStartFn: compare }, message);
  };
  return compare;
}

const deeply = (mode: DeepMode) => (actual: unknown, expected: unknown) =>
  isDeepEqual(actual, expected, mode);

const looselyEqual = (actual: unknown, expected: unknown): boolean =>
  // oxlint-disable-next-line eqeqeq -- this is what loose means
  actual == expected || (Number.isNaN(actual) && Number.isNaN(expected));

const not = (holds: (one: unknown, other: unknown) => boolean) => (one: unknown, other: unknown) =>
  !holds(one, other);

export const equal = comparison("equal", looselyEqual);
export const notEqual = comparison("notEqual", not(looselyEqual));
export const strictEqual = comparison("strictEqual", Object.is);
export const notStrictEqual = comparison("notStrictEqual", not(Object.is));
export const deepEqual = comparison("deepEqual", deeply("loose"));
export const notDeepEqual = comparison("notDeepEqual", not(deeply("loose")));
export const deepStrictEqual = comparison("deepStrictEqual", deeply("strict"));
export const notDeepStrictEqual = comparison("notDeepStrictEqual", not(deeply("strict")));
export const partialDeepStrictEqual = comparison("partialDeepStrictEqual", deeply("partial"));

type Match = (text: unknown, expression: RegExp, message?: Message) => void;

function matching(operator: string, wanted: boolean): Match {
  const match: Match = (text, expression, message) => {
    if (!(expression instanceof RegExp))
      throw new TypeError(`assert.${operator} needs a regular expression`);
    if (typeof text === "string" && expression.test(text) === wanted) return;
    const words = wanted ? "does not match" : "matches";
    const details = { actual: text, expected: expression, operator, stackStartFn: match };
    failWith(details, message ?? `The value ${inspectLine(text)} ${words} ${String(expression)}`);
  };
  return match;
}

export const match = matching("match", true);
export const doesNotMatch = matching("doesNotMatch", false);
