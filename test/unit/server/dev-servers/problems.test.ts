/** Output of compilers as errors at their places (dev-servers 4.3). */
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { BuildError } from "../../../../src/protocol/dev-server.ts";
import { fallbackError } from "../../../../src/server/dev-servers/problems/fallback.ts";
import type { BuildPlace } from "../../../../src/server/dev-servers/problems/places.ts";
import {
  createProblemParser,
  isBackground,
  parseProblems,
  type Problems,
} from "../../../../src/server/dev-servers/problems/problem-parser.ts";
import type { ProblemMatcher } from "../../../../src/server/dev-servers/project-config.ts";

const place: BuildPlace = { cwd: "/w/app", root: "/w", exists: () => true };

/** `file:line:column[-endLine:endColumn] severity [code] message`. */
function shown(errors: readonly BuildError[]): string[] {
  return errors.map(({ file, line, column, endLine, endColumn, severity, code, message }) => {
    const end = endColumn === undefined ? "" : `-${endLine}:${endColumn}`;
    return `${file}:${line}:${column}${end} ${severity}${code === undefined ? "" : ` ${code}`} ${message}`;
  });
}
const read = (problems: Problems, text: string, where = place): string[] =>
  shown(parseProblems(problems, text.split("\n"), where));

describe("matchers by name", () => {
  test("$go reads places with and without a column, prefixes of go vet, and skips headers", () => {
    const text = [
      "# example.com/app/pkg",
      "pkg/main.go:12:5: undefined: x",
      "./pkg/main.go:13:2: declared but not used: y",
      "pkg/main.go:14: missing return",
      "vet: pkg/main.go:15:9: expected ';', found x",
      "    main_test.go:7: got 1, want 2",
      "go.mod:4: unknown directive: foo",
      "note: module requires Go 1.99",
    ].join("\n");
    expect(read("$go", text)).toEqual([
      "/w/app/pkg/main.go:12:5 error undefined: x",
      "/w/app/pkg/main.go:13:2 error declared but not used: y",
      "/w/app/pkg/main.go:14:1 error missing return",
      "/w/app/pkg/main.go:15:9 error expected ';', found x",
      "/w/app/main_test.go:7:1 error got 1, want 2",
      "/w/app/go.mod:4:1 error unknown directive: foo",
    ]);
  });

  test("$tsc reads both forms", () => {
    const text = [
      "src/a.ts(2,7): error TS2322: Type 'number' is not assignable to type 'string'.",
      "src/b (old).tsx:10:3 - warning TS6133: 'x' is declared but never used.",
      "error TS18003: No inputs were found.",
    ].join("\n");
    expect(read("$tsc", text)).toEqual([
      "/w/app/src/a.ts:2:7 error TS2322 Type 'number' is not assignable to type 'string'.",
      "/w/app/src/b (old).tsx:10:3 warning TS6133 'x' is declared but never used.",
    ]);
  });

  test("$rustc reads the place below its header, and a header without a place is no finding", () => {
    const text = [
      "error[E0308]: mismatched types",
      " --> src/main.rs:2:18",
      "  |",
      '2 |     let x: u32 = "a";',
      "warning: unused variable: `y`",
      "  --> src/lib.rs:10:9",
      "error: aborting due to previous error",
      "warning: `x` (bin) generated 1 warning",
    ].join("\n");
    expect(read("$rustc", text)).toEqual([
      "/w/app/src/main.rs:2:18 error E0308 mismatched types",
      "/w/app/src/lib.rs:10:9 warning unused variable: `y`",
    ]);
  });

  test("$gcc reads errors, warnings and notes", () => {
    const text = [
      "src/main.c: In function 'main':",
      "src/main.c:3:5: error: unknown type name 'it'",
      "/usr/include/x.h:7:1: note: declared here",
      "src/main.c:1:10: fatal error: nothing.h: No such file or directory",
      "src/main.c:9: warning: old style",
    ].join("\n");
    expect(read("$gcc", text)).toEqual([
      "/w/app/src/main.c:3:5 error unknown type name 'it'",
      "/usr/include/x.h:7:1 info declared here",
      "/w/app/src/main.c:1:10 error nothing.h: No such file or directory",
      "/w/app/src/main.c:9:1 warning old style",
    ]);
  });

  test("$eslint-stylish reads all findings below a file, and then those of the next", () => {
    const text = [
      "",
      "/w/app/src/a.js",
      "  1:5   error    'x' is assigned a value but never used  no-unused-vars",
      "  3:10  warning  Unexpected console statement            no-console",
      "",
      "/w/app/src/b.js",
      "  2:1  error  Parsing error: Unexpected token",
      "",
      "✖ 3 problems (2 errors, 1 warning)",
    ].join("\n");
    expect(read("$eslint-stylish", text)).toEqual([
      "/w/app/src/a.js:1:5 error no-unused-vars 'x' is assigned a value but never used",
      "/w/app/src/a.js:3:10 warning no-console Unexpected console statement",
      "/w/app/src/b.js:2:1 error Parsing error: Unexpected token",
    ]);
  });

  test("tsc-pretty knows the end of a range, reasons and related places", () => {
    const text = [
      "src/a.ts:3:7 - error TS2741: Property 'b' is missing in type '{}'.",
      "  Reason of it.",
      "",
      "3 const value: Thing = {};",
      "        ~~~~~",
      "",
      "  src/thing.ts:2:3",
      "    2   b: string;",
      "        ~",
      "    'b' is declared here.",
      "",
      "src/b.ts:1:1 - error TS1005: ';' expected.",
      "",
      "",
      "Found 2 errors in 2 files.",
    ];
    const [first, second] = parseProblems("tsc-pretty", text, place);
    expect(first).toEqual({
      file: "/w/app/src/a.ts",
      line: 3,
      column: 7,
      endLine: 3,
      endColumn: 12,
      severity: "error",
      code: "TS2741",
      message: "Property 'b' is missing in type '{}'.\n  Reason of it.",
      source: "tsc",
      related: [
        { file: "/w/app/src/thing.ts", line: 2, column: 3, message: "'b' is declared here." },
      ],
    });
    expect(second?.message).toBe("';' expected.");
  });

  test("cargo-json reads ranges, labels and notes, and shows a person what rustc rendered", () => {
    const span = (name: string, line: number, more: object = {}): object => ({
      file_name: name,
      line_start: line,
      line_end: line,
      column_start: 5,
      column_end: 9,
      is_primary: true,
      label: null,
      expansion: null,
      ...more,
    });
    const line = (message: object): string =>
      JSON.stringify({ reason: "compiler-message", manifest_path: "/w/app/Cargo.toml", message });
    const base = { level: "error", code: null, children: [], rendered: "error: shown\n" };
    const text = [
      "   Compiling app v0.1.0",
      line({
        ...base,
        message: "mismatched types",
        code: { code: "E0308" },
        spans: [
          span("src/main.rs", 2),
          span("src/main.rs", 1, { is_primary: false, label: "expected due to this" }),
        ],
      }),
      line({
        ...base,
        message: "in a macro",
        spans: [
          span("<::std::macros::println macros>", 1, {
            expansion: { span: span("src/lib.rs", 8) },
          }),
        ],
      }),
      line({ ...base, message: "linking with `cc` failed", spans: [] }),
      line({ ...base, message: "aborting due to 1 previous error", spans: [] }),
      JSON.stringify({ reason: "build-finished", success: false }),
      '{"torn": ',
    ];
    const parser = createProblemParser("cargo-json", place);
    for (const one of text) parser.read(one);
    const errors = parser.take();
    expect(shown(errors)).toEqual([
      "/w/app/src/main.rs:2:5-2:9 error E0308 mismatched types",
      "/w/app/src/lib.rs:8:5-8:9 error in a macro",
      "/w/app/Cargo.toml:1:1 error linking with `cc` failed",
    ]);
    expect(errors[0]?.related).toEqual([
      { file: "/w/app/src/main.rs", line: 1, column: 5, message: "expected due to this" },
    ]);
    expect(text.map((one) => parser.shown(one))).toEqual([
      "   Compiling app v0.1.0",
      "error: shown",
      "error: shown",
      "error: shown",
      "error: shown",
      undefined,
      '{"torn": ',
    ]);
  });

  test("a name that does not exist is refused with those that do", () => {
    expect(() => read("$cobol", "")).toThrow(
      /No problem matcher is called "\$cobol". Take one of \$go, \$tsc/,
    );
    expect(() => read("$toString", "")).toThrow(/No problem matcher/);
  });

  test("a matcher of another extension arrives as data", () => {
    const contributed = {
      $zig: { source: "zig", pattern: { regexp: "^(.*):(\\d+):(\\d+): (.*)$", message: 4 } },
    };
    expect(shown(parseProblems("$zig", ["src/a.zig:1:2: no"], place, contributed))).toEqual([
      "/w/app/src/a.zig:1:2 error no",
    ]);
  });
});

