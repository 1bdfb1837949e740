/** What bounds a start: time, the wish for it, and ports that others take. */
import { UserError } from "../../../protocol/errors.ts";

export interface Limits {
  readonly ms: number;
  /** It is no longer wanted. */
  readonly signal: AbortSignal;
  late(): UserError;
}

/** The work's own end, or a failure when the limits come first. The work is not ended by that. */
export function withinLimits<Result>(
  work: Promise<Result>,
  { ms, signal, late }: Limits,
): Promise<Result> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  const over = new Promise<never>((_resolve, reject) => {
    const end = (): void => reject(signal.aborted ? notWanted() : late());
    limit.addEventListener("abort", end, { once: true });
    if (limit.aborted) end();
  });
  return Promise.race([work, over]);
}

export function notWanted(): UserError {
  return new UserError("cancelled", "The start was given up: something else was asked for");
}

/** Ports tried when another program takes one between our look and the server's listen (dev-servers section 5). */
const portTries = 5;

/** @param next moves on to another port, after a start that failed with `port_in_use` */
export async function tryPorts<Result>(
  start: () => Promise<Result>,
  next: (error: UserError) => Promise<void>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      const isTaken = error instanceof UserError && error.code === "port_in_use";
      if (!isTaken || tries === portTries) throw error;
      await next(error);
    }
  }
}
