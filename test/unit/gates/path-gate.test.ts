import { execFileSync } from "node:child_process";
import {
  link,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { createOwnFolder, removeOwnFolder } from "../../../src/server/files/own-folder.ts";
import { createPathGate, type PathGate } from "../../../src/server/files/path-gate.ts";
import { isWithin, platformRules, type PathRules } from "../../../src/server/files/path-rules.ts";

interface Tree {
  readonly folder: string;
  readonly root: string;
  readonly gate: PathGate;
}

/** A different canary in every place that must not be read. */
async function tree(rules?: PathRules): Promise<Tree> {
  const folder = await mkdtemp(path.join(tmpdir(), "vitrine-paths-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files: Record<string, string> = {
    "secret.txt": "canary parent",
    "proj-private/x": "canary sibling",
    "home/.ssh/id_rsa": "canary home",
    "other/x.js": "canary other session",
    "shared/lib.js": "shared",
    "proj/a.js": "a",
    "proj/a#b.js": "hash",
    "proj/100%.js": "percent",
    "proj/日本.md": "japan",
    "proj/sub/b.js": "b",
    "proj/.env": "canary env",
    "proj/a.pem": "canary key",
    "proj/.git/config": "canary git",
    "proj/sub/.npmrc": "canary npmrc",
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  const links: Record<string, string> = {
    "to-file": "../secret.txt",
    "to-folder": "../proj-private",
    "to-link": "to-file",
    dangling: "../nothing",
    loop: "loop",
    "to-env": ".env",
    inside: "sub/b.js",
    "inside-folder": "sub",
    "to-shared": "../shared",
    "public/out.js": "../../other/x.js",
    "node_modules/pkg": "../../home",
  };
  for (const [name, target] of Object.entries(links)) {
    await mkdir(path.dirname(path.join(folder, "proj", name)), { recursive: true });
    await symlink(target, path.join(folder, "proj", name));
  }
  const root = path.join(folder, "proj");
  const gate = createPathGate({
    roots: [root, path.join(folder, "shared")],
    ...(rules === undefined ? {} : { rules }),
  });
  return { folder, root, gate };
}

async function contentOf(
  gate: PathGate,
  name: string,
  kind: "url" | "json" = "json",
): Promise<string> {
  try {
    const file = await gate.open(name, kind);
    const content = await file.handle.readFile("utf8");
    await file.handle.close();
    expect(file.size).toBe(Buffer.byteLength(content));
    return content;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test("files of the roots are read, also through links that stay inside", async () => {
  const { gate, root, folder } = await tree();
  const rows = {
    "a.js": "a",
    "sub/b.js": "b",
    "a#b.js": "hash",
    "100%.js": "percent",
    "日本.md": "japan",
    inside: "b",
    "inside-folder/b.js": "b",
    "to-shared/lib.js": "shared",
  };
  for (const [name, content] of Object.entries(rows))
    expect(await contentOf(gate, name), name).toBe(content);
  expect(await contentOf(gate, "/a%23b.js", "url")).toBe("hash");
  expect(await contentOf(gate, "/100%25.js", "url")).toBe("percent");
  expect(await gate.resolve("to-shared/lib.js")).toBe(path.join(folder, "shared/lib.js"));
  expect(await gate.resolve("new/deep/file.js")).toBe(path.join(root, "new/deep/file.js"));
});

test("nothing outside, denied, missing or irregular is read, and the answer does not tell which it was", async () => {
  const { gate, root } = await tree();
  const same = [
    "to-file",
    "to-folder/x",
    "to-folder/missing",
    "to-link",
    "dangling",
    "dangling/x",
    "loop",
    "loop/x",
    "to-env",
    "public/out.js",
    "node_modules/pkg/x",
    "missing",
    "sub",
    "a.js/x",
    "inside-folder",
  ];
  for (const name of same) expect(await contentOf(gate, name), name).toBe("not_found");
  for (const name of [
    ".env",
    ".ENV",
    ".env.missing",
    "a.pem",
    "missing.pem",
    ".git/config",
    "sub/.npmrc",
    "../secret.txt",
    "../proj-private/x",
    "%2e%2e/secret.txt",
  ]) {
    expect(await contentOf(gate, name), name).toBe("path_refused");
  }
  for (const name of [
    "to-folder/new",
    "dangling",
    "dangling/new",
    "to-env",
    "loop/new",
    "a.js/new",
  ]) {
    await expect(gate.resolve(name), name).rejects.toMatchObject({ code: "not_found" });
  }
  await expect(gate.open("to-file")).rejects.toThrow('There is no file "to-file"; check the name');
  const error = await gate.open("to-file").catch((reason: Error) => reason);
  expect(JSON.stringify(error)).not.toContain(root);
});

test("pipes, sockets and devices give no file at once, and stop nobody else", async () => {
  const { gate, root } = await tree();
  execFileSync("mkfifo", [path.join(root, "pipe")]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path.join(root, "socket"), resolve));
  onTestFinished(() => void server.close());
  const start = performance.now();
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, () => contentOf(gate, "pipe")),
    contentOf(gate, "socket"),
    contentOf(gate, "a.js"),
  ]);
  expect(answers).toEqual([...Array.from({ length: 21 }, () => "not_found"), "a"]);
  expect(performance.now() - start).toBeLessThan(1000);
});

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
    let isOver = false;
    const ended = new Promise<void>(
      (resolve, reject) =>
        void worker.on("error", reject).on("exit", () => resolve(((isOver = true), undefined))),
    );
    const seen = new Map<string, number>();
    while (!isOver) {
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

test("absolute paths are inside only where they really lead inside", async () => {
  const { gate, root, folder } = await tree();
  const inside = [
    root,
    `${root}/`,
    path.join(root, "a.js"),
    path.join(root, "new/file"),
    path.join(root, "inside"),
    path.join(folder, "shared/lib.js"),
    path.join(root, "to-shared"),
  ];
  const outside = [
    folder,
    path.join(folder, "proj-private/x"),
    `${root}-private/x`,
    path.join(root, "to-file"),
    path.join(root, "to-folder/x"),
    path.join(root, "dangling"),
    path.join(root, "loop"),
    path.join(root, ".env"),
    path.join(root, "to-env"),
    path.join(root, ".git/config"),
    `${root}/../secret.txt`,
    `${root}/sub/../a.js`,
    `${root}/./a.js`,
    `/${root}/a.js`,
    "//host/share/x",
    "\\\\host\\share",
    "a.js",
    "",
    "~",
    `${root}/a\0.js`,
    7 as unknown as string,
    undefined as unknown as string,
  ];
  for (const file of inside) expect(await gate.contains(file), file).toBe(true);
  for (const file of outside) expect(await gate.contains(file), String(file)).toBe(false);
});

test("a root that is missing or replaced by a link gives nothing, until it is there", async () => {
  const { folder } = await tree();
  const root = path.join(folder, "later");
  const gate = createPathGate({ roots: [root] });
  expect([await contentOf(gate, "x"), await gate.contains(path.join(root, "x"))]).toEqual([
    "not_found",
    false,
  ]);
  await mkdir(root);
  await writeFile(path.join(root, "x"), "mine");
  expect(await contentOf(gate, "x")).toBe("mine");
  await rename(root, `${root}.old`);
  expect(await contentOf(gate, "x")).toBe("not_found");
  await symlink(path.join(folder, "proj-private"), root);
  expect([await contentOf(gate, "x"), await gate.contains(path.join(root, "x"))]).toEqual([
    "not_found",
    false,
  ]);
  expect(await contentOf(createPathGate({ roots: [] }), "x")).toBe("not_found");
});

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
