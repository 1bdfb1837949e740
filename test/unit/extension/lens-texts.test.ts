import { expect, test } from "vitest";
import { duration, lensesOf, runOf, type LensBlock } from "../../../src/extension/lens-texts.ts";
import type { Translate } from "../../../src/extension/tree-texts.ts";
import type { Run } from "../../../src/protocol/model.ts";

const t: Translate = (text, ...values) =>
  text.replace(/\{(\d)\}/g, (_whole, index: string) => String(values[Number(index)]));
const moment = { now: 10_500, clock: () => "10:15", t };
const block: LensBlock = { index: 0, hash: "9f2c41d0", stored: [] };
const stored = {
  realm: "page",
  state: "ok",
  ms: 4,
  at: "2026-11-20T10:15:02Z",
  code: "9f2c41d0",
} as const;

function run(change: Partial<Run> = {}): Run {
  return {
    id: "1",
    file: "/a.md",
    block: 0,
    code: "9f2c41d0",
    realm: "page",
    realmKind: "page",
    state: "ok",
    startedAt: 7000,
    ms: 4,
    summary: "1299",
    problems: [],
    ...change,
  };
}
const titles = (shown: LensBlock, last?: Run): string =>
  lensesOf(shown, last, moment)
    .map(({ title }) => title)
    .join(" · ");

test("an idle block offers to run, and all above it from the second block on", () => {
  expect(titles(block)).toBe("▷ Run · Run in…");
  expect(titles({ ...block, index: 1 })).toBe("▷ Run · Run in… · Run all above");
});

test("a running block counts its seconds and can be stopped", () => {
  expect(titles(block, run({ state: "running", ms: 0 }))).toBe("◌ Running 3 s · Stop");
  expect(lensesOf(block, run({ state: "running" }), moment)[1]).toEqual({
    title: "Stop",
    action: "stop",
    run: "1",
  });
});

test("a finished block says where, how long and when", () => {
  expect(titles(block, run())).toBe("✓ page · 4 ms · 10:15 · Run · Run in…");
});

test("a failed block says the name of its error, briefly", () => {
  expect(titles(block, run({ state: "error", summary: "TypeError: x is not a function" }))).toBe(
    "✗ TypeError · Run · Run in…",
  );
  expect(
    lensesOf(block, run({ state: "error", summary: "x".repeat(99) }), moment)[0]?.title,
  ).toHaveLength(42);
  expect(titles(block, run({ state: "timeout", ms: 60_000 }))).toBe(
    "✗ no end after 60.0 s · Run · Run in…",
  );
  expect(titles(block, run({ state: "cancelled" }))).toBe("✗ stopped · Run · Run in…");
});

test("a result that stands in the document speaks for a block that was not run in this window", () => {
  expect(titles({ ...block, stored: [stored] })).toBe("✓ page · 4 ms · 10:15 · Run · Run in…");
  expect(titles({ ...block, stored: [{ ...stored, state: "error" }] })).toBe(
    "✗ error · Run · Run in…",
  );
  expect(titles({ ...block, stored: [{ ...stored, at: "yesterday" }] })).toBe(
    "✓ page · 4 ms · Run · Run in…",
  );
});

test("a result of other code is stale", () => {
  expect(titles({ ...block, stored: [{ ...stored, code: "00000000" }] })).toBe(
    "◔ stale (block changed) · Run · Run in…",
  );
});

test("a block shows its own last run, found by its code after it moved", () => {
  const moved = { ...block, index: 2 };
  expect(runOf(moved, [run()], ["11111111", "22222222", "9f2c41d0"])?.id).toBe("1");
  expect(runOf({ ...block, hash: "changed" }, [run()], ["changed"])).toBeUndefined();
});

test("of two blocks with the same code each shows its own run", () => {
  const twice = ["9f2c41d0", "9f2c41d0"];
  expect(runOf({ ...block, index: 1 }, [run()], twice)).toBeUndefined();
  expect(runOf(block, [run()], twice)?.id).toBe("1");
});

test("of several realms a running one is shown, then a failed one, then the last", () => {
  const page = run({ id: "page" });
  const node = run({ id: "node", realm: "node", state: "error" });
  const worker = run({ id: "worker", realm: "worker", state: "running" });
  expect(runOf(block, [worker, node, page], ["9f2c41d0"])?.id).toBe("worker");
  expect(runOf(block, [node, page], ["9f2c41d0"])?.id).toBe("node");
});

test("durations are milliseconds below a second and seconds above", () => {
  expect([0.4, 999, 1000, 61_234].map(duration)).toEqual(["0 ms", "999 ms", "1.0 s", "61.2 s"]);
});
