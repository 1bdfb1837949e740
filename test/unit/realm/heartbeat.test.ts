import { beforeEach, expect, test } from "vitest";
import { watchPulse, type Heartbeat, type Pulse } from "../../../src/realm/heartbeat.ts";

const heartbeat: Heartbeat = { pingMs: 10_000, silenceMs: 20_000, goodMs: 60_000 };
let now: number;
let timers: { at: number; call: () => void }[];
let pings: number;
let told: unknown[];
let answers: boolean;
let pulse: Pulse;

beforeEach(() => {
  [now, timers, pings, told, answers] = [5000, [], 0, [], true];
  const clock = {
    now: () => now,
    setTimeout: (call: () => void, ms: number) => timers.push({ at: now + ms, call }),
    clearTimeout: () => void (timers = []),
  };
  const worker = {
    ping() {
      pings += 1;
      if (answers) clock.setTimeout(() => pulse.pong(), 5);
    },
  };
  const listener = {
    silent: (ms: number) => told.push(ms),
    good: () => told.includes("good") || told.push("good"),
  };
  pulse = watchPulse(worker, heartbeat, listener, clock);
});

/** Time passes, and whatever is due is called when it is due. */
function pass(ms: number): void {
  const end = now + ms;
  for (;;) {
    const next = timers.toSorted((one, other) => one.at - other.at)[0];
    if (next === undefined || next.at > end) break;
    timers.splice(timers.indexOf(next), 1);
    now = Math.max(now, next.at);
    next.call();
  }
  now = end;
}

test("a worker that answers is asked every ten seconds and is good after a minute", () => {
  pass(55_000);
  expect(pings).toBeGreaterThanOrEqual(4);
  expect(told).toEqual([]);
  pass(20_000);
  expect(told).toEqual(["good"]);
});

test("a worker that stops answering is told once, soon after twenty seconds", () => {
  pass(30_000);
  answers = false;
  pass(90_000);
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThan(20_000);
  expect(told[0]).toBeLessThanOrEqual(25_000);
});

test("timers that come late say nothing about the worker", () => {
  answers = false;
  pass(10_000);
  expect(pings).toBe(1);
  // The machine sleeps for a minute, and the worker answers a moment after it woke.
  now += 60_000;
  pass(0);
  expect(told).toEqual([]);
  pass(100);
  pulse.pong();
  answers = true;
  pass(30_000);
  expect(told.filter((one) => one !== "good")).toEqual([]);
});

test("a worker that does not answer after a sleep either is found", () => {
  answers = false;
  pass(10_000);
  now += 60_000;
  pass(20_000);
  expect(told).toHaveLength(1);
});

test("what is stopped is asked no more", () => {
  pulse.stop();
  pass(60_000);
  expect(pings).toBe(0);
});
