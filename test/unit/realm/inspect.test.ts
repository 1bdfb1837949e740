import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { inspectLine, inspectValue } from "../../../src/realm/inspect.ts";

function textOf(value: unknown): string {
  const inspected = inspectValue(value);
  return inspected.kind === "json" ? inspected.text : "undefined";
}

function jsonOf(value: unknown): unknown {
  return JSON.parse(textOf(value));
}

function total(): void {}

class Cart {
  #items = 0;
  add(): number {
    return (this.#items += 1);
  }
}

test("undefined is told apart from null", () => {
  expect(inspectValue(undefined)).toEqual({ kind: "undefined" });
  expect(inspectValue(null)).toEqual({ kind: "json", text: "null", missing: 0 });
});

test("plain data is JSON with 2-space indent", () => {
  const value = { a: 1, b: [true, null, "x"], c: {}, d: [] };
  expect(textOf(value)).toBe(JSON.stringify(value, undefined, 2));
});

test("a list of numbers stays on one line while it fits and is wrapped after that", () => {
  expect(textOf([1, 2, -0])).toBe("[1, 2, -0]");
  const long = textOf(Array.from({ length: 100 }, (_, index) => index));
  expect(long.split("\n").every((line) => line.length <= 103)).toBe(true);
  expect(JSON.parse(long)).toHaveLength(100);
});

test("what JSON does not know is named in brackets", () => {
  const value = {
    undefined: undefined,
    nan: Number.NaN,
    infinity: -Infinity,
    big: 123n,
    symbol: Symbol("s"),
    named: total,
    class: Cart,
    instance: new Cart(),
    promise: Promise.resolve(),
    expression: /a+/g,
    date: new Date(0),
    invalid: new Date(Number.NaN),
    buffer: new ArrayBuffer(8),
    boxed: Object("text"),
  };
  expect(jsonOf(value)).toEqual({
    undefined: "[undefined]",
    nan: "NaN",
    infinity: "-Infinity",
    big: "123n",
    symbol: "Symbol(s)",
    named: "[Function total]",
    class: "[class Cart]",
    instance: "[Cart]",
    promise: "[Promise]",
    expression: "/a+/g",
    date: "1970-01-01T00:00:00.000Z",
    invalid: "Invalid Date",
    buffer: "[ArrayBuffer 8 bytes]",
    boxed: "text",
  });
});

test("collections and typed arrays show their content", () => {
  const value = {
    map: new Map([["a", { b: 1 }]]),
    set: new Set([1, "x"]),
    bytes: new Uint8Array([1, 2]),
    big: new BigInt64Array([5n]),
  };
  expect(jsonOf(value)).toEqual({
    map: { "[Map]": [["a", { b: 1 }]] },
    set: { "[Set]": [1, "x"] },
    bytes: { "[Uint8Array]": [1, 2] },
    big: { "[BigInt64Array]": ["5n"] },
  });
});

test("errors show their name, their message and what they carry, also from another context", () => {
  const error = Object.assign(new TypeError("no", { cause: new Error("why") }), { code: "E1" });
  expect(jsonOf([new RangeError("far"), error, runInNewContext("new SyntaxError('odd')")])).toEqual(
    [
      "[RangeError: far]",
      { "[Error]": "TypeError: no", code: "E1", cause: "[Error: why]" },
      "[SyntaxError: odd]",
    ],
  );
});

test("a cycle is marked and a value that merely occurs twice is shown twice", () => {
  const shared = { x: 1 };
  const value: Record<string, unknown> = { one: shared, two: shared };
  value["self"] = value;
  expect(jsonOf(value)).toEqual({ one: { x: 1 }, two: { x: 1 }, self: "[Circular]" });
});

test("toJSON is respected and called once", () => {
  let calls = 0;
  const value = { secret: 1, toJSON: () => ((calls += 1), { shown: 2 }) };
  expect(jsonOf({ value, url: new URL("http://127.0.0.1/x") })).toEqual({
    value: { shown: 2 },
    url: "http://127.0.0.1/x",
  });
  expect(calls).toBe(1);
});

test("a getter runs once, and one that throws spoils only its own place", () => {
  let calls = 0;
  const value = {
    get once() {
      calls += 1;
      return calls;
    },
    get bad(): number {
      throw new Error("not now");
    },
  };
  expect(jsonOf(value)).toEqual({ once: 1, bad: "[Throws not now]" });
});

test("a proxy that throws on every question is named, not thrown", () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error("no");
      },
      getPrototypeOf() {
        throw new Error("no");
      },
      has() {
        throw new Error("no");
      },
      ownKeys() {
        throw new Error("no");
      },
    },
  );
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const value of [hostile, proxy]) {
    expect(jsonOf({ value })).toEqual({ value: expect.stringMatching(/^\[Throws /) });
    expect(inspectLine(value)).toMatch(/^\[Throws /);
  }
});

test("lists, sparse lists and objects over the limit end with the count of what is left out", () => {
  expect(jsonOf(Array.from({ length: 1999 }, () => "x"))).toHaveLength(1001);
  expect((jsonOf(Array.from({ length: 1999 }, () => "x")) as string[]).at(-1)).toBe("… 999 more");
  // oxlint-disable-next-line no-sparse-arrays
  expect(jsonOf([1, , , 4])).toEqual([1, "[2 empty]", 4]);
  expect(
    (jsonOf(Object.assign([], { length: 4_000_000_000 })) as string[]).length,
  ).toBeLessThanOrEqual(1001);
  const wide = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`k${index}`, index]));
  expect(jsonOf(wide)).toMatchObject({ k999: 999, "…": "500 more" });
});

test("nesting over the limit names the container", () => {
  let value: unknown = "end";
  for (let level = 0; level < 100; level += 1) value = { value };
  expect(textOf(value)).toContain('"[Object]"');
});

test("a string over the limit is cut to JSON that fits and the missing characters are counted", () => {
  const value = `"${"é\n".repeat(200_000)}`;
  const inspected = inspectValue(value);
  if (inspected.kind !== "json") throw new Error("a string has a text");
  expect(inspected.text.length).toBeLessThanOrEqual(256 * 1024);
  const kept = JSON.parse(inspected.text) as string;
  expect(value.startsWith(kept)).toBe(true);
  expect(kept.length + inspected.missing).toBe(value.length);
});

test("a graph that grows without end stays within the limit and within a second", () => {
  interface Node {
    readonly left: Node;
    readonly right: Node;
    readonly text: string;
  }
  const text = "y".repeat(10_000_000);
  const grow = (): Node => ({
    get left() {
      return grow();
    },
    get right() {
      return grow();
    },
    text,
  });
  const many = Array.from({ length: 1e6 }, () => ({ text }));
  const begin = performance.now();
  const inspected = inspectValue([grow(), many]);
  expect(performance.now() - begin).toBeLessThan(1000);
  expect(inspected.kind === "json" && inspected.text.length).toBeLessThanOrEqual(256 * 1024);
});

test("a console shows strings bare and short objects on one line", () => {
  expect(inspectLine("a b")).toBe("a b");
  expect(inspectLine({ a: [1, "x"], b: {} })).toBe('{ "a": [1, "x"], "b": {} }');
  expect(inspectLine(undefined)).toBe("undefined");
  expect(inspectLine(-0)).toBe("-0");
  expect(inspectLine("z".repeat(20_000))).toMatch(/^z{16384}… 3616 more characters$/);
});
