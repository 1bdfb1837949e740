/** Our assertions against Node's own, which are the standard for what passes and what does not. */
import * as nodeAssert from "node:assert";
import { afterEach, describe, expect, test } from "vitest";
import assert, * as named from "../../../../src/realm/test/node-assert.ts";

const cycle = (): unknown => {
  const value: Record<string, unknown> = { a: 1 };
  value["self"] = value;
  return value;
};
class Point {
  x = 1;
}
const date = new Date(0);
const withSymbol = { [Symbol.for("s")]: 1 };
const shared = { o: 1 };

/** Values that are compared each with each, in both directions. */
const values: readonly unknown[] = [
  undefined,
  null,
  0,
  -0,
  1,
  "1",
  "",
  true,
  Number.NaN,
  1n,
  Symbol.for("a"),
  {},
  [],
  [1],
  [1, 2],
  ["1"],
  [1, undefined],
  Object.assign([1], { 2: 3 }),
  [1, undefined, 3],
  { 0: 1 },
  { a: 1 },
  { a: "1" },
  { a: 1, b: 2 },
  { a: undefined },
  { b: undefined },
  { a: { b: [1, { c: 2 }] } },
  { a: { b: [1, { c: 3 }] } },
  new Point(),
  { x: 1 },
  Object.create(null),
  Object.assign(Object.create(null), { a: 1 }),
  withSymbol,
  { [Symbol.for("s")]: 1 },
  date,
  new Date(0),
  new Date(1),
  new Date(Number.NaN),
  Object.assign(new Date(0), { a: 1 }),
  /a/g,
  /a/g,
  /a/i,
  new Map([[1, 2]]),
  new Map([[1, 3]]),
  new Map([[{ k: 1 }, { v: 1 }]]),
  new Map([[{ k: 1 }, { v: 1 }]]),
  new Map([[{ k: 1 }, { v: 2 }]]),
  new Map<unknown, unknown>([["1", 2]]),
  new Map<unknown, unknown>([
    [shared, 1],
    [{ o: 2 }, 2],
  ]),
  new Map<unknown, unknown>([
    [shared, 1],
    [{ o: 1 }, 1],
  ]),
  new Set([1]),
  new Set(["1"]),
  new Set([{ a: 1 }]),
  new Set([{ a: 1 }]),
  new Set([{ a: 1 }, { a: 2 }]),
  new Set([{ a: 2 }, { a: 1 }]),
  new Set(),
  new Map(),
  new Set([1, 2]),
  new Uint8Array([1, 2]),
  new Uint8Array([1, 2]),
  new Uint8Array([1, 3]),
  new Int8Array([1, 2]),
  new Float32Array([Number.NaN, 0]),
  new Float32Array([Number.NaN, -0]),
  new Float32Array([Number.NaN, 0]),
  new Uint8Array([1, 2]).buffer,
  new Uint8Array([1, 2]).buffer,
  new Uint8Array([2]).buffer,
  new DataView(new ArrayBuffer(2)),
  new DataView(new ArrayBuffer(2)),
  new Error("a"),
  new Error("a"),
  new Error("b"),
  new TypeError("a"),
  new Error("a", { cause: 1 }),
  Object.assign(new Error("a"), { code: 1 }),
  new AggregateError([1], "a"),
  new AggregateError([2], "a"),
  Object(1),
  Object(1),
  Object(2),
  Object("a"),
  Object("b"),
  Object(true),
  cycle(),
  cycle(),
  { a: 1, self: cycle() },
  () => 1,
  Math.max,
  new WeakMap(),
  new WeakSet(),
  Promise.resolve(1),
  [[1, 2], [3]],
  [[3], [1, 2]],
];

const operators = [
  "equal",
  "strictEqual",
  "deepEqual",
  "deepStrictEqual",
  "notEqual",
  "notStrictEqual",
  "notDeepEqual",
  "notDeepStrictEqual",
] as const;

const { stackTraceLimit } = Error;
afterEach(() => void (Error.stackTraceLimit = stackTraceLimit));

/** With a message of its own and no stack, because the words for a difference and its place are the slow part. */
function passes(
  compare: (one: unknown, other: unknown, message: string) => void,
  one: unknown,
  other: unknown,
): boolean {
  try {
    compare(one, other, "-");
    return true;
  } catch (error) {
    if (!/AssertionError/.test((error as Error).name)) throw error;
    return false;
  }
}

