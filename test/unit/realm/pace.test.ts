import { beforeEach, expect, test } from "vitest";
import { createPace, leftOutText, type Pace } from "../../../src/realm/pace.ts";

let clock: number;
let passed: (number | string)[];
let timers: { call: () => void; at: number }[];
let pace: Pace<number>;

beforeEach(() => {
  clock = 5000;
  passed = [];
  timers = [];
  pace = createPace<number>({
    pass: (item) => passed.push(item),
    leftOut: (count) => passed.push(leftOutText(count)),
    now: () => clock,
    later: (call, ms) => timers.push({ call, at: clock + ms }),
  });
});

function add(count: number): void {
  for (let item = 1; item <= count; item++) pace.add(item);
}

test("a hundred in a second pass, the last ones of them at its end", () => {
  add(100);
  expect(passed).toHaveLength(90);
  expect(timers.map(({ at }) => at)).toEqual([6000]);
  clock = 6000;
  timers[0]?.call();
  expect(passed).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

test("what is more is counted once, between the first and the last", () => {
  add(5000);
  expect(pace.isFull()).toBe(true);
  clock = 6000;
  timers[0]?.call();
  expect(passed.slice(89)).toEqual([
    90,
    "4900 more events within a second left out",
    ...Array.from({ length: 10 }, (_, index) => 4991 + index),
  ]);
  expect(pace.isFull()).toBe(false);
});

test("a second without a turn of the event loop ends as well", () => {
  add(101);
  clock = 6100;
  pace.add(7);
  expect(passed.slice(90)).toEqual(["1 more event within a second left out", ...tail(), 7]);
  expect(timers).toHaveLength(1);
});

test("a flush passes what waits", () => {
  add(95);
  pace.flush();
  expect(passed).toHaveLength(95);
  pace.flush();
  expect(passed).toHaveLength(95);
});

function tail(): number[] {
  return Array.from({ length: 10 }, (_, index) => 92 + index);
}