describe("matchers of a configuration", () => {
  const simple = (more: Partial<ProblemMatcher>, pattern: object = {}): ProblemMatcher => ({
    ...more,
    pattern: {
      regexp: "^(.+)@(\\S+) (\\w+) (.*)$",
      file: 1,
      location: 2,
      severity: 3,
      message: 4,
      ...pattern,
    },
  });

  test("a location is a line, a place or a range", () => {
    expect(read(simple({}), "a@1 error x\na@1,2 W y\na@1,2,3,4 info z\na@5 note n")).toEqual([
      "/w/app/a:1:1 error x",
      "/w/app/a:1:2 warning y",
      "/w/app/a:1:2-3:4 info z",
      "/w/app/a:5:1 info n",
    ]);
  });

  test("a severity that nobody knows is that of the matcher, else error", () => {
    expect(read(simple({ severity: "warning" }), "a@1 odd x")).toEqual(["/w/app/a:1:1 warning x"]);
    expect(read(simple({}), "a@1 odd x")).toEqual(["/w/app/a:1:1 error x"]);
  });

  test("a pattern without groups has those of VS Code", () => {
    expect(read({ pattern: { regexp: "^(.+):(\\d+):(\\d+) no$" } }, "a:1:2 no")).toEqual([
      "/w/app/a:1:2 error a:1:2 no",
    ]);
    expect(read({ pattern: { regexp: "^bad (.+)$", kind: "file" } }, "bad a")).toEqual([
      "/w/app/a:1:1 error bad a",
    ]);
  });

  test("a line that was taken for a beginning may still be followed by one", () => {
    const matcher: ProblemMatcher = {
      pattern: [
        { regexp: "^E (.+)$", message: 1 },
        { regexp: "^ at (.+):(\\d+)$", file: 1, line: 2 },
      ],
    };
    expect(read(matcher, "E one\nE two\n at a:3\n at b:4")).toEqual(["/w/app/a:3:1 error two"]);
  });

  test("of several matchers the first that fits a line counts", () => {
    const matchers = [
      { pattern: { regexp: "^(a):(1): (.*)$", file: 1, line: 2, message: 3 } },
      { pattern: { regexp: "^(.):(\\d): (.*)$", file: 1, line: 2, message: 3 } },
    ];
    expect(read(matchers, "a:1: x\nb:2: y\na:1: x")).toEqual([
      "/w/app/a:1:1 error x",
      "/w/app/b:2:1 error y",
    ]);
  });

  test.each([
    ["relative", "/w/app/x.c"],
    ["absolute", "/w/app/x.c"],
    [["relative", "${workspaceFolder}/lib"], "/w/lib/x.c"],
    [["relative", "sub"], "/w/app/sub/x.c"],
    [["autoDetect", "${workspaceFolder}/lib"], "/w/lib/x.c"],
    [["autoDetect", "/nowhere"], "/w/app/x.c"],
  ] as const)("a file by %j is %s", (fileLocation, file) => {
    const where = { ...place, exists: (name: string) => !name.startsWith("/nowhere") };
    const [error] = parseProblems(simple({ fileLocation }), ["./x.c@1 error m"], where);
    expect(error?.file).toBe(file);
  });

  test("on Windows a drive is absolute, and both slashes separate", () => {
    const where = {
      cwd: String.raw`D:\app`,
      root: String.raw`D:\app`,
      paths: path.win32,
      exists: () => true,
    };
    const files = parseProblems(
      "$tsc",
      ["C:\\x\\a.ts(1,2): error TS1: m", "src/b.ts(1,2): error TS1: m"],
      where,
    );
    expect(files.map(({ file }) => file)).toEqual([
      String.raw`C:\x\a.ts`,
      String.raw`D:\app\src\b.ts`,
    ]);
  });

  test.each<[string, ProblemMatcher, RegExp]>([
    [
      "a wrong expression",
      { pattern: { regexp: "(" } },
      /"\(" in a problem matcher is no regular expression: Unterminated group/,
    ],
    ["no pattern", { pattern: [] }, /has no pattern/],
    [
      "no file",
      {
        pattern: [
          { regexp: "a", message: 1 },
          { regexp: "b", line: 1 },
        ],
      },
      /names no group for file or message/,
    ],
    [
      "no line",
      {
        pattern: [
          { regexp: "a", message: 1, file: 1 },
          { regexp: "b", code: 1 },
        ],
      },
      /names no group for a line/,
    ],
    [
      "an early loop",
      {
        pattern: [
          { regexp: "a", message: 1, file: 1, loop: true },
          { regexp: "b", line: 1 },
        ],
      },
      /Only the last/,
    ],
  ])("%s is refused in one sentence", (_what, matcher, message) => {
    expect(() => read(matcher, "")).toThrow(message);
  });

  test("an expression that would never end is stopped and named", () => {
    const matcher = { pattern: { regexp: "^(a+)+$", file: 1, line: 1, message: 1 } };
    const parser = createProblemParser(matcher, place);
    expect(() => parser.read(`${"a".repeat(60)}!`)).toThrow(
      /"\^\(a\+\)\+\$" of a problem matcher took longer than 1000 ms/,
    );
  });

  test("a line of 1 MB costs no more than one of 4 KB", () => {
    const began = performance.now();
    for (const name of [
      "$go",
      "$tsc",
      "$rustc",
      "$gcc",
      "$eslint-stylish",
      "tsc-pretty",
      "cargo-json",
    ] as const)
      expect(read(name, " a:1:".repeat(200_000)).length).toBeLessThan(2);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("commands that never end", () => {
  test("$tsc-watch tells where a build begins and ends", () => {
    expect(isBackground("$tsc-watch")).toBe(true);
    expect(isBackground("$tsc")).toBe(false);
    const parser = createProblemParser("$tsc-watch", place);
    const marks = [
      "10:00:00 AM - Starting compilation in watch mode...",
      "src/a.ts(1,2): error TS1: m",
      "10:00:01 AM - Found 1 error. Watching for file changes.",
      "10:00:02 AM - File change detected. Starting incremental compilation...",
    ].map((line) => parser.read(line));
    expect(marks).toEqual(["begins", undefined, "ends", "begins"]);
    expect(shown(parser.take())).toEqual(["/w/app/src/a.ts:1:2 error TS1 m"]);
    expect(parser.take()).toEqual([]);
  });
});

test("output that nobody understands is one error on the project's build file", () => {
  const only = (name: string): BuildPlace => ({ ...place, exists: (file) => file === name });
  expect(fallbackError(["a", "b"], only("/w/app/go.mod"), "go")).toEqual({
    file: "/w/app/go.mod",
    line: 1,
    column: 1,
    severity: "error",
    message: "a\nb",
    source: "go",
  });
  expect(fallbackError([], only("/w/Cargo.toml"), "x").file).toBe("/w/Cargo.toml");
  expect(fallbackError([], only("none"), "x").file).toBe("/w");
});
