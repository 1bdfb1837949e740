/** A back end that ends by itself, from its crash to giving up (dev-servers section 11). */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UserError } from "../../../../src/protocol/errors.ts";
import { createBackendRecord } from "../../../../src/server/dev-servers/backends/backend-record.ts";
import { Restarts } from "../../../../src/server/dev-servers/backends/restarts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("three attempts that fail are all, each announced, and then it says so", async () => {
  const nothing = (): void => {};
  const record = createBackendRecord({
    changed: nothing,
    impossible: (what) => {
      throw new Error(what);
    },
  });
  record.move("buildBegan", {});
  record.move("reloaded", { connected: true, pid: 1 });
  const attempts: number[] = [];
  const began = Date.now();
  const restarts = new Restarts({
    record,
    runtime: {
      current: () => undefined,
      stop: () => Promise.resolve(),
      replace: () => Promise.resolve(),
      start: () => {
        attempts.push(Date.now() - began);
        return Promise.reject(new UserError("server_gone", `attempt ${attempts.length} failed`));
      },
    },
    events: {
      changed: nothing,
      logged: nothing,
      errors: nothing,
      reloadStarted: nothing,
      reloadCompleted: nothing,
      reloadFailed: nothing,
    },
    signal: new AbortController().signal,
    enqueue: (step) => step(),
  });
  restarts.lost("It ended");
  expect(record.facts()).toMatchObject({
    status: "error",
    connected: false,
    pid: 0,
    lastError: "It ended",
  });
  expect(Date.parse(record.facts().nextRestartAt) - began).toBe(2000);
  await vi.advanceTimersByTimeAsync(2000);
  expect(record.facts()).toMatchObject({ status: "error", lastError: "attempt 1 failed" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(attempts).toEqual([2000, 6000, 14_000]);
  expect(record.facts()).toMatchObject({
    status: "error",
    nextRestartAt: "",
    lastError:
      "attempt 3 failed. It is not started again after several attempts: correct it, or restart it",
  });
});
