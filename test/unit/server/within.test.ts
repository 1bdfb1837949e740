/** Waiting with a limit. */
import { expect, test, vi } from "vitest";
import { within } from "../../../src/server/within.ts";

test("what comes in time counts, and so does its failure", async () => {
  expect(await within(Promise.resolve("here"), 1000, "late")).toBe("here");
  await expect(within(Promise.reject(new Error("broken")), 1000, "late")).rejects.toThrow("broken");
});

test("what comes later does not, and its failure disturbs nobody", async () => {
  let fail: ((error: Error) => void) | undefined;
  const slow = new Promise<string>((_resolve, reject) => (fail = reject));
  expect(await within(slow, 1, "late")).toBe("late");
  fail?.(new Error("too late"));
  // A failure that nobody took would be reported behind this turn, and fail the test.
  await new Promise((resolve) => setImmediate(resolve));
});

test("no timer is left behind", async () => {
  vi.useFakeTimers();
  try {
    await within(Promise.resolve(), 1000, "late");
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
