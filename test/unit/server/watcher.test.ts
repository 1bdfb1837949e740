/** The watcher on a real folder: bursts, torn saves, replaced and deleted files, new folders. */
import {
  mkdir,
  mkdtemp,
  open,
  realpath,
  rename,
  rm,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Watcher, type WatchEvent } from "../../../src/server/vite-host/watcher.ts";
import { eventually } from "../../support/eventually.ts";

interface Seen {
  readonly event: WatchEvent;
  readonly file: string;
  readonly content: string;
}

let root: string;
let watcher: Watcher;
let seen: Seen[];
let accepts: (content: string) => boolean;
const at = (name: string): string => path.join(root, name);
const names = (): string[] =>
  seen.map(({ event, file }) => `${event} ${path.relative(root, file)}`);
const latest = (name: string): string | undefined =>
  seen.findLast(({ file }) => file === at(name))?.content;

beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-watch-")));
  await mkdir(at("src"));
  await writeFile(at("src/a.ts"), "export const a = 1;");
  seen = [];
  accepts = () => true;
  watcher = new Watcher({
    root,
    ignored: (file) => file.includes("node_modules"),
    accepts: async (_file, content) => accepts(String(content)),
    changed: (event, file) =>
      seen.push({ event, file, content: String(watcher.delivered(file) ?? "") }),
    failed: (error) => {
      throw error;
    },
  });
  await watcher.start();
});
afterEach(async () => {
  watcher.close();
  await rm(root, { recursive: true, force: true });
});

test("the last of a burst of saves is delivered, each content once", async () => {
  for (let save = 1; save <= 200; save++)
    await writeFile(at("src/a.ts"), `export const a = ${save};`);
  await eventually("the last save", () => latest("src/a.ts") === "export const a = 200;", 2000);
  const contents = seen.map(({ content }) => content);
  expect(new Set(contents).size).toBe(contents.length);
});

test("a save with equal content is not delivered", async () => {
  await writeFile(at("src/a.ts"), "export const a = 2;");
  await eventually("the change", () => seen.length === 1, 2000);
  await writeFile(at("src/a.ts"), "export const a = 2;");
  await utimes(at("src/a.ts"), new Date(), new Date());
  await writeFile(at("src/b.ts"), "marker");
  await eventually("the marker", () => seen.some(({ file }) => file === at("src/b.ts")), 2000);
  expect(names()).toEqual(["change src/a.ts", "add src/b.ts"]);
});

test("a file that is empty for a moment is never delivered empty", async () => {
  for (let save = 0; save < 20; save++) {
    const file = await open(at("src/a.ts"), "w");
    await new Promise((resolve) => setTimeout(resolve, 15));
    await file.writeFile(`export const a = ${save};`);
    await file.close();
  }
  await eventually("the last save", () => latest("src/a.ts") === "export const a = 19;", 2000);
  expect(seen.map(({ content }) => content)).not.toContain("");
});

test("a file that stays empty is believed after half a second", async () => {
  const began = performance.now();
  await writeFile(at("src/a.ts"), "");
  await eventually("the empty file", () => seen.length === 1, 3000);
  expect(performance.now() - began).toBeGreaterThan(450);
  expect(latest("src/a.ts")).toBe("");
});

test("shorter content that makes no sense is read again before it is delivered", async () => {
  accepts = (content) => content.endsWith(";");
  await writeFile(at("src/a.ts"), "export const a = 'something long';");
  await eventually("the first", () => seen.length === 1, 2000);
  const file = await open(at("src/a.ts"), "w");
  await file.write("export const a");
  await new Promise((resolve) => setTimeout(resolve, 40));
  await file.write(" = 'short';");
  await file.close();
  await eventually("the whole", () => latest("src/a.ts") === "export const a = 'short';", 2000);
  expect(seen.map(({ content }) => content)).not.toContain("export const a");
});

test("a file replaced by rename is a change, a thousand times", async () => {
  for (let save = 1; save <= 1000; save++) {
    await writeFile(at("src/.a.ts.tmp"), `export const a = ${save};`);
    await rename(at("src/.a.ts.tmp"), at("src/a.ts"));
  }
  await eventually("the last save", () => latest("src/a.ts") === "export const a = 1000;", 5000);
  expect(seen.filter(({ file, event }) => file === at("src/a.ts") && event !== "change")).toEqual(
    [],
  );
});

test("an editor that saves by delete and create causes one change", async () => {
  await unlink(at("src/a.ts"));
  await new Promise((resolve) => setTimeout(resolve, 30));
  await writeFile(at("src/a.ts"), "export const a = 3;");
  await eventually("the change", () => latest("src/a.ts") === "export const a = 3;", 2000);
  expect(names()).toEqual(["change src/a.ts"]);
});

test("a deleted file is told once", async () => {
  await unlink(at("src/a.ts"));
  await eventually("the deletion", () => names().includes("unlink src/a.ts"), 2000);
  expect(names()).toEqual(["unlink src/a.ts"]);
});

test("folders made later are watched, with what is in them, and deleted ones are told", async () => {
  await mkdir(at("src/new/deep"), { recursive: true });
  await writeFile(at("src/new/deep/b.ts"), "1");
  await eventually("the new file", () => names().includes("add src/new/deep/b.ts"), 2000);
  await writeFile(at("src/new/deep/b.ts"), "2");
  await eventually("its change", () => names().includes("change src/new/deep/b.ts"), 2000);
  await rm(at("src/new"), { recursive: true });
  await eventually(
    "its deletion",
    () => names().includes("unlink src/new/deep/b.ts") && names().includes("unlinkDir src/new"),
    2000,
  );
});

test("ignored folders are silent, added files outside are heard", async () => {
  const outside = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-outside-")));
  try {
    await writeFile(path.join(outside, "linked.ts"), "1");
    await writeFile(path.join(outside, "other.ts"), "1");
    watcher.add([path.join(outside, "linked.ts")]);
    await mkdir(at("node_modules"));
    await writeFile(at("node_modules/x.js"), "1");
    await writeFile(path.join(outside, "other.ts"), "2");
    await writeFile(path.join(outside, "linked.ts"), "2");
    await eventually("the linked file", () => seen.length > 0, 2000);
    expect(seen.map(({ file }) => path.basename(file))).toEqual(["linked.ts"]);
  } finally {
    await rm(outside, { recursive: true });
  }
});
