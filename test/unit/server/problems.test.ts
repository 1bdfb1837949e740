import { expect, test } from "vitest";
import { createProblems, toProblem } from "../../../src/server/vite-host/problems.ts";

const colours =
  "\u001b[31m[PARSE_ERROR] \u001b[0mUnexpected token\n   \u001b[38;5;246m╭\u001b[0m[ src/main.tsx:1:37 ]";

test.each([
  [
    "Rolldown's list",
    {
      message: `Transform failed with 1 error:\n\n${colours}`,
      plugin: "vite:oxc",
      id: "/app/src/main.tsx",
      errors: [
        {
          message: colours,
          code: "PARSE_ERROR",
          loc: { file: "/app/src/main.tsx", line: 1, column: 36 },
        },
      ],
    },
    {
      file: "/app/src/main.tsx",
      line: 1,
      column: 37,
      message: "Unexpected token",
      source: "vite:oxc",
      code: "PARSE_ERROR",
    },
  ],
  [
    "import analysis",
    {
      message: 'Failed to resolve import "./missing" from "src/m.ts". Does the file exist?',
      plugin: "vite:import-analysis",
      id: "/app/src/m.ts",
      loc: { file: "/app/src/m.ts", line: 3, column: 18 },
    },
    { file: "/app/src/m.ts", line: 3, column: 19 },
  ],
  [
    "Vue, which counts columns from 1",
    {
      message: "Interpolation end sign was not found.",
      plugin: "vite:vue",
      id: "/app/V.vue",
      loc: { file: "/app/V.vue", line: 1, column: 16 },
    },
    { file: "/app/V.vue", line: 1, column: 16 },
  ],
  [
    "a script block of Vue, which Babel parses and counts from 0",
    {
      message: "[vue/compiler-sfc] Unexpected token (3:14)",
      code: "BABEL_PARSER_SYNTAX_ERROR",
      plugin: "vite:vue",
      id: "/app/V.vue",
      loc: { line: 3, column: 14 },
    },
    { file: "/app/V.vue", line: 3, column: 15, message: "Unexpected token (3:14)" },
  ],
  [
    "Svelte, whose message repeats the place",
    {
      message: "/app/S.svelte:1:16 Unexpected token\nhttps://svelte.dev/e/js_parse_error",
      plugin: "vite-plugin-svelte:compile",
      loc: { file: "/app/S.svelte", line: 1, column: 16 },
    },
    { line: 1, column: 17, message: "Unexpected token" },
  ],
  [
    "JSON, whose place is only in words",
    { message: "expected value at line 2 column 7", plugin: "builtin:vite-json", id: {} },
    { file: "/app/j.json", line: 2, column: 7 },
  ],
  [
    "esbuild's form",
    {
      message: "Build failed with 1 error:\nvite.config.ts:2:3: ERROR: Unexpected",
      errors: [
        { text: 'Unexpected ","', location: { file: "vite.config.ts", line: 2, column: 3 } },
      ],
    },
    { file: "/app/vite.config.ts", line: 2, column: 4, message: 'Unexpected ","' },
  ],
  [
    "an error that says nothing of its place",
    { message: "boom" },
    { file: "/app/j.json", line: 1, column: 1, message: "boom", source: "vite" },
  ],
])("%s becomes a problem with 1-based line and column", (_name, error, expected) => {
  expect(toProblem(error, "/app", "/app/j.json")).toMatchObject({ severity: "error", ...expected });
});

test("a list is told only when it differs, and a file that transforms has no problems", () => {
  const told: number[] = [];
  const problems = createProblems("/app", (list) => told.push(list.length));
  problems.failed({ message: "a" }, "/app/a.ts");
  problems.failed({ message: "a" }, "/app/a.ts");
  problems.failed({ message: "b" }, "/app/b.ts");
  problems.passed("/app/c.ts");
  problems.passed("/app/a.ts");
  problems.passed("/app/b.ts");
  expect(told).toEqual([1, 2, 1, 0]);
});
