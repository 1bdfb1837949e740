/** What was thrown, as it is sent to the server. */
import { REALM_LIMITS, type RealmError } from "../protocol/realm.ts";
import { cut } from "./cut.ts";
import { inspectLine } from "./inspect.ts";
import { errorHead, isError, textOf } from "./value-names.ts";

/** Errors in errors whose stacks are shown. */
const causes = 4;

/** What was thrown, which need not be an Error. Causes follow in the stack. Never throws. */
export function errorFrom(thrown: unknown): RealmError {
  if (!isError(thrown)) return { name: "Uncaught", message: inspectLine(thrown), stack: "" };
  const { name, message } = errorHead(thrown);
  const limit = REALM_LIMITS.lineCharacters;
  return {
    name: name.slice(0, 200),
    message: cut(message, limit),
    stack: cut(errorStack(thrown, 0), limit),
  };
}

function errorStack(error: object, depth: number): string {
  const { name, message } = errorHead(error);
  const head = message === "" ? name : `${name}: ${message}`;
  const stack = textOf(error, "stack").trimEnd();
  // Only V8 begins a stack with the error itself.
  const full =
    stack.includes(message) && stack.includes(name) ? stack : `${head}\n${stack}`.trimEnd();
  const cause = depth < causes ? causeOf(error) : undefined;
  if (cause === undefined) return full;
  return `${full}\n[cause] ${isError(cause) ? errorStack(cause, depth + 1) : inspectLine(cause)}`;
}

function causeOf(error: object): unknown {
  try {
    return (error as { cause?: unknown }).cause;
  } catch {
    // A getter of the user's own making: what it hides is not needed.
    return undefined;
  }
}
