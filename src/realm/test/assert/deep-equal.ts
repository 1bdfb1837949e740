/**
 * Deep comparison as `node:assert` makes it. `loose` compares leaves with `==` and ignores prototypes; `partial` is strict,
 * but the actual value may have more.
 */
import { sameMaps, sameSets, occursInOrder } from "./deep-collections.ts";

export type DeepMode = "strict" | "loose" | "partial";

/** A comparison in progress. */
export interface Comparison {
  readonly mode: DeepMode;
  /** The pairs that contain the one being compared. */
  readonly open: { readonly actuals: object[]; readonly expecteds: object[] };
  same(actual: unknown, expected: unknown): boolean;
}

export function isDeepEqual(actual: unknown, expected: unknown, mode: DeepMode): boolean {
  const comparison: Comparison = {
    mode,
    open: { actuals: [], expecteds: [] },
    same: (one, other) => sameValues(one, other, comparison),
  };
  return comparison.same(actual, expected);
}

function sameValues(actual: unknown, expected: unknown, comparison: Comparison): boolean {
  const isLoose = comparison.mode === "loose";
  if (!isObject(actual) || !isObject(expected)) {
    if (Object.is(actual, expected)) return true;
    // oxlint-disable-next-line eqeqeq -- this is what loose means
    return isLoose && !isObject(actual) && !isObject(expected) && actual == expected;
  }
  if (actual === expected) return true;
  if (typeof actual === "function" || typeof expected === "function") return false;
  if (!isLoose && Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return false;
  if (tagOf(actual) !== tagOf(expected)) return false;

  const { actuals, expecteds } = comparison.open;
  const [at, other] = [actuals.lastIndexOf(actual), expecteds.lastIndexOf(expected)];
  // A cycle in one must be a cycle over as many steps in the other.
  if (at >= 0 || other >= 0) return at === other;
  actuals.push(actual);
  expecteds.push(expected);
  try {
    return sameContents(actual, expected, comparison);
  } finally {
    actuals.pop();
    expecteds.pop();
  }
}

function sameContents(actual: object, expected: object, comparison: Comparison): boolean {
  if (!sameInside(actual, expected, comparison)) return false;
  if (isError(actual) && isError(expected) && !sameErrors(actual, expected, comparison))
    return false;
  // Both are lists of equal length or neither is; then every index is a key like any other.
  if (Array.isArray(actual) && Array.isArray(expected)) {
    if (comparison.mode === "partial") return occursInOrder(actual, expected, comparison);
    if (actual.length !== expected.length) return false;
  }
  if (ArrayBuffer.isView(actual)) return true;
  return sameKeys(actual, expected, comparison);
}

/** What is inside beside the keys: of dates, expressions, wrapped values, collections, bytes. */
function sameInside(actual: object, expected: object, comparison: Comparison): boolean {
  switch (tagOf(actual)) {
    case "[object Date]":
      return Object.is((actual as Date).getTime(), (expected as Date).getTime());
    case "[object RegExp]": {
      const [one, other] = [actual as RegExp, expected as RegExp];
      return String(one) === String(other) && one.lastIndex === other.lastIndex;
    }
    case "[object Number]":
    case "[object String]":
    case "[object Boolean]":
    case "[object BigInt]":
    case "[object Symbol]":
      return Object.is(valueOf(actual), valueOf(expected));
    case "[object Map]":
      return sameMaps(
        actual as Map<unknown, unknown>,
        expected as Map<unknown, unknown>,
        comparison,
      );
    case "[object Set]":
      return sameSets(actual as Set<unknown>, expected as Set<unknown>, comparison);
    case "[object WeakMap]":
    case "[object WeakSet]":
    case "[object Promise]":
      // Nobody can look inside, and they are not one and the same.
      return false;
    default:
      return sameBytes(actual, expected, comparison.mode);
  }
}

function sameBytes(actual: object, expected: object, mode: DeepMode): boolean {
  const [one, other] = [bytesOf(actual), bytesOf(expected)];
  if (one === undefined || other === undefined) return one === other;
  // As Node compares them: strictly a NaN is a NaN and 0 is not -0, loosely the other way round.
  const same = mode === "loose" ? (a: unknown, b: unknown) => a === b : Object.is;
  const fits = mode === "partial" ? other.length <= one.length : other.length === one.length;
  return fits && Array.prototype.every.call(other, (item, index) => same(one[index], item));
}

function bytesOf(value: object): ArrayLike<unknown> | undefined {
  if (value instanceof DataView)
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (ArrayBuffer.isView(value)) return value as unknown as ArrayLike<unknown>;
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

/** None of these are enumerable keys. */
function sameErrors(actual: Error, expected: Error, comparison: Comparison): boolean {
  const hidden = ["cause", "errors"].filter(
    (key) => comparison.mode !== "partial" || Object.hasOwn(expected, key),
  );
  return (
    actual.name === expected.name &&
    actual.message === expected.message &&
    hidden.every((key) => comparison.same(Reflect.get(actual, key), Reflect.get(expected, key)))
  );
}

function sameKeys(actual: object, expected: object, comparison: Comparison): boolean {
  const wanted = keysOf(expected, comparison.mode);
  if (comparison.mode !== "partial" && keysOf(actual, comparison.mode).length !== wanted.length)
    return false;
  return wanted.every(
    (key) =>
      Object.prototype.propertyIsEnumerable.call(actual, key) &&
      comparison.same(Reflect.get(actual, key), Reflect.get(expected, key)),
  );
}

function keysOf(value: object, mode: DeepMode): readonly PropertyKey[] {
  if (mode === "loose") return Object.keys(value);
  const symbols = Object.getOwnPropertySymbols(value);
  return [
    ...Object.keys(value),
    ...symbols.filter((key) => Object.prototype.propertyIsEnumerable.call(value, key)),
  ];
}

function isObject(value: unknown): value is object {
  return Object(value) === value;
}

function isError(value: object): value is Error {
  return value instanceof Error || tagOf(value) === "[object Error]";
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function valueOf(wrapped: object): unknown {
  return (wrapped as { valueOf(): unknown }).valueOf();
}
