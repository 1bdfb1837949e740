/**
 * Whose code runs now, in a Vite host that several projects share: what it is started from, timers, requests and file events
 * included. So a crash can be told from its neighbours' (decision 5), also where a stack would say nothing: a bundled
 * configuration and a hoisted plugin lie in no project's folder.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** A Vite host of one project needs none of it, and on Node 22 it costs time with each promise. */
export const isShared = process.argv[2] === "shared";

const current = new AsyncLocalStorage<string>();

export function inProject<Result>(project: string, work: () => Result): Result {
  return isShared ? current.run(project, work) : work();
}

/** Undefined where it cannot be told, as in native code. */
export function projectNow(): string | undefined {
  return current.getStore();
}
