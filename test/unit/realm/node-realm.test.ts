import { fork, type ChildProcess } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { FromRealm, RunRequest } from "../../../src/protocol/realm.ts";
import { toFromRealm } from "../../../src/server/realms/messages.ts";
import { countLines } from "../../support/lines.ts";

type Finished = Extract<FromRealm, { type: "finished" }>;

const repository = path.resolve(import.meta.dirname, "../../..");
const temporary = realpathSync(mkdtempSync(path.join(tmpdir(), "vitrine-node-realm-")));
const bundle = path.join(temporary, "dist");
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  await build({
    absWorkingDir: repository,
    entryPoints: { node: "src/realm/node/main.ts", "node-loader": "src/realm/node/loader.ts" },
    outdir: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22.14",
    external: ["esbuild"],
  });
  symlinkSync(path.join(repository, "node_modules"), path.join(temporary, "node_modules"));
  writeFileSync(path.join(temporary, "package.json"), '{"type":"module"}');
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function makeProject(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(temporary, "project-"));
  for (const [name, text] of Object.entries(files)) write(path.join(root, name), text);
  return root;
}

let edits = 0;

/** Saves a file with a time of its own: two saves may fall into one tick of the file system's clock. */
function edit(file: string, text: string): void {
  writeFileSync(file, text);
  edits += 1;
  utimesSync(file, new Date(), new Date(Date.now() + edits * 5000));
}

interface Realm {
  readonly child: ChildProcess;
  readonly messages: FromRealm[];
  next<Type extends FromRealm["type"]>(type: Type): Promise<Extract<FromRealm, { type: Type }>>;
  run(code: string, more?: Partial<RunRequest>): Promise<Finished>;
  value(code: string): Promise<unknown>;
}

