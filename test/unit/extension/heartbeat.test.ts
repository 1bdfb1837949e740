import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startHeartbeat } from "../../../src/extension/heartbeat.ts";

let now = 0;
let stop: () => void = () => {};

beforeEach(() => {
  now = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

async function pass(ms: number, clock = ms): Promise<void> {
  now += clock;
  await vi.advanceTimersByTimeAsync(ms);
}

const silent = (): Promise<void> => new Promise<void>(() => {});

test("a server that answers is left alone", async () => {
  const dead = vi.fn<() => void>();
  stop = startHeartbeat({ ping: () => Promise.resolve(), dead, now: () => now });
  for (let count = 0; count < 20; count += 1) await pass(5000);
  expect(dead).not.toHaveBeenCalled();
});

test("three missed answers in a row make it dead, once", async () => {
  const dead = vi.fn<() => void>();
  stop = startHeartbeat({ ping: silent, dead, now: () => now });
  await pass(5000);
  await pass(5000);
  expect(dead).not.toHaveBeenCalled();
  await pass(5000);
  await pass(5000);
  expect(dead).toHaveBeenCalledTimes(1);
});

test("an answer that comes late forgives what was missed", async () => {
  const answers: (() => void)[] = [];
  const dead = vi.fn<() => void>();
  stop = startHeartbeat({
    ping: () => new Promise<void>((resolve) => answers.push(resolve)),
    dead,
    now: () => now,
  });
  await pass(5000);
  await pass(5000);
  answers.at(-1)?.();
  await pass(5000);
  await pass(5000);
  expect(dead).not.toHaveBeenCalled();
});

test("after the machine slept the count begins anew", async () => {
  const dead = vi.fn<() => void>();
  stop = startHeartbeat({ ping: silent, dead, now: () => now });
  await pass(5000);
  await pass(5000);
  await pass(5000, 600_000);
  await pass(5000);
  expect(dead).not.toHaveBeenCalled();
});
