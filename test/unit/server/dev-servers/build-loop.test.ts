/** When builds happen: debounce, single flight, slots (dev-servers 4.2). */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BuildLoop } from "../../../../src/server/dev-servers/builds/build-loop.ts";
import { createSlots, type Slots } from "../../../../src/server/slots.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Bench {
  readonly loop: BuildLoop<string>;
  /** What happened, in order. */
  readonly seen: string[];
  /** Ends the build that runs. */
  finish(): Promise<void>;
}

function bench(slots: Slots = createSlots(() => 2), mode: "queue" | "cancel" = "queue"): Bench {
  const seen: string[] = [];
  let end = (): void => {};
  let count = 0;
  const loop = new BuildLoop<string>({
    debounceMs: 500,
    onChangeDuringBuild: mode,
    slots,
    build: (signal) =>
      new Promise((resolve) => {
        const name = `build ${++count}`;
        seen.push(name);
        end = () => resolve(name);
        signal.addEventListener("abort", () => {
          seen.push(`${name} aborted`);
          resolve(undefined);
        });
      }),
    apply: async (outcome) => void seen.push(`${outcome} applied`),
    failed: (error) => void seen.push(String(error)),
  });
  const finish = async (): Promise<void> => {
    end();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { loop, seen, finish };
}
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test("6: changes build once, 500 ms after the last of them", async () => {
  const { loop, seen } = bench();
  for (let change = 0; change < 5; change++) {
    loop.changed();
    await pass(100);
  }
  expect(seen).toEqual([]);
  await pass(399);
  expect(seen).toEqual([]);
  await pass(1);
  expect(seen).toEqual(["build 1"]);
});

test("6: changes during a build make exactly one more, also when they still come as it ends", async () => {
  const { loop, seen, finish } = bench();
  loop.request();
  await pass(0);
  for (let change = 0; change < 3; change++) {
    loop.changed();
    await pass(600);
  }
  loop.changed();
  await finish();
  expect(seen).toEqual(["build 1", "build 1 applied"]);
  await pass(500);
  await finish();
  await pass(5000);
  expect(seen).toEqual(["build 1", "build 1 applied", "build 2", "build 2 applied"]);
});

test("a change during a build aborts it where that is configured, and builds again", async () => {
  const { loop, seen, finish } = bench(undefined, "cancel");
  loop.request();
  await pass(0);
  loop.changed();
  await pass(500);
  expect(seen).toEqual(["build 1", "build 1 aborted", "build 2"]);
  await finish();
  expect(seen.at(-1)).toBe("build 2 applied");
});

test("two of three projects build at once, and the third when one is done", async () => {
  const slots = createSlots(() => 2);
  const [one, two, three] = [bench(slots), bench(slots), bench(slots)];
  for (const { loop } of [one, two, three]) loop.request();
  await pass(0);
  expect([one, two, three].map(({ seen }) => seen.length)).toEqual([1, 1, 0]);
  // What changes while it waits is in the build that it waits for.
  three.loop.changed();
  await pass(600);
  await one.finish();
  expect(three.seen).toEqual(["build 1"]);
  await three.finish();
  await two.finish();
  expect(three.seen).toEqual(["build 1", "build 1 applied"]);
});

test("a project that is stopped while it waits gives its turn away", async () => {
  const slots = createSlots(() => 1);
  const [one, two, three] = [bench(slots), bench(slots), bench(slots)];
  for (const { loop } of [one, two, three]) loop.request();
  await pass(0);
  await two.loop.stop();
  await one.finish();
  expect([one, two, three].map(({ seen }) => seen[0])).toEqual(["build 1", undefined, "build 1"]);
});

test("8: nothing begins after stop, neither from the timer nor from a request", async () => {
  const { loop, seen } = bench();
  loop.changed();
  await pass(499);
  await loop.stop();
  loop.changed();
  loop.request();
  await pass(5000);
  expect(seen).toEqual([]);
});

test("an error that nobody expects ends the build and not the loop", async () => {
  const seen: string[] = [];
  const loop = new BuildLoop<string>({
    debounceMs: 1,
    onChangeDuringBuild: "queue",
    slots: createSlots(() => 1),
    build: () => Promise.reject(new Error("odd")),
    apply: () => Promise.resolve(),
    failed: (error) => void seen.push(String(error)),
  });
  loop.request();
  await pass(0);
  loop.request();
  await pass(0);
  expect(seen).toEqual(["Error: odd", "Error: odd"]);
});
