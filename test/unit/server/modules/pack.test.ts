import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { PACKS_GLOBAL } from "../../../../src/protocol/packs.ts";
import { createPack, locate, packBytes, packText } from "../../../../src/server/modules/pack.ts";
import { parseModules, printModules } from "../../../../src/server/modules/stored-modules.ts";
import { walk, type ModuleSource } from "../../../../src/server/modules/walk.ts";
import {
  hashOf,
  withoutImportAwaits,
  type PackedModule,
} from "../../../../src/server/modules/wrap.ts";

function moduleOf(code: string, deps: readonly string[] = []): PackedModule {
  const text = `function(){"use strict";\n${code}\n}`;
  return { text, deps, isAsync: false, hash: hashOf(text) };
}

const modules = new Map<string, PackedModule | null>([
  ["/a.ts", moduleOf("first\nsecond", ["/b.ts"])],
  ["https://elsewhere.example/x.js", null],
  ["/b.ts", moduleOf("third")],
]);

test("a pack is a script that registers its modules, in an array while there is no runtime", () => {
  const context: Record<string, unknown> = {};
  context["self"] = context;
  runInNewContext(packText(createPack(modules)), context);
  const [[hash, registered]] = context[PACKS_GLOBAL] as [[string, Record<string, unknown[]>]];
  expect(hash).toBe(createPack(modules).hash);
  expect(Object.keys(registered)).toEqual([...modules.keys()]);
  expect(registered["/a.ts"]?.slice(0, 2)).toEqual([["/b.ts"], 0]);
});

test("the name of a pack follows its content", () => {
  const changed = new Map(modules).set("/b.ts", moduleOf("other"));
  expect(createPack(changed).hash).not.toBe(createPack(modules).hash);
  expect(createPack(modules, "runtime").hash).not.toBe(createPack(modules).hash);
});

test.each(["", "one line", "two\nlines"])(
  "lines of a pack with the head %j lead to their modules",
  (head) => {
    const pack = createPack(modules, head);
    const lines = packText(pack).split("\n");
    for (const [text, key, line] of [
      ["first", "/a.ts", 0],
      ["second", "/a.ts", 1],
      ["third", "/b.ts", 0],
    ] as const)
      expect(locate(pack, lines.indexOf(text))).toMatchObject({ section: { key }, line });
    expect(locate(pack, 0)).toBeUndefined();
    expect(locate(pack, lines.length - 2)).toBeUndefined();
  },
);

test("stored modules are read as they were, and not at all when they were cut", () => {
  const stored = new Map([
    ["/a.ts", moduleOf("ä\n1")],
    ["/b.ts", moduleOf("2", ["/a.ts"])],
  ]);
  const bytes = printModules(stored);
  const read = parseModules(bytes);
  expect([...(read?.modules ?? [])].map(([key, module]) => [key, { ...module }])).toEqual([
    ...stored,
  ]);
  const [ready, made] = [createPack(stored, "", read?.body), createPack(stored)];
  expect(packBytes(ready).toString()).toBe(packText(made));
  expect(parseModules(bytes.subarray(0, -1))).toBeUndefined();
  expect(parseModules(Buffer.from(""))).toBeUndefined();
  expect(parseModules(Buffer.from("{}\n"))).toBeUndefined();
});

test.each([
  `__vite_ssr_exportName__("x", () => { try { return x } catch {} });
const __vite_ssr_import_0__ = await __vite_ssr_import__("/b.ts");
__vite_ssr_exportAll__(__vite_ssr_import_0__);
const __vite_ssr_import_1__ = await __vite_ssr_import__("/c\\".ts", {"importedNames":["c","d"]});
const text = "const __vite_ssr_import_2__ = await nothing";
`,
  `Object.defineProperty(__vite_ssr_exports__, "x", { enumerable: true, configurable: true, get(){ try { return x } catch {} }});
const __vite_ssr_import_0__ = await __vite_ssr_import__("/b.ts");__vite_ssr_exportAll__(__vite_ssr_import_0__);

const __vite_ssr_import_1__ = await __vite_ssr_import__("/c.ts", {"importedNames":["c"]});// a comment
await 1;
`,
])("the word await goes from imports alone, in the form of each Vite (%#)", (code) => {
  const made = withoutImportAwaits(code);
  expect(made.isComplete).toBe(true);
  expect(made.code).toBe(code.replaceAll("= await __vite_ssr_import__", "= __vite_ssr_import__"));
  expect(withoutImportAwaits(`f();\n${code}`).isComplete).toBe(false);
});

function sourceOf(load: (key: string) => PackedModule | null): ModuleSource {
  return { load: async (key) => load(key), settled: async () => {} };
}

test("a walk finds everything once, cycles included, and stops at what is there already", async () => {
  const asked: string[] = [];
  const graph: Record<string, string[]> = { a: ["b", "c"], b: ["a"], c: ["d"], d: [] };
  const source = sourceOf((key) => {
    asked.push(key);
    return moduleOf(key, graph[key]);
  });
  expect([...(await walk(source, ["a"])).keys()].toSorted()).toEqual(["a", "b", "c", "d"]);
  expect(asked).toHaveLength(4);
  expect([...(await walk(source, ["a"], (key) => key === "c")).keys()].toSorted()).toEqual([
    "a",
    "b",
  ]);
});

test("a walk that meets one dependency in two versions begins again", async () => {
  let walks = 0;
  const source = sourceOf((key) => {
    if (key === "/entry") walks += 1;
    return key === "/entry"
      ? moduleOf("", ["/d.js?v=1", walks === 1 ? "/d.js?v=2" : "/d.js?v=1"])
      : moduleOf("");
  });
  expect([...(await walk(source, ["/entry"])).keys()]).toEqual(["/entry", "/d.js?v=1"]);
  expect(walks).toBe(2);
});

test("a walk fails with the error of a module", async () => {
  const source = sourceOf((key) => {
    if (key === "bad") throw new SyntaxError("no");
    return moduleOf("", ["bad"]);
  });
  await expect(walk(source, ["a"])).rejects.toThrow("no");
});
