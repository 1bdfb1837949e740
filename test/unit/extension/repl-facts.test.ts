import { expect, test } from "vitest";
import { mkdtemp, mkdir, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { editDirty, readDirty } from "../../../src/extension/dirty-edits.ts";
import { FolderLinks } from "../../../src/extension/folder-links.ts";
import { missingIgnores } from "../../../src/extension/logs/gitignore.ts";
import { isLogPath, isReplPath } from "../../../src/extension/logs/repl-paths.ts";
import { replAfterServerLoss, testsAfterServerLoss } from "../../../src/extension/mirror-facts.ts";
import { createState } from "../../../src/extension/state.ts";
import type { TestRun } from "../../../src/protocol/model.ts";
import { log, repl } from "./logs.ts";

test("the registry and the files in daebug/ are no documents, whatever else is", () => {
  const folder = "/projects/shop";
  const files = ["daebug.md", "daebug/a.md", "daebug/deep/a.md", "daebug/a.txt", "docs/daebug.md"];
  const own = files.filter((file) => isReplPath(folder, `${folder}/${file}`));
  expect(own).toEqual(["daebug.md", "daebug/a.md"]);
  expect(isLogPath(folder, `${folder}/daebug.md`)).toBe(false);
  expect(isReplPath(undefined, "/daebug/a.md")).toBe(false);
});

test("only the lines that are missing are offered for .gitignore", () => {
  const added = ["", "dist", "dist\n", "daebug*\n", "/daebug.md\n", "daebug.md\r\n/daebug\r\n"];
  expect(added.map(missingIgnores)).toEqual([
    "/daebug.md\n/daebug/\n",
    "\n/daebug.md\n/daebug/\n",
    "/daebug.md\n/daebug/\n",
    "",
    "/daebug/\n",
    "",
  ]);
});

test("which REPLs are on survives a reload, and the offer is made once", () => {
  const stored = new Map<string, unknown>();
  const state = createState({
    keys: () => [],
    get: (key: string) => stored.get(key) as never,
    update: (key, value: unknown) => Promise.resolve(void stored.set(key, value)),
  });
  state.setRepl("/a", true);
  state.setRepl("/b", true);
  state.setRepl("/a", true);
  state.setRepl("/b", false);
  expect(state.repls()).toEqual(["/a"]);
  expect([state.ignoreOffered("/a"), state.ignoreOffered("/a")]).toEqual([false, true]);
  stored.set("vitrine.repls", { edited: "by hand" });
  expect(state.repls()).toEqual([]);
});

test("without a server logs are offline, and a test run has failed", () => {
  const active = { job: "j", agent: "a", since: 0, line: 1 };
  const lost = replAfterServerLoss(repl({ logs: [log({ state: "executing", active })] }));
  expect(lost.logs).toEqual([log({ state: "offline" })]);
  const run = { state: "running" } as TestRun;
  expect(testsAfterServerLoss(run)).toEqual({ state: "failed", error: "The server ended" });
  expect(testsAfterServerLoss({ ...run, state: "done" }).state).toBe("done");
});

test("a folder that is a link keeps the user's spelling in the editor and the real one for the server", async () => {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "vt-links-")));
  try {
    await mkdir(path.join(folder, "real"));
    await symlink(path.join(folder, "real"), path.join(folder, "link"));
    const links = new FolderLinks();
    expect(await links.learn(path.join(folder, "link"))).toBe(path.join(folder, "real"));
    expect(links.shown(path.join(folder, "real", "a.md"))).toBe(path.join(folder, "link", "a.md"));
    expect(links.real(path.join(folder, "link", "a.md"))).toBe(path.join(folder, "real", "a.md"));
    expect(links.shown(path.join(folder, "really.md"))).toBe(path.join(folder, "really.md"));
    expect(await links.learn("/nowhere/at/all")).toBe("/nowhere/at/all");
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** A document as far as edits look at it. */
function document(change: { isDirty?: boolean; isClosed?: boolean } = {}) {
  const text = "half a request";
  return { isDirty: true, isClosed: false, version: 7, getText: () => text, ...change } as never;
}
const edit = { file: "/a.md", version: 7, start: 0, end: 4, text: "a whole" };

test("an open document with unsaved changes is read with its version, any other is not", () => {
  expect(readDirty(document())).toEqual({ text: "half a request", version: 7 });
  expect(readDirty(document({ isDirty: false }))).toBeUndefined();
  expect(readDirty(document({ isClosed: true }))).toBeUndefined();
  expect(readDirty(undefined)).toBeUndefined();
});

test("an edit is applied to the version it was made for, and to no other", async () => {
  const applied: unknown[] = [];
  const apply = (_document: unknown, change: unknown): Promise<boolean> => {
    applied.push(change);
    return Promise.resolve(true);
  };
  expect(await editDirty(document(), edit, apply)).toBe(true);
  expect(await editDirty(document(), { ...edit, version: 6 }, apply)).toBe(false);
  expect(await editDirty(document({ isDirty: false }), edit, apply)).toBe(false);
  expect(await editDirty(undefined, edit, apply)).toBe(false);
  expect(applied).toEqual([edit]);
});

test("an edit that VS Code refuses says so, and one that changes nothing needs no asking", async () => {
  const refuse = (): Promise<boolean> => Promise.resolve(false);
  expect(await editDirty(document(), edit, refuse)).toBe(false);
  expect(await editDirty(document(), { ...edit, end: 0, text: "" }, refuse)).toBe(true);
});
