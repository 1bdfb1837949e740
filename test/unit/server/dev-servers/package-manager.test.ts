/** Which package manager a project uses, and whether its packages are missing (dev-servers 4.1.1). */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  arePackagesMissing,
  installCommandOf,
} from "../../../../src/server/dev-servers/detection/package-manager.ts";
import { removeTree, writeTree } from "../../../support/server.ts";

let root = "";
afterEach(() => removeTree(root));

test.each([
  [{}, "npm"],
  [{ "pnpm-lock.yaml": "" }, "pnpm"],
  [{ "yarn.lock": "" }, "yarn"],
  [{ "bun.lock": "" }, "bun"],
  [{ "package.json": '{ "packageManager": "pnpm@10.1.0" }', "yarn.lock": "" }, "pnpm"],
  [{ "package.json": '{ "packageManager": "rm -rf@1" }' }, "npm"],
])("a folder with %j is installed by %s", async (files, program) => {
  root = await writeTree(files);
  expect(await installCommandOf(root)).toEqual([program, "install"]);
});

test("a member of a workspace is installed by the package manager of its repository, and of nothing above that", async () => {
  root = await writeTree({
    "yarn.lock": "",
    "repository/pnpm-lock.yaml": "",
    "repository/.git/HEAD": "",
    "repository/packages/shop/package.json": "{}",
    "plain/.git/HEAD": "",
  });
  const shop = path.join(root, "repository/packages/shop");
  expect(await installCommandOf(shop)).toEqual(["pnpm", "install"]);
  expect(await installCommandOf(path.join(root, "plain"))).toEqual(["npm", "install"]);
});

test("packages are missing where some are named and none were ever installed, here or above", async () => {
  const named = '{ "dependencies": { "vue": "3" } }';
  root = await writeTree({
    "none/package.json": "{}",
    "named/package.json": named,
    "linked/package.json": named,
    "linked/.pnp.cjs": "",
    "above/packages/shop/package.json": named,
  });
  await mkdir(path.join(root, "above/node_modules"));
  const missing = (folder: string): Promise<boolean> => arePackagesMissing(path.join(root, folder));
  expect(await missing("none")).toBe(false);
  expect(await missing("named")).toBe(true);
  expect(await missing("linked")).toBe(false);
  expect(await missing("above/packages/shop")).toBe(false);
  expect(await missing("nowhere")).toBe(false);
});
