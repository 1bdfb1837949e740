import { once } from "node:events";
import path from "node:path";
import {
  link,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { createOwnFolder, removeOwnFolder } from "../../../src/server/files/own-folder.ts";
import { createPathGate } from "../../../src/server/files/path-gate.ts";
import { isWithin, platformRules, type PathRules } from "../../../src/server/files/path-rules.ts";
import { tree, contentOf } from "./path-fixture.ts";

const flipper = `
  const { renameSync, symlinkSync, unlinkSync } = require("node:fs");
  const { workerData: [folder, times] } = require("node:worker_threads");
  for (let round = 0; round < times; round++) {
    renameSync(folder, folder + ".real");
    symlinkSync("../proj-private", folder);
    unlinkSync(folder);
    renameSync(folder + ".real", folder);
  }
`;

test.each([
  ["as the system tells it", undefined],
  ["by watching the folders", { ...platformRules(), handlePath: async () => undefined }],
])(
  "while a folder and a link change places 10 000 times, not one byte from outside is read (%s)",
  { timeout: 60_000 },
  async (_, rules) => {
    const { gate, root, folder } = await tree(rules);
    await writeFile(path.join(root, "sub", "x"), "inner");
    const worker = new Worker(flipper, {
      eval: true,
      workerData: [path.join(root, "sub"), 10_000],
    });
    const ended = once(worker, "exit");
    const seen = new Map<string, number>();
    // It is -1 once the worker has ended.
    while (worker.threadId > 0) {
      for (const content of await Promise.all([
        contentOf(gate, "sub/x"),
        contentOf(gate, "sub/x"),
        contentOf(gate, "inside-folder/x"),
      ])) {
        seen.set(content, (seen.get(content) ?? 0) + 1);
      }
    }
    await ended;
    console.log(
      `path gate race: ${[...seen].map(([content, count]) => `${count} ${content}`).join(", ")}`,
    );
    expect(
      [...seen.keys()].filter((content) => content !== "inner" && content !== "not_found"),
    ).toEqual([]);
    expect(seen.get("inner")).toBeGreaterThan(0);
    expect(await readFile(path.join(folder, "proj-private/x"), "utf8")).toBe("canary sibling");
  },
);

test("a disk in trouble is not mistaken for a missing file, and a handle that cannot be checked is closed", async () => {
  const rules = platformRules();
  const failing = (part: Partial<PathRules["disk"]>): PathRules => ({
    ...rules,
    handlePath: async () => undefined,
    disk: { ...rules.disk, ...part },
  });
  const broken = async (): Promise<never> => {
    throw Object.assign(new Error("EMFILE"), { code: "EMFILE" });
  };
  const { gate } = await tree(failing({ open: broken }));
  await expect(gate.open("a.js")).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("(EMFILE)"),
  });
  let opened: FileHandle | undefined;
  const open: PathRules["disk"]["open"] = async (file, flags) =>
    (opened = await rules.disk.open(file, flags));
  const second = await tree(failing({ open, lstat: broken }));
  await expect(second.gate.open("a.js")).rejects.toMatchObject({ code: "internal" });
  expect(opened?.fd).toBe(-1);
});

test("without help of the system a handle counts only when the path still leads to it", async () => {
  const { gate, root } = await tree({ ...platformRules(), handlePath: async () => undefined });
  expect(await contentOf(gate, "a.js")).toBe("a");
  await link(path.join(root, "a.js"), path.join(root, "second.js"));
  expect(await contentOf(gate, "second.js")).toBe("a");
  const proc = platformRules("linux");
  expect(await proc.handlePath({ fd: 1_000_000 } as FileHandle)).toBeUndefined();
  expect(await platformRules("darwin").handlePath({ fd: 1 } as FileHandle)).toBeUndefined();
});

/** A disk of another system, as a table from path to real path. */
function fakeRules(
  platform: NodeJS.Platform,
  reals: Readonly<Record<string, string>>,
): { rules: PathRules; asked: string[] } {
  const asked: string[] = [];
  const missing = async (): Promise<never> => {
    throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
  };
  const realpath = async (file: string): Promise<string> => {
    asked.push(file);
    return reals[file.toLowerCase()] ?? missing();
  };
  return {
    asked,
    rules: { ...platformRules(platform), disk: { realpath, lstat: missing, open: missing } },
  };
}

