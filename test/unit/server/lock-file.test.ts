import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { clearDeadLocks, lock, lockOwner, unlock } from "../../../src/server/lock-file.ts";
import { processStart } from "../../../src/server/processes.ts";

async function lockFile(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "vitrine-lock-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, "daebug", ".lock");
}

const own = async (): Promise<{ pid: number; start: string }> => ({
  pid: process.pid,
  start: (await processStart(process.pid)) ?? "",
});

test("a lock has one owner, and only the owner takes it away", async () => {
  const file = await lockFile();
  const owner = await own();
  expect(await lock(file, owner)).toBe(true);
  expect(await lock(file, owner)).toBe(true);
  const other = { pid: 1, start: "other" };
  expect(await lock(file, other)).toBe(false);
  await unlock(file, other);
  expect(await lockOwner(file)).toEqual(owner);
  await unlock(file, owner);
  expect(await lockOwner(file)).toBeUndefined();
  expect(await readdir(path.dirname(file))).toEqual([]);
});

test("the lock of a dead process, of one whose number is used again, or of nobody is taken over", async () => {
  const file = await lockFile();
  const owner = await own();
  await lock(file, owner);
  const stale = [
    JSON.stringify({ pid: 4_000_000, start: "1" }),
    JSON.stringify({ pid: process.ppid, start: "another start" }),
    "",
    "no json",
    "null",
  ];
  for (const content of stale) {
    await writeFile(file, content);
    expect(await lock(file, owner), content).toBe(true);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(owner);
  }
});

test("locks of dead processes are cleared, those of live ones and other files stay", async () => {
  const folder = path.dirname(await lockFile());
  await clearDeadLocks(folder, await own());
  const parent = { pid: process.ppid, start: await processStart(process.ppid) };
  const files = {
    "1.json": parent,
    "2.json": { pid: 4_000_000, start: "1" },
    "3.json": { ...parent, start: "another start" },
    "notes.txt": {},
  };
  await mkdir(folder);
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(folder, name), JSON.stringify(content));
  await clearDeadLocks(folder, await own());
  expect((await readdir(folder)).toSorted()).toEqual(["1.json", "notes.txt"]);
});

const contender = `
  const [lib, processes, file] = process.argv.slice(1);
  const { lock } = await import(lib);
  const { processStart } = await import(processes);
  const owner = { pid: process.pid, start: await processStart(process.pid) };
  console.log("ready");
  process.stdin.once("data", async () => {
    console.log(String(await lock(file, owner)));
    // Alive until told to go, as a server would be.
  }).once("end", () => process.exit());
`;

test(
  "of many that try at the same moment one gets it, also when a dead one has it",
  { timeout: 60_000 },
  async () => {
    const source = (name: string): string =>
      pathToFileURL(path.resolve(import.meta.dirname, `../../../src/server/${name}.ts`)).href;
    for (const dead of [undefined, JSON.stringify({ pid: 4_000_000, start: "1" })]) {
      const file = await lockFile();
      if (dead !== undefined) {
        await lock(file, await own());
        await writeFile(file, dead);
      }
      const children = Array.from({ length: 5 }, () =>
        spawn(
          process.execPath,
          ["--input-type=module", "-e", contender, source("lock-file"), source("processes"), file],
          { stdio: ["pipe", "pipe", "inherit"] },
        ),
      );
      const lines = children.map((child) =>
        createInterface({ input: child.stdout })[Symbol.asyncIterator](),
      );
      const next = (): Promise<string[]> =>
        Promise.all(lines.map(async (line) => String((await line.next()).value)));
      expect(new Set(await next())).toEqual(new Set(["ready"]));
      for (const child of children) child.stdin.write("go");
      const answers = await next();
      const ended = children.map((child) => once(child, "exit"));
      for (const child of children) child.stdin.end();
      await Promise.all(ended);
      expect(
        answers.filter((answer) => answer === "true"),
        answers.join(),
      ).toHaveLength(1);
    }
  },
);
