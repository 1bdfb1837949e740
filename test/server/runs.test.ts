/** Blocks in Node realms, from the request to the result in the file. Page realms: test/browser. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Run } from "../../src/protocol/model.ts";
import { eventually } from "../support/eventually.ts";
import { removeTree, startServer, writeTree, type TestServer } from "../support/server.ts";

let root: string;
let server: TestServer;
let file: string;

beforeAll(async () => {
  root = await writeTree({
    "package.json": '{"name":"notes","type":"module"}',
    "src/store.ts":
      "export let count: number = 0;\nexport const add = (by: number): number => (count += by);\n",
  });
  server = await startServer({ folders: [root] });
});
afterAll(async () => {
  await server?.stop();
  if (root !== undefined) await removeTree(root);
});
let number = 0;
beforeEach(() => {
  file = path.join(root, `notes-${number++}.md`);
});

async function run(text: string, block = 0): Promise<{ run: Run; text: string }> {
  await writeFile(file, text);
  const ended = await server.run({ file, text, block });
  return { run: ended, text: await readFile(file, "utf8") };
}

const fence = (code: string, info = "js"): string =>
  `# Notes\n\n\`\`\`${info}\n${code}\n\`\`\`\n\nAfter.\n`;

test("the value of the last expression stands below the block, and everything else is untouched", async () => {
  const source = fence("const total = 3 * 433;\ntotal");
  const { run: ended, text } = await run(source);
  expect(ended).toMatchObject({ state: "ok", summary: "1299", realmKind: "node" });
  expect(text).toMatch(
    /^# Notes\n\n```js\nconst total = 3 \* 433;\ntotal\n```\n<!-- vitrine:result id=\w{4} realm=node state=ok ms=\d+ at=[\dT:-]+Z code=[0-9a-f]{8} -->\n```json\n1299\n```\n<!-- vitrine:end id=\w{4} -->\n\nAfter\.\n$/,
  );
});

test("a second run replaces the result and keeps its id", async () => {
  const first = await run(fence("Date.now() > 0"));
  const ended = await server.run({ file, text: first.text, block: 0 });
  expect(ended.state).toBe("ok");
  const second = await readFile(file, "utf8");
  const id = /result id=(\w+)/;
  expect(id.exec(second)?.[1]).toBe(id.exec(first.text)?.[1]);
  expect(second.match(/vitrine:result/g)).toHaveLength(1);
});

test("bindings survive between blocks and const may be declared again", async () => {
  const text = "```js\nconst a = 1;\nlet b = a + 1;\n```\n\n```js\nconst a = b * 10;\na\n```\n";
  await writeFile(file, text);
  await server.run({ file, text, block: 0 });
  expect((await server.run({ file, text: await readFile(file, "utf8"), block: 1 })).summary).toBe(
    "20",
  );
});

test("TypeScript, top-level await and imports of project modules work", async () => {
  const { run: ended } = await run(
    fence(
      'import { add, count } from "./src/store";\nconst by: number = await Promise.resolve(4);\nadd(by);\ncount',
      "ts",
    ),
  );
  expect(ended).toMatchObject({ state: "ok", summary: "4" });
});

test("an error is a problem at the line and column of the block", async () => {
  const { run: ended, text } = await run(
    fence("const fine = 1;\nconst x = undefined;\n  x.missing();", "ts"),
  );
  expect(ended.state).toBe("error");
  expect(ended.problems).toEqual([
    expect.objectContaining({ file, line: 6, column: 5, severity: "error", source: "block" }),
  ]);
  expect(text).toContain("```text\nTypeError:");
  expect(text).toContain(`\n    at ${path.basename(file)}:6:5\n\`\`\``);
});

test("a syntax error is a problem at its place and runs nothing", async () => {
  const { run: ended } = await run(fence("globalThis.touched = true;\nconst = 3;"));
  expect(ended).toMatchObject({ state: "error", problems: [expect.objectContaining({ line: 5 })] });
  expect((await run(fence("typeof touched"))).run.summary).toBe('"undefined"');
});

test("stop ends a block that loops for ever, and the next run works", async () => {
  const text = fence("for (;;);");
  await writeFile(file, text);
  const { id } = await server.methods.runBlock({ file, text, block: 0 });
  await eventually("the block to run", () => server.runs.get(id)?.realm.startsWith("node-"));
  await server.methods.stopRun(id);
  const ended = await eventually("the end", () =>
    server.runs.get(id)?.state === "running" ? undefined : server.runs.get(id),
  );
  expect(ended.state).toBe("cancelled");
  expect(await readFile(file, "utf8")).toContain("state=cancelled");
  expect((await run(fence("1 + 1"))).run.summary).toBe("2");
});

test("process.exit ends the realm, says so, and the next run works", async () => {
  const { run: ended, text } = await run(fence("process.exit(7)"));
  expect(ended.state).toBe("error");
  expect(text).toContain("ended with code 7 while the block ran");
  expect((await run(fence("1 + 1"))).run.summary).toBe("2");
});

test("a Node realm has a name and an address of its own, and the block after a stop never meets the old process", async () => {
  const realm = async (): Promise<[name: string, pid: string]> => {
    const { run: ended } = await run(fence("process.pid"));
    return [ended.realm, ended.summary];
  };
  const [name, pid] = await realm();
  expect(name).toMatch(/^node-[a-z]+-\d{4}-\d\d$/);
  const text = fence("for (;;);");
  await writeFile(file, text);
  const { id } = await server.methods.runBlock({ file, text, block: 0 });
  await eventually("the block to run", () => server.runs.get(id)?.realm === name);
  await server.methods.stopRun(id);
  const next = await server.run({ file, text: fence("process.pid"), block: 0 });
  expect(next).toMatchObject({ state: "ok" });
  expect(next.summary).not.toBe(pid);
  expect(next.realm).not.toBe(name);
});

test("a crash of the process says so, and what nobody caught is told while the realm lives on", async () => {
  const { run: crashed, text } = await run(
    fence("process.kill(process.pid, 'SIGSEGV'); for (;;);"),
  );
  expect(crashed.state).toBe("error");
  expect(text).toContain("The Node process ended by SIGSEGV while the block ran");
  const { text: late } = await run(
    fence(
      "setTimeout(() => { throw new RangeError('nobody caught'); }); await new Promise((done) => setTimeout(done, 100));",
    ),
  );
  expect(late).toContain("RangeError: nobody caught");
  await eventually("the error in the output", () =>
    server.console.some(({ text: line }) => line.includes("RangeError: nobody caught")),
  );
});

test("console output is kept: the first two lines, a count, the last eight", async () => {
  const { text } = await run(fence("for (let i = 1; i <= 100; i++) console.log('line', i);"));
  for (const kept of ["line 1\n", "line 2\n", "line 93\n", "line 100\n"])
    expect(text).toContain(kept);
  expect(text).not.toContain("line 50\n");
  expect(text).toContain("90");
});

test("a realm that does not exist is answered with the ones that do", async () => {
  const { run: ended, text } = await run(fence("1", "js realm=7-zen-1201-03"));
  expect(ended.state).toBe("error");
  expect(text).toContain("There is no realm 7-zen-1201-03");
});

test("no secret of the editor reaches a block", async () => {
  const { run: ended } = await run(
    fence("JSON.stringify(Object.keys(process.env)) + process.execArgv.join()"),
  );
  expect(ended.summary).not.toMatch(/VSCODE|ELECTRON|NODE_OPTIONS|TOKEN|inspect/);
});

test("a document that the editor holds is edited there, not on disk", async () => {
  const placed: string[] = [];
  await using other = await startServer({
    folders: [root],
    host: { placeResult: async (placement) => placed.push(placement.region) > 0 },
  });
  const text = fence("6 * 7");
  await writeFile(file, text);
  await other.methods.documentChanged(file, "dirty");
  await other.run({ file, text, block: 0 });
  expect(placed[0]).toContain("```json\n42\n```");
  expect(await readFile(file, "utf8")).toBe(text);
});
