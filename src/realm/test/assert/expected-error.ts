/** Whether an error is the one that `throws` and `rejects` were told to expect. */
import { inspectLine } from "../../inspect.ts";
import { AssertionError } from "./assertion-error.ts";
import { isDeepEqual } from "./deep-equal.ts";

/** A class, a regular expression for its text, an object of properties it must have, or a predicate. */
export type ErrorExpectation = RegExp | object | ((error: unknown) => unknown);

export interface ErrorCheck {
  readonly message: string | undefined;
  readonly operator: string;
  readonly stackStartFn: Function;
}

/** @throws AssertionError when it is another, and what a predicate throws. */
export function checkError(error: unknown, expected: ErrorExpectation, check: ErrorCheck): void {
  const reason = mismatch(error, expected);
  if (reason === undefined) return;
  throw new AssertionError({
    ...check,
    message: check.message ?? `${reason}\n\nThe error was: ${inspectLine(error)}`,
    actual: error,
    expected,
  });
}

function mismatch(error: unknown, expected: ErrorExpectation): string | undefined {
  if (expected instanceof RegExp) {
    if (matches(expected, String(error))) return undefined;
    return `The error's text does not match ${String(expected)}:\n${String(error)}`;
  }
  if (typeof expected !== "function") return mismatchedProperty(error, expected);
  const prototype: unknown = expected.prototype;
  if (prototype !== undefined && error instanceof expected) return undefined;
  if (expected === Error || prototype instanceof Error)
    return `The error is not an instance of ${expected.name}`;
  if (Reflect.apply(expected, {}, [error]) === true) return undefined;
  return `The function ${expected.name || "given"} did not answer true for the error`;
}

function mismatchedProperty(error: unknown, expected: object): string | undefined {
  // Name and message of an error are no keys of it, and yet they are what one compares.
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push("name", "message");
  const actual = Object(error) as object;
  for (const key of keys) {
    const [found, wanted] = [Reflect.get(actual, key), Reflect.get(expected, key)] as unknown[];
    if (wanted instanceof RegExp && typeof found === "string" && matches(wanted, found)) continue;
    if (key in actual && isDeepEqual(found, wanted, "strict")) continue;
    return `The error's ${key} is ${inspectLine(found)} and not ${inspectLine(wanted)}`;
  }
  return undefined;
}

/** Without regard to where a global expression stopped the last time. */
function matches(expression: RegExp, text: string): boolean {
  return new RegExp(expression.source, expression.flags.replace(/[gy]/g, "")).test(text);
}
