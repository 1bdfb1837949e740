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
  expect(performance.now() - started).toBeLessThan(500);
});
