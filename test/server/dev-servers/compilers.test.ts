/** Real compilers on real sources (scenarios 5 and 19). Where a toolchain is missing its tests are skipped by name. */
import { spawnSync } from "node:child_process";
import { readFile, rename, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import type { BuildError } from "../../../src/protocol/dev-server.ts";
import type { BackendConfig } from "../../../src/server/dev-servers/project-config.ts";
import { mendedOrder, openBackend, type TestBackend } from "../../support/backends.ts";
import { replaceInFile } from "../../support/edits.ts";

const tsc = path.resolve("node_modules/.bin/tsc");
const hasProgram = (program: string, argument: string): boolean =>
  spawnSync(program, [argument]).status === 0;
const noGo = !hasProgram("go", "version");
const noCargo = !hasProgram("cargo", "--version");
const noGcc = !hasProgram("gcc", "--version");

let backend: TestBackend | undefined;
afterEach(async () => {
  await backend?.close();
  backend = undefined;
});

async function open(
  files: Record<string, string>,
  command: readonly string[],
  more: Partial<BackendConfig> | ((root: string) => Partial<BackendConfig>),
): Promise<TestBackend> {
  backend = await openBackend({
    files,
    config: (root) => ({
      build: { command, cwd: root, env: { CARGO_TERM_COLOR: "always" } },
      debounceMs: 50,
      ...(typeof more === "function" ? more(root) : more),
    }),
  });
  await backend.start();
  return backend;
}
/** Without what all have in common. */
const short = (errors: readonly BuildError[], root: string): object[] =>
  errors.map(({ file, severity: _severity, related: _related, ...rest }) => ({
    ...rest,
    file: path.relative(root, file),
  }));

const goFiles = {
  "go.mod": "module example.com/app\n\ngo 1.19\n",
  "pkg/main.go": [
    "package main",
    "",
    'import ("fmt"; "net"; "os")',
    "",
    "func main() {",
    '\tlistener, err := net.Listen("tcp", "127.0.0.1:0")',
    "\tif err != nil { os.Exit(1) }",
    '\tfmt.Printf("1|1|tcp|%s|grpc\\n", listener.Addr())',
    "\tfor {",
    "\t\tconnection, err := listener.Accept()",
    "\t\tif err != nil { return }",
    '\t\tfmt.Fprint(connection, "one")',
    "\t\tconnection.Close()",
    "\t}",
    "}",
  ].join("\n"),
};
const ask = (address: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const [host = "", port] = address.split(":");
    const socket = connect(Number(port), host);
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => (text += part));
    socket.once("close", () => resolve(text)).once("error", reject);
  });

test.skipIf(noGo)(
  "5, 19: a Go plugin is built, replaced, and keeps answering while a build fails (skipped without go)",
  { timeout: 180_000 },
  async () => {
    const app = await open(goFiles, ["go", "build", "-o", "build/bin/plugin", "./pkg"], (root) => ({
      artifact: `${root}/build/bin/plugin`,
      install: `${root}/state/plugin`,
      problems: "$go",
      watch: { include: ["pkg/**/*.go", "go.mod", "go.sum"], exclude: ["**/vendor/**"] },
      run: {
        command: ["${artifact}"],
        cwd: root,
        env: {},
        handshake: { type: "go-plugin", timeoutMs: 30_000 },
      },
    }));
    const first = await app.untilStatus("ready");
    expect(await ask(first.address)).toBe("one");
    let seen = app.told.length;
    await replaceInFile(app.file("pkg/main.go"), '"one"', "one");
    const failed = await app.untilStatus("error", seen);
    expect(short(failed.errors, app.root)).toEqual([
      {
        file: "pkg/main.go",
        line: 12,
        column: 26,
        message: expect.stringMatching(/^undefined: one|undeclared name: one/),
        source: "go",
      },
    ]);
    expect(app.order(seen)).toEqual(["building", "error", "error"]);
    expect(await ask(first.address)).toBe("one");
    seen = app.told.length;
    await replaceInFile(app.file("pkg/main.go"), "connection, one", 'connection, "two"');
    const mended = await app.untilStatus("ready", seen);
    expect(app.order(seen)).toEqual(mendedOrder);
    expect(mended).toMatchObject({ generation: 2, errors: [] });
    expect(mended.pid).not.toBe(first.pid);
    expect(await ask(mended.address)).toBe("two");
    expect(app.told.some((one) => one.name === "log" && one.source === "go-watch")).toBe(true);
  },
);

