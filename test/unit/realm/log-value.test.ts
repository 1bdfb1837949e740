import { expect, test } from "vitest";
import { logValue } from "../../../src/realm/log-value.ts";

const json = (value: unknown): unknown => {
  const shown = logValue(value, 1e6);
  if (shown.kind !== "json") throw new Error(shown.kind);
  return JSON.parse(shown.text);
};

const note = "not plain JSON";

test("what JSON can say is exactly JSON with two blanks, and a string is bare", () => {
  const samples = [
    null,
    5,
    true,
    [],
    {},
    [Number.NaN, undefined, () => 1, new Date(0)],
    {
      a: undefined,
      b: [{ c: "x" }],
      map: new Map([[1, 2]]),
      f() {},
      d: new Date(0),
      e: new Error(),
    },
    Object.assign(Object.create(null), { toJSON: () => ({ x: 1 }) }),
  ];
  for (const value of samples) {
    const text = JSON.stringify(value, null, 2);
    expect(logValue(value, 1000)).toEqual({ kind: "json", text, missing: 0 });
  }
  expect(logValue('say "hi"\n', 1000)).toEqual({ kind: "text", text: 'say "hi"\n', missing: 0 });
  expect(logValue("", 1000)).toEqual({ kind: "text", text: "", missing: 0 });
});

test("undefined, functions and symbols have no value", () => {
  for (const value of [undefined, () => 1, Symbol("x"), { toJSON: () => undefined }])
    expect(logValue(value, 1000)).toEqual({ kind: "undefined" });
});

test("what is no JSON becomes a copy that is, with a note", () => {
  expect(logValue(10n, 1000)).toEqual({ kind: "json", text: "10n", missing: 0, note });
  const cyclic: Record<string, unknown> = { name: "a", list: [1n], skipped: undefined };
  cyclic["self"] = cyclic;
  expect(logValue(cyclic, 1000)).toMatchObject({ note });
  expect(json(cyclic)).toEqual({ name: "a", list: ["1n"], self: "[Circular]" });
  const shared = { n: 1n };
  expect(json([shared, shared])).toEqual([{ n: "1n" }, { n: "1n" }]);
  const constructor = { HTMLDivElement() {} }.HTMLDivElement;
  const node = Object.assign(Object.create({ constructor }), { nodeType: 1, id: "app" });
  expect(
    json({
      big: 1n,
      map: new Map([[1, 2]]),
      set: new Set([1]),
      error: new TypeError("bad"),
      node,
      date: new Date(0),
      own: { toJSON: () => "mine" },
    }),
  ).toEqual({
    big: "1n",
    map: "[Map of 1]",
    set: "[Set of 1]",
    error: "[TypeError: bad]",
    node: "[HTMLDivElement#app]",
    date: "1970-01-01T00:00:00.000Z",
    own: "mine",
  });
});

test("what throws is named in its place", () => {
  const value = {
    ok: 1,
    get bad(): never {
      throw new Error("no");
    },
  };
  expect(json(value)).toEqual({ ok: 1, bad: "[Throws no]" });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(json([1, proxy])).toEqual([1, expect.stringMatching(/^\[Throws /)]);
});

test("a copy is eight deep and has ten thousand nodes", () => {
  let deep: object = { big: 1n };
  for (let level = 0; level < 20; level++) deep = { deep };
  let levels = 0;
  for (let at = json(deep); typeof at === "object"; at = (at as { deep: unknown }).deep)
    levels += 1;
  expect(levels).toBe(8);
  const wide = json([1n, ...Array.from({ length: 20_000 }, (_, index) => index)]) as unknown[];
  expect(wide.length).toBeLessThanOrEqual(10_001);
  expect(wide.at(-1)).toMatch(/^… \d+ more$/);
  const keys = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 1n]));
  expect(Object.keys(json(keys) as object).length).toBeLessThanOrEqual(10_001);
});

test("text is cut and what is missing is counted", () => {
  expect(logValue("x".repeat(100), 40)).toEqual({
    kind: "text",
    text: "x".repeat(40),
    missing: 60,
  });
  expect(logValue([1, 2, 3], 5)).toEqual({ kind: "json", text: "[\n  1", missing: 12 });
});
