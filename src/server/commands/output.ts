/** What verbs print: one line per thing for a person, or one JSON object per line. */
import { UserError } from "../../protocol/errors.ts";

/** Exit codes of every verb. */
export const exitCodes = { done: 0, failed: 1, usage: 2, untrusted: 3 } as const;

/** What was asked for on the command line cannot be meant; ends with the code for that. */
export class BadUsage extends UserError {
  constructor(message: string) {
    super("bad_request", message);
  }
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Says what went wrong, with what to do. @returns the exit code */
export function reportError(error: unknown): number {
  printError(
    error instanceof UserError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error),
  );
  if (error instanceof BadUsage) return exitCodes.usage;
  const isUntrusted = error instanceof UserError && error.code === "not_trusted";
  return isUntrusted ? exitCodes.untrusted : exitCodes.failed;
}

/** Resolves at the first signal that ends a program, a closed terminal included. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.once(signal, () => resolve());
  });
}
