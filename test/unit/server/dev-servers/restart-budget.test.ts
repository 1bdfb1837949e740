import { expect, test } from "vitest";
import { createRestartBudget } from "../../../../src/server/dev-servers/backends/restart-budget.ts";

test("a crash has three attempts, each after twice the time", () => {
  const budget = createRestartBudget(() => 0);
  expect([budget.next(), budget.next(), budget.next(), budget.next()]).toEqual([
    2000,
    4000,
    8000,
    undefined,
  ]);
});

test("five attempts in 5 min are all, until a new build or 5 min later", () => {
  let now = 0;
  const budget = createRestartBudget(() => now);
  const crash = (): number | undefined => {
    budget.cameUp();
    return budget.next();
  };
  expect([crash(), crash(), crash(), crash(), crash(), crash()]).toEqual([
    2000,
    4000,
    8000,
    16_000,
    30_000,
    undefined,
  ]);
  now = 5 * 60_000;
  expect(crash()).toBe(2000);
  budget.reset();
  expect(budget.next()).toBe(2000);
});
