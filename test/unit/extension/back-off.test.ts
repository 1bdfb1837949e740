import { expect, test } from "vitest";
import { createBackOff } from "../../../src/extension/back-off.ts";

test("a crashed server is started again after 0.5, 1, 2 and 4 s, and the fifth crash in 3 minutes ends it", () => {
  const backOff = createBackOff();
  const waits = [0, 1000, 3000, 6000, 11_000].map((now) => backOff.crashed(now));
  expect(waits).toEqual([500, 1000, 2000, 4000, undefined]);
});

test("crashes older than 3 minutes do not count", () => {
  const backOff = createBackOff();
  for (const now of [0, 1000, 2000, 3000]) backOff.crashed(now);
  expect(backOff.crashed(183_001)).toBe(500);
});

test("a restart by hand begins the count anew", () => {
  const backOff = createBackOff();
  for (const now of [0, 1, 2, 3, 4]) backOff.crashed(now);
  backOff.reset();
  expect(backOff.crashed(5)).toBe(500);
});
