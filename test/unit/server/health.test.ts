import { expect, test } from "vitest";
import type { Clock } from "../../../src/server/clock.ts";
import { watchHealth } from "../../../src/server/sessions/ui/health.ts";

/** A clock whose one interval passes when the test says so. */
function handClock(): { clock: Clock; pass: () => Promise<void>; ended: () => boolean } {
  let call: (() => void) | undefined;
  const clock: Clock = {
    now: () => 0,
    after: () => () => {},
    every: (ms, each) => {
      expect(ms).toBe(5000);
      call = each;
      return () => {
        call = undefined;
      };
    },
    sleep: async () => {},
  };
  const pass = async (): Promise<void> => {
    call?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, pass, ended: () => call === undefined };
}

test("three misses in a row are a loss, told once, and one answer ends it", async () => {
  const { clock, pass } = handClock();
  const told: string[] = [];
  const answers = [false, false, true, false, false, false, false, true, true];
  watchHealth({
    clock,
    probe: async () => answers.shift() ?? true,
    lost: () => void told.push(`lost with ${answers.length} to come`),
    back: () => void told.push(`back with ${answers.length} to come`),
  });
  for (let each = 0; each < 10; each++) await pass();
  expect(told).toEqual(["lost with 3 to come", "back with 1 to come"]);
});

test("one that was never seen comes with its first answer", async () => {
  const { clock, pass } = handClock();
  const told: string[] = [];
  const answers = [false, false, false, true];
  watchHealth({
    clock,
    isLost: true,
    probe: async () => answers.shift() ?? true,
    lost: () => void told.push("lost"),
    back: () => void told.push("back"),
  });
  for (let each = 0; each < 5; each++) await pass();
  expect(told).toEqual(["back"]);
});

test("a probe that takes long is not joined by another, and nothing is told after the end", async () => {
  const { clock, pass, ended } = handClock();
  let probes = 0;
  let answer: (isUp: boolean) => void = () => {};
  const end = watchHealth({
    clock,
    isLost: true,
    probe: () => {
      probes++;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    lost: () => expect.unreachable(),
    back: () => expect.unreachable(),
  });
  await pass();
  await pass();
  expect(probes).toBe(1);
  end();
  answer(true);
  await pass();
  expect(ended()).toBe(true);
});
