import { expect, test } from "vitest";
import {
  fullNameOf,
  importedFile,
  selectRuns,
  type SelectableNode,
} from "../../../src/extension/tests/test-names.ts";
import { stackPlaces } from "../../../src/extension/tests/stack-places.ts";

const root = "/projects/shop";

function node(
  kind: SelectableNode["kind"],
  file: string,
  fullName: string,
  ...children: SelectableNode[]
): SelectableNode {
  return { id: `${file}:${kind}:${fullName}`, kind, root, file, fullName, children };
}
const adds = node("test", "/a.test.js", "cart > adds");
const removes = node("test", "/a.test.js", "cart > removes");
const cart = node("suite", "/a.test.js", "cart", adds, removes);
const a = node("file", "/a.test.js", "", cart);
const b = node("file", "/b.test.js", "", node("test", "/b.test.js", "shows"));
const folder = node("folder", "", "", a, b);
const none = new Set<string>();

test("whole files run together, without names", () => {
  expect(selectRuns([folder], none)).toEqual([{ root, files: ["/a.test.js", "/b.test.js"] }]);
  expect(selectRuns([adds, a], none)).toEqual([{ root, files: ["/a.test.js"] }]);
});

test("a part of a file runs by itself, by the names of its tests", () => {
  expect(selectRuns([adds, b], none)).toEqual([
    { root, files: ["/b.test.js"] },
    { root, files: ["/a.test.js"], names: ["cart > adds"] },
  ]);
  expect(selectRuns([cart, adds], none)).toEqual([
    { root, files: ["/a.test.js"], names: ["cart > adds", "cart > removes"] },
  ]);
});

test("what is excluded does not run", () => {
  expect(selectRuns([folder], new Set([removes.id, b.id]))).toEqual([
    { root, files: ["/a.test.js"], names: ["cart > adds"] },
  ]);
  expect(selectRuns([a], new Set([cart.id]))).toEqual([]);
});

test("a suite whose tests no scan can name means its whole file", () => {
  const dynamic = node("suite", "/c.test.js", "made at run time");
  expect(selectRuns([dynamic], none)).toEqual([{ root, files: ["/c.test.js"] }]);
});

test("an outcome names its test with its suites, or the file that could not be imported", () => {
  const outcome = { status: "fail", duration: 0, error: null } as const;
  expect(fullNameOf({ suite: "cart > total", name: "sums" })).toBe("cart > total > sums");
  expect(fullNameOf({ suite: null, name: "sums" })).toBe("sums");
  expect(importedFile({ ...outcome, suite: null, name: "Import: src/a.test.js" })).toBe(
    "/src/a.test.js",
  );
  expect(importedFile({ ...outcome, suite: "x", name: "Import: a" })).toBeUndefined();
});

test("frames of a stack lead to files, wherever they were served from", () => {
  const stack = `AssertionError: Values not strictly equal
    at equal (http://127.0.0.1:15173/-daebug-node:assert.js:9:11)
    at Object.add (http://127.0.0.1:15173/src/cart%20one.js?t=17:3:7)
    at async a.test.js:5:30
    at /projects/shop/src/b.ts:1:2
    at file:///projects/shop/src/c.ts:8:9
    at http://127.0.0.1:15173/@fs/projects/lib/d.ts:4:4
    at Array.map (<anonymous>)
    at new Promise (<anonymous>:1:1)
    at eval (vitrine://x/y:1:1)
    at http://[broken:1:1
run@http://127.0.0.1:15173/src/e.js:6:1`;
  expect(
    stackPlaces(stack, root).map(({ label, file, line, column }) => [label, file, line, column]),
  ).toEqual([
    ["Object.add", "/projects/shop/src/cart one.js", 3, 7],
    ["", "/projects/shop/a.test.js", 5, 30],
    ["", "/projects/shop/src/b.ts", 1, 2],
    ["", "/projects/shop/src/c.ts", 8, 9],
    ["", "/projects/lib/d.ts", 4, 4],
    ["run", "/projects/shop/src/e.js", 6, 1],
  ]);
});