test.for(operators)("%s agrees with Node's about every pair of values", (operator) => {
  Error.stackTraceLimit = 0;
  const differ: unknown[] = [];
  for (const [index, one] of values.entries())
    for (const [at, other] of values.entries()) {
      const [ours, nodes] = [assert[operator], nodeAssert[operator]].map((compare) => {
        try {
          return passes(compare, one, other);
        } catch (error) {
          return String(error);
        }
      });
      // Node's own comparison breaks on a view beside a buffer.
      if (typeof nodes === "boolean" && ours !== nodes)
        differ.push(`${index} ${at}: ${String(ours)}, not ${String(nodes)}`);
    }
  expect(differ).toEqual([]);
});

describe("partial comparison", () => {
  test.for<[unknown, unknown]>([
    [
      [1, 2, 3],
      [1, 3],
    ],
    [
      [1, 2, 3],
      [3, 1],
    ],
    [
      [1, 2],
      [1, 2, 3],
    ],
    [[{ a: 1, b: 2 }], [{ a: 1 }]],
    [{ a: { b: 1, c: 2 }, d: 3 }, { a: { b: 1 } }],
    [new Set([1, 2]), new Set([2])],
    [new Map([["a", { x: 1, y: 2 }]]), new Map([["a", { x: 1 }]])],
    [{ a: 1 }, {}],
    [[], []],
    [[1], []],
    [new Error("a", { cause: 1 }), new Error("a")],
    [new Error("a"), new Error("a", { cause: 1 })],
    [cycle(), { a: 1 }],
    [{ a: 1 }, cycle()],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    [new Date(0), new Date(1)],
  ])("%j contains %j as Node says", ([one, other]) => {
    expect(passes(assert.partialDeepStrictEqual, one, other)).toBe(
      passes(nodeAssert.partialDeepStrictEqual, one, other),
    );
  });
});

const thrower = (error: unknown) => () => {
  throw error;
};
const boom = Object.assign(new TypeError("boom at 3"), { code: "E_BOOM" });

test.for<[name: string, expectation: unknown]>([
  ["nothing", undefined],
  ["its class", TypeError],
  ["a class above", Error],
  ["another class", RangeError],
  ["its text", /^TypeError: boom/],
  ["another text", /bang/],
  ["properties", { name: "TypeError", message: "boom at 3" }],
  ["an expression as property", { message: /at \d/, code: "E_BOOM" }],
  ["another property", { code: "E_BANG" }],
  ["a missing property", { nothing: undefined }],
  ["a predicate", (error: Error) => error.message === "boom at 3"],
  ["a predicate that is not true", () => 1],
  ["an error", new TypeError("boom at 3")],
  ["another error", new TypeError("bang")],
])("throws, rejects and doesNotThrow take %s as Node does", async ([, expectation]) => {
  const outcome = async (block: () => unknown): Promise<string> => {
    try {
      await block();
      return "passed";
    } catch (error) {
      return (error as Error).name;
    }
  };
  for (const name of ["throws", "rejects"] as const) {
    const block =
      name === "throws"
        ? thrower(boom)
        : async () => {
            throw boom;
          };
    const [ours, nodes] = [assert, nodeAssert].map(({ [name]: check }) =>
      outcome(() => (check as (...args: unknown[]) => unknown)(block, expectation)),
    );
    expect(await ours, name).toBe(await nodes);
  }
  if (typeof expectation === "object" && !(expectation instanceof RegExp)) return;
  const ours = await outcome(() => assert.doesNotThrow(thrower(boom), expectation));
  expect(ours).toBe(
    await outcome(() => nodeAssert.doesNotThrow(thrower(boom), expectation as never)),
  );
});

test("what does not throw, is no promise or throws too early is told", async () => {
  expect(() => assert.throws(() => {})).toThrow(/Missing expected exception\./);
  expect(() => assert.throws(() => {}, TypeError)).toThrow(
    /Missing expected exception \(TypeError\)/,
  );
  expect(() => assert.throws(() => {}, "why")).toThrow("Missing expected exception: why");
  expect(() => assert.throws(1 as never)).toThrow(TypeError);
  expect(() => assert.throws(thrower(boom), RangeError, "why")).toThrow("why");
  expect(() => assert.throws(thrower(boom), RangeError, boom)).toThrow(boom);
  expect(() => assert.doesNotThrow(thrower(boom), TypeError, "why")).toThrow(
    /unwanted exception: why/,
  );
  await expect(assert.rejects(Promise.resolve())).rejects.toThrow(/Missing expected rejection/);
  await expect(assert.rejects(() => 1)).rejects.toThrow(/promise/);
  await expect(assert.rejects(thrower(boom) as never)).rejects.toBe(boom);
  await expect(assert.doesNotReject(Promise.reject(boom))).rejects.toThrow(/unwanted rejection/);
  await assert.doesNotReject(async () => 1);
  await assert.rejects(Promise.reject(boom), { code: "E_BOOM" });
});

