import path from "node:path";
import * as vite from "vite";
import { expect, onTestFinished, test } from "vitest";
import { readExportNames } from "../../../../src/server/vite-host/composite/export-names.ts";
import { removeTree, writeTree } from "../../../support/server.ts";

async function namesOf(name: string, text: string): Promise<readonly string[]> {
  const root = await writeTree({ [name]: text });
  onTestFinished(() => removeTree(root));
  return readExportNames(vite, path.join(root, name));
}

test("names of ES modules are all that they export", async () => {
  const text = `export const a = 1, b = 2; export function c() {} export class D {} export default { inner: 1 };
const e = 5; export { e, e as "not a name", e as f };`;
  expect(await namesOf("x.mjs", text)).toEqual(["D", "a", "b", "c", "default", "e", "f"]);
});

test("names of CommonJS are those that it has when it has run", async () => {
  const text = `for (const name of ["a", "b", "is-no-name"]) module.exports[name] = 1;`;
  expect(await namesOf("x.cjs", text)).toEqual(expect.arrayContaining(["a", "b", "default"]));
  expect(await namesOf("x.cjs", text)).not.toContain("is-no-name");
});

test("names of a module that runs only in a browser are read from its text", async () => {
  const text = `document.title; export const a = 1; export function b() {} export default 1; export { a as c };`;
  expect(await namesOf("x.mjs", text)).toEqual(["a", "b", "c"]);
});