test("on Windows case, drives, network paths and streams are understood, and no network path is ever asked for", async () => {
  const reals = {
    "c:\\proj": "C:\\Proj",
    "c:\\proj\\a.js": "C:\\PROJ\\A.js",
    "c:\\proj\\out": "C:\\proj-private",
    "c:\\proj\\net": "\\\\host\\share",
    "c:\\proj\\d": "D:\\proj\\a",
    "c:\\": "C:\\",
  };
  const { rules, asked } = fakeRules("win32", reals);
  const gate = createPathGate({ roots: ["C:\\proj"], rules });
  expect(await gate.resolve("a.js")).toBe("C:\\PROJ\\A.js");
  expect(await gate.resolve("new.js")).toBe("C:\\Proj\\new.js");
  for (const name of ["out", "net", "d"])
    await expect(gate.resolve(name), name).rejects.toMatchObject({ code: "not_found" });
  const inside = ["C:\\proj\\a.js", "c:\\proj\\a.js", "C:/proj/a.js", "C:\\proj\\new\\x.js"];
  const outside = [
    "\\\\host\\share\\x",
    "//host/share/x",
    "\\\\?\\C:\\proj\\a.js",
    "C:a.js",
    "\\proj\\a.js",
    "/proj/a.js",
    "C:\\proj\\a.js:stream",
    "C:\\proj\\..\\x",
    "C:\\proj\\out",
    "D:\\x",
  ];
  for (const file of inside) expect(await gate.contains(file), file).toBe(true);
  for (const file of outside) expect(await gate.contains(file), file).toBe(false);
  expect(asked.filter((file) => /^[\\/]{2}/.test(file))).toEqual([]);
});

test("containment compares whole segments, by the rules of the system", () => {
  const rows: readonly (readonly [NodeJS.Platform, string, string, boolean])[] = [
    ["linux", "/w/proj", "/w/proj", true],
    ["linux", "/w/proj", "/w/proj/x", true],
    ["linux", "/w/proj", "/w/proj-private/x", false],
    ["linux", "/w/proj", "/w/PROJ/x", false],
    ["linux", "/w/proj", "/w", false],
    ["linux", "/", "/w", true],
    ["darwin", "/w/Proj", "/w/pROJ/x", true],
    ["darwin", "/w/e\u0301", "/w/\u00e9/x", true],
    ["darwin", "/w/proj", "/w/projx", false],
    ["win32", "C:\\w", "c:\\W\\x", true],
    ["win32", "C:\\w", "C:\\wx", false],
    ["win32", "C:\\w", "D:\\w", false],
    ["win32", "\\\\host\\share", "\\\\HOST\\share\\x", true],
    ["win32", "\\\\host\\share", "C:\\host\\share", false],
  ];
  for (const [platform, root, file, expected] of rows)
    expect(isWithin(root, file, platformRules(platform)), `${root} ${file}`).toBe(expected);
});

test("only a folder that we made is deleted, and links in it are not followed", async () => {
  const { folder } = await tree();
  const own = await createOwnFolder(folder);
  await symlink(path.join(folder, "proj-private"), path.join(own.path, "link"));
  await removeOwnFolder(own);
  await removeOwnFolder(own);
  expect(await readFile(path.join(folder, "proj-private/x"), "utf8")).toBe("canary sibling");

  const replaced = await createOwnFolder(folder);
  await rename(replaced.path, `${replaced.path}.old`);
  await symlink(path.join(folder, "proj-private"), replaced.path);
  await expect(removeOwnFolder(replaced)).rejects.toMatchObject({ code: "path_refused" });
  await rm(replaced.path);
  await mkdir(replaced.path);
  await writeFile(path.join(replaced.path, "theirs"), "canary user");
  await expect(removeOwnFolder(replaced)).rejects.toMatchObject({ code: "path_refused" });
  await expect(
    removeOwnFolder({ ...own, path: path.join(folder, "secret.txt", "x") }),
  ).rejects.toMatchObject({ code: "ENOTDIR" });
  expect(await readFile(path.join(replaced.path, "theirs"), "utf8")).toBe("canary user");
  expect(await readFile(path.join(folder, "proj-private/x"), "utf8")).toBe("canary sibling");
});
