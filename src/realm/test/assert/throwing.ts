/** Assertions about what is thrown and rejected. */
import { inspectLine } from "../../inspect.ts";
import { AssertionError } from "./assertion-error.ts";
import { checkError, type ErrorExpectation } from "./expected-error.ts";

type Message = string | Error | undefined;
type Expectation = ErrorExpectation | Message;

export function throws(block: () => unknown, expected?: Expectation, message?: Message): void {
  const caught = catchError(block, "throws");
  demand(caught, { expected, message, operator: "throws", stackStartFn: throws });
}

export async function rejects(
  block: Promise<unknown> | (() => unknown),
  expected?: Expectation,
  message?: Message,
): Promise<void> {
  const caught = await catchRejection(block, "rejects");
  demand(caught, { expected, message, operator: "rejects", stackStartFn: rejects });
}

export function doesNotThrow(
  block: () => unknown,
  expected?: Expectation,
  message?: Message,
): void {
  const caught = catchError(block, "doesNotThrow");
  forbid(caught, { expected, message, operator: "doesNotThrow", stackStartFn: doesNotThrow });
}

export async function doesNotReject(
  block: Promise<unknown> | (() => unknown),
  expected?: Expectation,
  message?: Message,
): Promise<void> {
  const caught = await catchRejection(block, "doesNotReject");
  forbid(caught, { expected, message, operator: "doesNotReject", stackStartFn: doesNotReject });
}

type Caught = { readonly error: unknown } | undefined;

interface Demand {
  readonly expected: Expectation;
  readonly message: Message;
  readonly operator: string;
  readonly stackStartFn: Function;
}

/** A text in the place of the expectation is the message. */
function sort({ expected, message }: Demand): { expected?: ErrorExpectation; message: Message } {
  if (typeof expected === "string") return { message: expected };
  return expected === undefined ? { message } : { expected, message };
}

function demand(caught: Caught, demanded: Demand): void {
  const { expected, message } = sort(demanded);
  const { operator, stackStartFn } = demanded;
  if (message instanceof Error && caught === undefined) throw message;
  if (caught === undefined) {
    const missing = operator === "throws" ? "exception" : "rejection";
    const name = typeof expected === "function" ? ` (${expected.name})` : ".";
    const text = `Missing expected ${missing}${message === undefined ? name : `: ${String(message)}`}`;
    throw new AssertionError({ message: text, expected, operator, stackStartFn });
  }
  if (expected === undefined) return;
  if (!(message instanceof Error))
    return checkError(caught.error, expected, { message, operator, stackStartFn });
  try {
    checkError(caught.error, expected, { message: undefined, operator, stackStartFn });
  } catch {
    // The user's own error is thrown in place of ours.
    throw message;
  }
}

function forbid(caught: Caught, forbidden: Demand): void {
  if (caught === undefined) return;
  const { expected, message } = sort(forbidden);
  const { operator, stackStartFn } = forbidden;
  if (expected !== undefined && !fits(caught.error, expected)) throw caught.error;
  const what = operator === "doesNotThrow" ? "exception" : "rejection";
  const own = message === undefined ? "." : `: ${String(message)}`;
  throw new AssertionError({
    message: `Got unwanted ${what}${own}\nThe error was: ${inspectLine(caught.error)}`,
    actual: caught.error,
    expected,
    operator,
    stackStartFn,
  });
}

function fits(error: unknown, expected: ErrorExpectation): boolean {
  try {
    checkError(error, expected, { message: undefined, operator: "", stackStartFn: fits });
    return true;
  } catch {
    // Another error than the one that is forbidden.
    return false;
  }
}

function catchError(block: unknown, operator: string): Caught {
  if (typeof block !== "function") throw wrongArgument(operator, "a function", block);
  try {
    block();
  } catch (error) {
    return { error };
  }
  return undefined;
}

async function catchRejection(block: unknown, operator: string): Promise<Caught> {
  // What the function throws at once is its own failure and no rejection.
  const promise: unknown = typeof block === "function" ? block() : block;
  if (typeof (promise as { then?: unknown } | undefined)?.then !== "function")
    throw wrongArgument(operator, "a promise or a function that answers one", promise);
  try {
    await promise;
  } catch (error) {
    return { error };
  }
  return undefined;
}

function wrongArgument(operator: string, wanted: string, found: unknown): TypeError {
  return new TypeError(`assert.${operator} needs ${wanted}, and got ${inspectLine(found)}`);
}
