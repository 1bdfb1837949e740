/** Matchers of other extensions, as their manifests have them. */
import { expect, test } from "vitest";
import { contributedMatchers } from "../../../src/extension/problem-matchers.ts";

const found = (...manifests: readonly unknown[]) => contributedMatchers(manifests);
const matcher = (more: object): object => ({
  problemMatchers: [{ name: "x", pattern: { regexp: "^a$", file: 1 }, ...more }],
});

test("names get their $, and what VS Code alone uses is left out", () => {
  expect(
    found(
      matcher({
        name: "rustc",
        label: "Rust",
        owner: "rustc",
        source: "rust",
        severity: "error",
        applyTo: "closedDocuments",
        fileLocation: ["autoDetect", "${workspaceFolder}"],
        background: { activeOnStart: true, beginsPattern: { regexp: "begin" }, endsPattern: "end" },
        pattern: [
          { regexp: "^(\\w+): (.+)$", severity: 1, message: 2 },
          { regexp: "^--> (.+)$", location: 1, loop: true },
        ],
      }),
    ),
  ).toEqual({
    $rustc: [
      {
        owner: "rustc",
        source: "rust",
        severity: "error",
        fileLocation: ["autoDetect", "${workspaceFolder}"],
        background: { beginsPattern: "begin", endsPattern: "end" },
        pattern: [
          { regexp: "^(\\w+): (.+)$", severity: 1, message: 2 },
          { regexp: "^--> (.+)$", location: 1, loop: true },
        ],
      },
    ],
  });
});

test("patterns may be named, also those of another extension and of several lines", () => {
  const matchers = found(
    {
      problemMatchers: [
        { name: "one", pattern: "$p" },
        { name: "two", pattern: "$lines" },
        { name: "none", pattern: "$gone" },
      ],
    },
    {
      problemPatterns: [
        { name: "p", regexp: "x", file: 1 },
        { name: "lines", patterns: [{ regexp: "a" }, { regexp: "b" }] },
      ],
    },
  );
  expect(
    Object.fromEntries(Object.entries(matchers).map(([name, [first]]) => [name, first?.pattern])),
  ).toEqual({
    $one: [{ regexp: "x", file: 1 }],
    $two: [{ regexp: "a" }, { regexp: "b" }],
  });
});

test("a matcher may say only how it differs from another one", () => {
  const matchers = found(matcher({ name: "base", owner: "o" }), {
    problemMatchers: [
      { name: "more", base: "$base", severity: "warning" },
      { name: "self", base: "$self" },
    ],
  });
  expect(matchers["$more"]).toEqual([
    { owner: "o", severity: "warning", pattern: [{ regexp: "^a$", file: 1 }] },
  ]);
  expect(Object.keys(matchers)).toEqual(["$base", "$more"]);
});

test("the first of a name stays", () => {
  expect(found(matcher({ owner: "a" }), matcher({ owner: "b" }))["$x"]?.[0]?.owner).toBe("a");
});

test.each([
  ["nothing", undefined],
  ["no object", 5],
  ["no list", { problemMatchers: {} }],
  ["no matcher", { problemMatchers: [null, "x", []] }],
  ["no name", { problemMatchers: [{ pattern: { regexp: "x" } }] }],
  ["a name with spaces", matcher({ name: "a b" })],
  ["a __proto__", matcher({ name: "__proto__" })],
  ["an expression of another dialect", matcher({ pattern: { regexp: "(?i)x" } })],
  ["an expression without end", matcher({ pattern: { regexp: "x".repeat(10_001) } })],
  ["no lines", matcher({ pattern: [] })],
])("%s yields nothing", (_name, manifest) => {
  expect(found(manifest)).toEqual({});
});

test("parts that make no sense are left out of a matcher that does", () => {
  expect(
    found(
      matcher({
        owner: 1,
        severity: "fatal",
        fileLocation: ["search", {}],
        background: { beginsPattern: "(" },
        pattern: { regexp: "x", file: -1, line: 1.5, column: "2", kind: "page" },
      }),
    ),
  ).toEqual({ $x: [{ pattern: [{ regexp: "x" }] }] });
});