async function openRealm(root: string, env: NodeJS.ProcessEnv = {}): Promise<Realm> {
  const child = fork(path.join(bundle, "node.js"), [], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      VITRINE_TEST_FILE: process.env["VITRINE_TEST_FILE"],
      ELECTRON_RUN_AS_NODE: "1",
      ...env,
    },
    execPath: process.env["VITRINE_TEST_NODE"] ?? process.execPath,
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const messages: FromRealm[] = [];
  const waiting: { type: string; resolve: (message: never) => void }[] = [];
  child.on("message", (message: FromRealm) => {
    messages.push(message);
    const index = waiting.findIndex(({ type }) => type === message.type);
    if (index >= 0) waiting.splice(index, 1)[0]?.resolve(message as never);
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  cleanups.push(() => (child.kill("SIGKILL"), gone));
  let jobs = 0;
  const realm: Realm = {
    child,
    messages,
    next: (type) => new Promise((resolve) => waiting.push({ type, resolve })),
    async run(code, more = {}) {
      jobs += 1;
      const job = `job${jobs}`;
      const body = `with (__scope) { return (async function () { ${code} }).call(globalThis) }`;
      const script = `globalThis["-vitrine"].block("${job}", function (__scope, __vitrine) { ${body} })`;
      const file = path.join(root, "notes.md");
      const finished = realm.next("finished");
      child.send({
        type: "run",
        job,
        scope: file,
        script: "",
        code: script,
        scriptName: `vitrine-block-${job}.js`,
        file,
        imports: [],
        ...more,
      });
      return await finished;
    },
    async value(code) {
      const finished = await realm.run(code);
      if (finished.error !== undefined) throw new Error(finished.error.stack);
      return finished.value?.kind === "json" ? JSON.parse(finished.value.text) : undefined;
    },
  };
  await realm.next("hello");
  return realm;
}

const bind = (specifier: string, names: Record<string, string>): string =>
  `await __vitrine.bind(__scope, ${JSON.stringify(specifier)}, ${JSON.stringify(names)});`;

test("a Node realm says hello and keeps bindings over runs", async () => {
  const realm = await openRealm(makeProject({}));
  expect(realm.messages[0]).toMatchObject({
    kind: "node",
    name: "",
    url: `node://${realm.child.pid}`,
  });
  expect(await realm.value(`__vitrine.declare(__scope, ["a"]); a = 1; return a`)).toBe(1);
  expect(await realm.value(`a += 1; return [a, process.versions.node.split(".").length]`)).toEqual([
    2, 3,
  ]);
});

test("user code sees no variables of ours, no channel and require of its document's folder", async () => {
  const realm = await openRealm(makeProject({ "data.json": '{"n":1}' }), { VITRINE_SECRET: "s" });
  const code = `return [Object.keys(process.env).filter((name) => /VITRINE|ELECTRON|CHANNEL/.test(name)), process.send ?? null, require("./data.json").n]`;
  expect(await realm.value(code)).toEqual([[], null, 1]);
});

test("imports find TypeScript, JSX, folders, tsconfig paths, JSON and packages as a bundler does", async () => {
  const root = makeProject({
    "tsconfig.json": `{ /* as Vite's templates */ "files": [], "references": [{ "path": "./tsconfig.app.json" }], }`,
    "tsconfig.app.json": `{ "extends": "./tsconfig.base.json", "compilerOptions": { "paths": { "@/*": ["./src/*"], } } } // end`,
    "tsconfig.base.json": `{ "compilerOptions": { "strict": true } }`,
    "src/cart.ts": `import { tax } from "./tax"; import rates from "./rates.json"; enum Kind { A = 7 } export const total = (n: number): number => n * tax + rates.extra + Kind.A;`,
    "src/tax/index.ts": "export const tax: number = 2;",
    "src/rates.json": '{ "extra": 1 }',
    "src/view.tsx": `import { h } from "tiny"; import { total } from "./cart.js"; export const view = () => h(String(total(1)));`,
    "node_modules/tiny/package.json": '{ "name": "tiny", "main": "index.js" }',
    "node_modules/tiny/index.js":
      "exports.h = (text) => '<' + text + '>'; Object.assign(exports, { ['hid' + 'den']: 5 });",
  });
  const realm = await openRealm(root);
  const code = [
    bind("./src/cart", { total: "total" }),
    bind("@/view", { view: "view" }),
    bind("/src/tax", { tax: "tax" }),
    bind("tiny", { h: "h", hidden: "hidden", tiny: "default" }),
    bind("node:path", { join: "join", path: "*" }),
    `const { total: again } = await __vitrine.import("./src/cart.ts");`,
    `return [total(10), view(), tax, h("x"), hidden, typeof tiny.h, join("a", "b"), again === total, __vitrine.meta.dirname]`,
  ].join("\n");
  expect(await realm.value(code)).toEqual([28, "<10>", 2, "<x>", 5, "function", "a/b", true, root]);
});

test("a run imports changed files anew, with what imports them, and leaves the others their state", async () => {
  const root = makeProject({
    "package.json": '{ "type": "module" }',
    "state.ts": "export const state = { n: 0 };",
    "leaf.ts": "export const leaf = 'old';",
    "middle.js": "export { leaf } from './leaf';",
    "old.cjs": "exports.word = require('./word.cjs').word;",
    "word.cjs": "exports.word = 'old';",
  });
  const realm = await openRealm(root);
  const code = [
    bind("./state", { state: "state" }),
    bind("./middle", { leaf: "leaf" }),
    bind("./old.cjs", { word: "word" }),
    "state.n += 1; return [state.n, leaf, word]",
  ].join("\n");
  expect(await realm.value(code)).toEqual([1, "old", "old"]);
  expect(await realm.value(code)).toEqual([2, "old", "old"]);
  edit(path.join(root, "leaf.ts"), "export const leaf = 'new';");
  edit(path.join(root, "word.cjs"), "exports.word = 'new';");
  expect(await realm.value(code)).toEqual([3, "new", "new"]);
  edit(path.join(root, "state.ts"), "export const state = { n: 100 };");
  expect(await realm.value(code)).toEqual([101, "new", "new"]);
});

test("a file that was missing or wrong is found once it is right", async () => {
  const root = makeProject({ "a.ts": "export { b } from './b';" });
  const realm = await openRealm(root);
  const code = `${bind("./a", { b: "b" })} return b`;
  expect((await realm.run(code)).error?.message).toMatch(
    /Cannot find module .*b' imported from .*a\.ts/,
  );
  write(path.join(root, "b.ts"), "export const b = ;");
  expect((await realm.run(code)).error?.message).toContain("b.ts:1:17");
  edit(path.join(root, "b.ts"), "export const b: number = 1;");
  expect(await realm.value(code)).toBe(1);
});

test("errors name the script, the project's own lines and what cannot be found", async () => {
  const root = makeProject({
    "throws.ts":
      "interface Long {\n  a: string;\n}\nexport function fail(x: Long): never {\n  throw new Error(x.a);\n}\n",
  });
  const realm = await openRealm(root);
  const thrown = await realm.run(`${bind("./throws", { fail: "fail" })}\nfail({ a: "why" })`);
  expect(thrown.error?.stack).toMatch(/throws\.ts:5:9\)?\n[\s\S]*vitrine-block-job1\.js:2:1/);
  expect((await realm.run(bind("no-such-package", {}))).error?.message).toContain(
    "no-such-package",
  );
  const parsed = await realm.run("", { code: "let a = 1;\nlet b = = 2;" });
  expect(parsed.error).toMatchObject({
    name: "SyntaxError",
    stack: expect.stringMatching(/^SyntaxError: .*\n {4}at vitrine-block-job3\.js:2:9$/),
  });
  expect((await realm.run("", { code: "1" })).error?.message).toContain("did not run a block");
});

test("console and standard streams are events of the run and lines of the realm", async () => {
  const realm = await openRealm(makeProject({}));
  const code = `console.log("a %s", "b", { c: 1 }); console.warn("w"); process.stdout.write("raw\\n"); console.table([{ x: 1 }]); process.stderr.write("bad")`;
  const { events, missing } = await realm.run(code);
  expect(missing).toBe(0);
  expect(events.map(({ level }) => level)).toEqual(["log", "warn", "log", "log", "error"]);
  expect(events.map(({ text }) => text.split("\n")[0]).slice(0, 3)).toEqual([
    "a b { c: 1 }",
    "w",
    "raw",
  ]);
  expect(events[3]?.text).toContain("│ 0");
  const lines = realm.messages.flatMap((message) =>
    message.type === "console" ? message.entries : [],
  );
  expect(lines.map(({ text, job }) => [text, job])).toContainEqual(["w", "job1"]);
  expect(lines[0]?.stack).toMatch(/^\s+at .*vitrine-block-job1\.js:1:\d+/);
});

test("100,000 lines are bounded, counted and all accounted for", async () => {
  const realm = await openRealm(makeProject({}));
  const { events, missing } = await realm.run(
    "for (let line = 0; line < 1e5; line += 1) console.log(line)",
  );
  expect(events.length + missing).toBe(100_000);
  expect([events[0]?.text, events.at(-1)?.text]).toEqual(["0", "99999"]);
  const sent = realm.messages.filter((message) => message.type === "console");
  expect(sent.reduce((sum, message) => sum + countLines(message), 0)).toBe(100_000);
});

test("an error that nobody caught is told and the realm lives on", async () => {
  const realm = await openRealm(makeProject({}));
  const thrown = realm.next("uncaught");
  await realm.run(`setTimeout(() => { throw new TypeError("late") })`);
  expect(await thrown).toMatchObject({
    error: { name: "TypeError", message: "late" },
    source: "uncaughtException",
  });
  const rejected = realm.next("uncaught");
  await realm.run("Promise.reject(5)");
  expect(await rejected).toMatchObject({
    error: { name: "Unhandled rejection", message: "5" },
    source: "unhandledrejection",
  });
  expect(await realm.value("return 1")).toBe(1);
});

test("process.exit ends only the realm, after its last lines", async () => {
  const realm = await openRealm(makeProject({}));
  const exit = new Promise((resolve) => realm.child.once("exit", resolve));
  void realm.run(
    `console.log("first"); for (let i = 0; i < 50; i += 1) console.log("last"); process.exit(3)`,
  );
  expect(await exit).toBe(3);
  const lines = realm.messages.flatMap((message) =>
    message.type === "console" ? message.entries : [],
  );
  expect(lines).toHaveLength(51);
});

test("a realm leaves when its channel closes, whatever its code still waits for", async () => {
  const realm = await openRealm(makeProject({}));
  await realm.run("setInterval(() => {}, 1000); process.exit = () => {}");
  const exit = new Promise((resolve) => realm.child.once("exit", resolve));
  realm.child.disconnect();
  expect(await exit).toBe(0);
});

test("test files load the project as a block does", async () => {
  const root = makeProject({
    "tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }`,
    "src/kind.ts": `export enum Kind { A = 7 }`,
    "src/kind.test.ts": `import test from "node:test";
import assert from "node:assert/strict";
import { Kind } from "@/kind";
test("kind", () => assert.equal(Kind.A, 8));`,
  });
  const realm = await openRealm(root);
  const { tests } = (await realm.value(
    `const { run } = await __vitrine.import("node:test"); return await run({ files: "src/*.test.ts" })`,
  )) as { tests: readonly { name: string; error: string }[] };
  expect(tests.map(({ name }) => name)).toEqual(["kind"]);
  expect(tests[0]?.error).toMatch(/7 !== 8[^]*src\/kind\.test\.ts(?:\?[^:]*)?:4:27/);
});

test("run() of node:test resolves to results and tells its progress", async () => {
  const realm = await openRealm(
    makeProject({
      "a.test.js": `import { test, describe, it } from "node:test"; import assert from "node:assert";
describe("suite A", () => {
  describe("inner", () => { it("adds", () => console.log("told")); });
  it("fails", () => assert.equal(1, 2));
  it("later", { skip: true }, () => {});
});
test("top", () => {});`,
      "deep/b.test.js": `throw new Error("not today");`,
      "node_modules/x/c.test.js": `throw new Error("never");`,
      "package.json": '{ "type": "module" }',
    }),
  );
  realm.child.send({ type: "welcome", realm: "r1", name: "node-fern-1201-03" });
  const code = `const { run } = await __vitrine.import("node:test"); return await run({ files: ["**/*.test.js", "/a.test.js", "../*.js"] })`;
  const finished = await realm.run(code, { values: "log" });
  expect(finished.error).toBeUndefined();
  const results = JSON.parse(finished.value?.kind === "json" ? finished.value.text : "");
  expect(results).toMatchObject({ passed: 2, failed: 2, skipped: 1, total: 5 });
  const outcomes = results.tests.map((one: Record<string, unknown>) =>
    [one["suite"], one["name"], one["skipped"] ?? one["passed"]].join("|"),
  );
  expect(outcomes.toSorted()).toEqual([
    "suite A > inner|adds|true",
    "suite A|fails|false",
    "suite A|later|true",
    "|Import: deep/b.test.js|false",
    "|top|true",
  ]);
  expect(JSON.stringify(results)).toMatch(
    /Error: not today.*AssertionError|AssertionError.*Error: not today/,
  );
  const messages = realm.messages.filter((message) => message.type === "test-progress");
  expect(messages.map(({ job }) => job)).toEqual(messages.map(() => "job1"));
  const told = messages.at(-1)?.progress;
  expect(told).toMatchObject({
    realmName: "node-fern-1201-03",
    complete: true,
    totals: { pass: 2, fail: 2, skip: 1, total: 5 },
  });
  expect(told?.allTests?.map(({ status }) => status).toSorted()).toEqual([
    "fail",
    "fail",
    "pass",
    "pass",
    "skip",
  ]);
  expect(toFromRealm({ type: "test-progress", job: "j".repeat(20), progress: told })).toBeDefined();
  expect(finished.events.map(({ text }) => text)).toContain("told");
  expect(
    await realm.value(
      `const { default: test } = await __vitrine.import("node:test"); const { total } = await test.run({ files: "none/*.js" }); return [total, typeof test.describe]`,
    ),
  ).toEqual([0, "function"]);
});
