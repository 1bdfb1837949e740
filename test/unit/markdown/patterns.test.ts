import fc from "fast-check";
import { expect, test } from "vitest";
import { patternToRegex } from "../../../src/markdown/patterns.ts";

const rows: readonly (readonly [pattern: string, matches: string[], others: string[]])[] = [
  ["a.test.js", ["a.test.js", "/a.test.js"], ["/b/a.test.js", "/axtest.js", "/a.test.jsx"]],
  ["./a.test.js", ["/a.test.js"], ["/./a.test.js"]],
  ["//b/./a.js", ["/b/a.js"], ["/a.js"]],
  ["b\\a.js", ["/b/a.js"], ["/b\\a.js"]],
  ["*.test.js", ["/a.test.js", "/.test.js", "/ä ö.test.js"], ["/b/a.test.js"]],
  ["**/*.test.js", ["/a.test.js", "/b/a.test.js", "/b/c/.d/a.test.js"], ["/a.js"]],
  ["src/**/a.js", ["/src/a.js", "/src/b/a.js", "/src/b/c/a.js"], ["/a.js", "/srca.js"]],
  ["src/**", ["/src", "/src/", "/src/a.js", "/src/b/a"], ["/srcs/a.js", "/b/src/a.js"]],
  ["**", ["/", "/a", "/a/b"], []],
  ["**/**/a", ["/a", "/b/a"], ["/ab"]],
  [
    "**/node_modules/**",
    ["/node_modules/a", "/b/node_modules/", "/b/node_modules"],
    ["/node_modules2/a"],
  ],
  ["a/**/b/**/c", ["/a/b/c", "/a/x/b/y/z/c", "/a/b/b/c"], ["/a/c", "/a/b", "/b/c"]],
  ["**/b/**/b/**", ["/b/b", "/a/b/c/b/d"], ["/b", "/a/b/bc/d"]],
  ["a**b", ["/ab", "/axxb"], ["/a/b"]],
  ["a*b*c", ["/abc", "/axbxbxc"], ["/acb", "/abcd", "/ab/c"]],
  ["a?.js", ["/ab.js", "/a🎉.js"], ["/a.js", "/a/.js"]],
  ["*?b", ["/ab", "/xxb"], ["/b"]],
  ["[a](b)+c^$|.js", ["/[a](b)+c^$|.js"], ["/a.js", "/[a](b)+c^$|xjs"]],
  ["{a,b}.js", ["/a.js", "/b.js"], ["/{a,b}.js", "/a,b.js"]],
  ["{src,test/{unit,it}}/**/*.{js,mjs}", ["/src/a.js", "/test/it/b/a.mjs"], ["/test/a.js"]],
  ["a{,.test}.js", ["/a.js", "/a.test.js"], ["/b.js"]],
  ["{a}.js", ["/{a}.js"], ["/a.js"]],
  ["{a,b.js", ["/{a,b.js"], ["/a.js"]],
  ["a}b,c{", ["/a}b,c{"], []],
  ["../a.js", [], ["/a.js", "../a.js", "/../a.js"]],
  ["b/../a.js", [], ["/a.js", "/b/../a.js"]],
  ["{..,b}/a.js", ["/b/a.js"], ["/../a.js"]],
  ["", [], ["", "/", "/a"]],
  ["/", [], ["/", "/a"]],
];

test.for(rows)("%j", ([pattern, matches, others]) => {
  const expression = patternToRegex(pattern);
  expect(matches.filter((path) => !expression.test(path))).toEqual([]);
  expect(others.filter((path) => expression.test(path))).toEqual([]);
});

test("no pattern makes matching slow, and none multiplies without end", () => {
  const started = performance.now();
  const stars = patternToRegex(`${"*a".repeat(40)}*b`);
  expect(stars.test(`/${"a".repeat(200)}`)).toBe(false);
  const deep = patternToRegex(`${"**/a/".repeat(30)}b`);
  expect(deep.test(`/${"a/".repeat(60)}c`)).toBe(false);
  const braces = "{a,b}".repeat(30);
  expect(patternToRegex(braces).test(`/${braces}`)).toBe(true);
  expect(performance.now() - started).toBeLessThan(3000);
});

/** The rules as one would write them down, trying everything. */
function matchesPath(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === "**")
    return matchesPath(rest, path) || (path.length > 0 && matchesPath(pattern, path.slice(1)));
  const [name, ...below] = path;
  return name !== undefined && matchesName(first, name) && matchesPath(rest, below);
}

function matchesName(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  if (pattern.startsWith("*"))
    return (
      matchesName(pattern.slice(1), name) || (name !== "" && matchesName(pattern, name.slice(1)))
    );
  const isSame = pattern.startsWith("?") || pattern[0] === name[0];
  return name !== "" && isSame && matchesName(pattern.slice(1), name.slice(1));
}

test("the quick expression says what trying everything says", () => {
  const character = fc.constantFrom("a", "b", "*", "?", "+", "a", "b");
  const segment = fc.oneof(
    { weight: 1, arbitrary: fc.constant("**") },
    { weight: 3, arbitrary: fc.string({ unit: character, minLength: 1, maxLength: 6 }) },
  );
  const name = fc.string({ unit: fc.constantFrom("a", "b", "+"), minLength: 1, maxLength: 5 });
  const segments = fc.array(segment, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(
      segments,
      fc.array(name, { minLength: 1, maxLength: 6 }),
      (pattern, path) =>
        patternToRegex(pattern.join("/")).test(`/${path.join("/")}`) === matchesPath(pattern, path),
    ),
    { numRuns: 2000 },
  );
});
