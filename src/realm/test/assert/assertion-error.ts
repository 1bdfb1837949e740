/** The error of `node:assert`, with the fields and codes that Node's has. */
import { describeDifference } from "./difference.ts";

export interface AssertionDetails {
  /** The user's own words, which win over ours. */
  readonly message?: string | undefined;
  readonly actual?: unknown;
  readonly expected?: unknown;
  readonly operator?: string;
  /** The stack begins at who called this function. */
  readonly stackStartFn?: Function;
}

type CapturesStacks = { captureStackTrace?: (target: object, below?: Function) => void };

export class AssertionError extends Error {
  readonly code = "ERR_ASSERTION";
  readonly generatedMessage: boolean;
  readonly actual: unknown;
  readonly expected: unknown;
  readonly operator: string | undefined;

  constructor(details: AssertionDetails) {
    super(details.message ?? describeDifference(details));
    this.generatedMessage = details.message === undefined;
    this.actual = details.actual;
    this.expected = details.expected;
    this.operator = details.operator;
    (Error as CapturesStacks).captureStackTrace?.(this, details.stackStartFn ?? new.target);
  }
}

// On the prototype, because V8 writes the name into the stack before any field is set.
Object.defineProperty(AssertionError.prototype, "name", {
  value: "AssertionError",
  writable: true,
  configurable: true,
});
