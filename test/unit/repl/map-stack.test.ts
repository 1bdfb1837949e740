import { expect, test } from "vitest";
import { type CompiledBlock, mapStack } from "../../../src/server/repl/compile.ts";
import { compileDocument, createBlockRealm, file } from "./block-realm.ts";

const tick = "```";
const name = "http://127.0.0.1:15173/-vitrine/block/job1.js";

async function compiledAndFailed(
  document: string,
): Promise<{ compiled: CompiledBlock; error: Error }> {
  const compiled = await compileDocument(document);
  const error = (await createBlockRealm()
    .runCompiled(compiled, name)
    .catch((thrown: unknown) => thrown)) as Error;
  return { compiled, error };
}

test.each([
  [
    "js",
    `# a\n\n${tick}js\nconst cart = 1\n\nfunction total() {\n  return cart.items.length\n}\n\nawait null\ntotal()\n${tick}\n`,
    [7, 21],
    [11, 1],
  ],
  [
    "ts in a list item",
    `- a\n\n  ${tick}ts\n  const cart: any = 1\n  function total(): number {\n    return cart.items.length\n  }\n  const x: number =\n    total()\n  ${tick}\n`,
    [6, 23],
    [9, 5],
  ],
  [
    "tsx with CRLF",
    `${tick}tsx\r\ntype T = {\r\n  a: 1\r\n}\r\nconst cart: any = 1\r\nconst total = () => cart.items.length\r\ntotal()\r\n${tick}\r\n`,
    [6, 32],
    [7, 1],
  ],
])(
  "the stack of an error leads to the lines of the document: %s",
  async (_, document, inner, outer) => {
    const { compiled, error } = await compiledAndFailed(document);
    const { frames, text } = mapStack(error.stack ?? "", (script) =>
      script === name ? compiled.map : undefined,
    );
    expect(frames.slice(0, 2)).toEqual([
      { file, line: inner[0], column: inner[1] },
      { file, line: outer[0], column: outer[1] },
    ]);
    expect(text).toContain(`at total (${file}:${inner[0]}:${inner[1]})`);
    expect(text).not.toContain(name);
  },
);

test("an error is thrown where the block says throw", async () => {
  const { compiled, error } = await compiledAndFailed(
    `${tick}js\nconst a = 1\n  throw new Error("no")\n${tick}`,
  );
  const { frames } = mapStack(error.stack ?? "", () => compiled.map);
  expect(frames[0]).toEqual({ file, line: 3, column: 9 });
});

test("messages name the function that the block names", async () => {
  const { error } = await compiledAndFailed(`${tick}js\nconst f = 1\nf()\n${tick}`);
  expect(mapStack(error.stack ?? "", () => undefined).text).toContain(
    "TypeError: f is not a function",
  );
});

test("frames of Firefox and Safari are read, ours are dropped, others stay", async () => {
  const document = `${tick}js\nfunction total() {\n  return cart.items\n}\n${tick}`;
  const { script, map } = await compileDocument(document);
  const line = script.split("\n").findIndex((text) => text.includes("cart.items")) + 1;
  const stack = [
    `total@${name}:${line}:10`,
    `async*@${name}:${line}:10`,
    `@http://127.0.0.1:15173/-vitrine/client.js:1:2`,
    `render@http://127.0.0.1:15173/src/main.ts:3:4`,
    `global code@${name}:99:1`,
    "",
  ].join("\n");
  const mapped = mapStack(stack, (scriptName) => (scriptName === name ? map : undefined));
  expect(mapped.text).toBe(
    `    at total (${file}:3:10)\n    at ${file}:3:10\nrender@http://127.0.0.1:15173/src/main.ts:3:4\n`,
  );
  expect(mapped.frames).toEqual([
    { file, line: 3, column: 10 },
    { file, line: 3, column: 10 },
  ]);
});

test("a message of several lines stays as it is", () => {
  const text = "Error: first (a:1)\nsecond@third\n  indented";
  expect(mapStack(text, () => undefined)).toEqual({ text, frames: [] });
});