test("truth, texts, failures and errors", () => {
  assert(1);
  assert.ok("a");
  expect(() => assert(0)).toThrow(/truthy value, and got 0/);
  expect(() => assert.ok()).toThrow(/No value/);
  expect(() => assert.ok(0, "why")).toThrow("why");
  expect(() => assert.ok(0, boom)).toThrow(boom);
  expect(() => assert.fail()).toThrow("Failed");
  expect(() => assert.fail("why")).toThrow("why");
  expect(() => assert.fail(boom)).toThrow(boom);
  assert.match("abc", /b/);
  const sticky = /boom/g;
  for (const _ of [1, 2]) assert.throws(thrower(boom), sticky);
  assert.doesNotMatch("abc", /x/);
  expect(() => assert.match("abc", /x/)).toThrow(/"?abc"? does not match \/x\//);
  expect(() => assert.doesNotMatch("abc", /b/)).toThrow(/matches/);
  expect(() => assert.match(1, /1/)).toThrow(/does not match/);
  expect(() => assert.match("a", "a" as never)).toThrow(TypeError);
  assert.ifError(null);
  assert.ifError(undefined);
  expect(() => assert.ifError(boom)).toThrow(/unwanted exception: TypeError: boom/);
});

test("the exports are those of Node, and the strict form is strict", () => {
  expect(assert.ok).toBe(assert);
  expect(named.ok).toBe(assert);
  expect(Object.keys(named).filter((name) => name !== "default" && !(name in assert))).toEqual([]);
  expect(() => assert.equal(1, "1")).not.toThrow();
  expect(() => assert.strict.equal(1, "1")).toThrow(assert.AssertionError);
  expect(() => assert.strict.deepEqual([1], ["1"])).toThrow(assert.AssertionError);
  expect(assert.strict.strict).toBe(assert.strict);
  assert.strict(1);
});

test("an AssertionError has Node's fields, and a stack that begins with the caller", () => {
  const error = (() => {
    try {
      assert.strictEqual(1, 2);
    } catch (caught) {
      return caught as InstanceType<typeof assert.AssertionError>;
    }
    throw new Error("it passed");
  })();
  expect(error).toMatchObject({
    name: "AssertionError",
    code: "ERR_ASSERTION",
    actual: 1,
    expected: 2,
    operator: "strictEqual",
    generatedMessage: true,
  });
  expect(error).toBeInstanceOf(Error);
  expect(error.message).toBe("Expected values to be strictly equal:\n\n1 === 2\n");
  expect(error.stack).toMatch(
    /^AssertionError: Expected values to be strictly equal:\n\n1 === 2\n\n\s+at .*assert\.test\.ts/,
  );
  const own = new assert.AssertionError({ message: "m", actual: 1 });
  expect([own.message, own.generatedMessage]).toEqual(["m", false]);
});

test("large values are shown by the lines in which they differ", () => {
  const list = (last: number): object => ({
    items: Array.from({ length: 20 }, (_, n) => ({ n: n === 15 ? last : n })),
  });
  expect(() => assert.deepStrictEqual(list(1), list(2))).toThrow(
    /strictly deep-equal:\n\+ actual - expected\n\n {2}…\n[^]*\n\+ +"n": 1\n- +"n": 2\n/,
  );
  expect(() => assert.deepEqual(new Point(), { x: 2 })).toThrow(/loosely deep-equal/);
  expect(() => assert.deepStrictEqual(new Point(), { x: 1 })).toThrow(/strictly deep-equal/);
  expect(() => assert.notDeepEqual([1], [1])).toThrow(/not to be loosely deep-equal:\n\n\[1\]/);
  expect(() => assert.strictEqual("a".repeat(200), "b")).toThrow(/\+ "a+"\n- "b"/);
  expect(() =>
    assert.deepStrictEqual(
      Array.from({ length: 90 }, (_, n) => `${n}`),
      ["x"],
    ),
  ).toThrow(/\+ … \d+ more lines/);
});
