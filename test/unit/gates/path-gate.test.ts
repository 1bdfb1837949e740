import path from "node:path";
import { execFileSync } from "node:child_process";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createPathGate } from "../../../src/server/files/path-gate.ts";
import { tree, contentOf } from "./path-fixture.ts";

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
  for (const file of outside) expect(await gate.contains(file), file).toBe(false);
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

test("a root that lies where names are denied was named on purpose", async () => {
  const { root } = await tree();
  const inner = path.join(root, ".vscode");
  await mkdir(inner);
  await writeFile(path.join(inner, "x"), "settings");
  expect(await createPathGate({ roots: [root] }).contains(path.join(inner, "x"))).toBe(false);
  expect(await createPathGate({ roots: [root, inner] }).contains(path.join(inner, "x"))).toBe(true);
  expect(await contentOf(createPathGate({ roots: [inner] }), "x")).toBe("settings");
});