test.skipIf(noCargo)(
  "19: cargo's errors and warnings have exact ranges (skipped without cargo)",
  { timeout: 180_000 },
  async () => {
    const app = await open(
      {
        "Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/main.rs":
          'fn main() {\n    let unused = 1;\n    let count: u32 = "many";\n    println!("{}", count);\n}\n',
      },
      ["cargo", "build", "--offline", "--message-format=json"],
      { problems: "cargo-json", watch: { include: ["src/**/*.rs", "Cargo.toml"], exclude: [] } },
    );
    const { errors, lastError } = await app.untilStatus("error");
    expect(
      short(
        errors.filter(({ severity }) => severity === "error"),
        app.root,
      ),
    ).toEqual([
      {
        file: "src/main.rs",
        line: 3,
        column: 22,
        endLine: 3,
        endColumn: 28,
        message: "mismatched types",
        code: "E0308",
        source: "rustc",
      },
    ]);
    expect(errors.find(({ severity }) => severity === "error")?.related?.[0]).toMatchObject({
      line: 3,
      column: 16,
    });
    expect(lastError).toBe("mismatched types");
    // What a person reads is what rustc would print, not the lines of JSON.
    const lines = app.told.flatMap((one) => (one.name === "log" ? [one.message] : []));
    expect(lines.some((line) => line.startsWith("{") || line.includes("\n"))).toBe(false);
    expect(lines.join("\n")).toContain("mismatched types");
    const seen = app.told.length;
    await replaceInFile(app.file("src/main.rs"), '"many"', "4");
    const good = await app.untilStatus("ready", seen);
    expect(short(good.errors, app.root)).toMatchObject([
      { line: 2, column: 9, endColumn: 15, code: "unused_variables" },
    ]);
    expect(good.errors[0]?.severity).toBe("warning");
  },
);

test.skipIf(noCargo)(
  "19: $rustc reads what rustc prints for people (skipped without cargo)",
  { timeout: 180_000 },
  async () => {
    const app = await open(
      { "package.json": "{}", "main.rs": 'fn main() {\n    let count: u32 = "many";\n}\n' },
      ["rustc", "--emit=metadata", "--out-dir", "out", "main.rs"],
      { problems: "$rustc" },
    );
    const { errors } = await app.untilStatus("error");
    expect(short(errors, app.root)).toMatchObject([
      { file: "main.rs", line: 2, column: 22, message: "mismatched types", code: "E0308" },
    ]);
  },
);

test.skipIf(noGcc)("19: $gcc reads what gcc prints (skipped without gcc)", async () => {
  const app = await open(
    { "package.json": "{}", "main.c": "int main(void) {\n  return nothing;\n}\n" },
    ["gcc", "-fsyntax-only", "main.c"],
    { problems: "$gcc" },
  );
  const { errors } = await app.untilStatus("error");
  expect(short(errors, app.root)[0]).toMatchObject({
    file: "main.c",
    line: 2,
    column: 10,
    source: "gcc",
  });
});

const tsFiles = {
  "package.json": "{}",
  "tsconfig.json":
    '{ "compilerOptions": { "outDir": "out", "rootDir": "src", "strict": true, "types": [] }, "include": ["src"] }',
  "src/thing.ts": "export interface Thing {\n  b: string;\n}\n",
  "src/a.ts": 'import type { Thing } from "./thing.js";\n\nexport const value: Thing = {};\n',
};

test("19: tsc's errors have exact places", async () => {
  const app = await open(tsFiles, [tsc, "-b"], { problems: "$tsc" });
  const { errors } = await app.untilStatus("error");
  expect(short(errors, app.root)).toEqual([
    {
      file: "src/a.ts",
      line: 3,
      column: 14,
      code: "TS2741",
      message: expect.stringContaining("Property 'b' is missing"),
      source: "tsc",
    },
  ]);
});

test("19: tsc's errors for people have exact ranges and the place that is related", async () => {
  const app = await open(tsFiles, [tsc, "-p", ".", "--pretty"], { problems: "tsc-pretty" });
  const { errors } = await app.untilStatus("error");
  expect(short(errors, app.root)).toEqual([
    {
      file: "src/a.ts",
      line: 3,
      column: 14,
      endLine: 3,
      endColumn: 19,
      code: "TS2741",
      message: expect.stringContaining("Property 'b' is missing"),
      source: "tsc",
    },
  ]);
  expect(errors[0]?.related).toEqual([
    { file: app.file("src/thing.ts"), line: 2, column: 3, message: "'b' is declared here." },
  ]);
});

test("a compiler that watches by itself builds from one of its lines to the next", async () => {
  const app = await open(tsFiles, [tsc, "-p", ".", "--watch"], { problems: "$tsc-watch" });
  const failed = await app.untilStatus("error");
  expect(short(failed.errors, app.root)).toMatchObject([{ file: "src/a.ts", line: 3, column: 14 }]);
  const seen = app.told.length;
  // By rename: tsc would build an empty file, if it looks while one is being written.
  await writeFile(app.file("a.ts.new"), "export const value = 1;\n");
  await rename(app.file("a.ts.new"), app.file("src/a.ts"));
  const good = await app.untilStatus("ready", seen);
  expect(app.order(seen)).toEqual(mendedOrder);
  expect(good.errors).toEqual([]);
  expect(await readFile(app.file("out/a.js"), "utf8")).toContain("value = 1");
});
