import { expect, test } from "vitest";
import { type Block, findBlocks, readDocument } from "../../../src/markdown/blocks.ts";

const tick = "```";

function blocksOf(...lines: string[]): readonly Block[] {
  return findBlocks(lines.join("\n"));
}

test("the languages that run are js, mjs, jsx, ts, mts, tsx and the two long names", () => {
  const languages = [
    "js",
    "mjs",
    "jsx",
    "ts",
    "mts",
    "tsx",
    "javascript",
    "TypeScript",
    "json",
    "",
    "python",
    "jsonc",
  ];
  const blocks = findBlocks(
    languages.map((language) => `${tick}${language}\n${language}\n${tick}\n`).join("\n"),
  );
  expect(blocks.map((block) => block.language)).toEqual([
    "js",
    "mjs",
    "jsx",
    "ts",
    "mts",
    "tsx",
    "js",
    "ts",
  ]);
  expect(blocks.map((block) => block.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test("the info string names realms and whether the block throws; other words are kept", () => {
  const [block, plain] = blocksOf(
    `${tick}ts realm=page,worker,page throws title="a" __proto__=x`,
    tick,
    `${tick}js`,
    tick,
  );
  expect(block).toMatchObject({ realms: ["page", "worker"], throws: true });
  expect(block?.attributes["title"]).toBe('"a"');
  expect(plain).toMatchObject({ realms: [], throws: false, info: "js" });
});

test("a block knows its place in the document", () => {
  const [block] = blocksOf(
    "# Title",
    "",
    "- item",
    "",
    `  ${tick}js`,
    "  one",
    "    two",
    "",
    `  ${tick}`,
  );
  expect(block).toMatchObject({
    code: "one\n  two\n",
    startLine: 4,
    endLine: 8,
    codeLine: 5,
    codeColumn: 2,
    indentation: "  ",
  });
  expect(block?.columns).toEqual([2, 2, 0]);
});

test("the code has LF whatever the document has", () => {
  expect(findBlocks(`${tick}js\r\none\r\ntwo\r\n${tick}\r\n`)[0]?.code).toBe("one\ntwo");
  expect(findBlocks(`\ufeff${tick}js\rone\rtwo\r${tick}`)[0]?.code).toBe("one\ntwo");
});

test("a tab that is half indentation becomes spaces, and columns still point into the document", () => {
  const text = `- a\n\n\t${tick}js\n\t\tone\n\t${tick}\n`;
  const [block] = findBlocks(text);
  expect(block).toMatchObject({ code: "\tone", indentation: "\t" });
  const [deeper] = findBlocks(`- ${tick}js\n\tone\n  ${tick}\n`);
  expect(deeper).toMatchObject({ code: "  one", columns: [-1], indentation: "  " });
});

test("fences in block quotes, comments and indented code, and unclosed ones, are not run", () => {
  const text = [
    `> ${tick}js`,
    "> quoted",
    `> ${tick}`,
    "",
    `<!--`,
    `${tick}js`,
    "commented",
    tick,
    "-->",
    "",
    `    ${tick}js`,
    "    indented",
    `    ${tick}`,
    "",
    `> - ${tick}js`,
    `>   x`,
    `>   ${tick}`,
    "",
    `${tick}js`,
    "unclosed",
  ];
  expect(blocksOf(...text)).toEqual([]);
});

const result = [
  "<!-- vitrine:result id=k3f9 realm=page state=ok ms=4 at=2026-11-20T10:15:02Z code=9f2c41d0 -->",
  `${tick}json`,
  "1299",
  tick,
  "<!-- vitrine:end id=k3f9 -->",
];

test("a result on the next line belongs to the block", () => {
  const lines = [`${tick}js`, "cart.total()", tick, ...result];
  const [block] = blocksOf(...lines);
  expect(block?.results).toHaveLength(1);
  const [region] = block!.results;
  expect(region).toMatchObject({
    id: "k3f9",
    realm: "page",
    state: "ok",
    startLine: 3,
    endLine: 7,
    complete: true,
  });
  expect({ ...region?.attributes }).toEqual({
    id: "k3f9",
    realm: "page",
    state: "ok",
    ms: "4",
    at: "2026-11-20T10:15:02Z",
    code: "9f2c41d0",
  });
  expect(lines.join("\n").slice(region?.start, region?.end)).toBe(result.join("\n"));
});

test("attributes may stand in any order, and unknown ones are accepted", () => {
  const [block] = blocksOf(
    `${tick}js`,
    tick,
    "<!--vitrine:result  code=1 later=x state=odd   id=a-->",
    "<!-- vitrine:end id=a -->",
  );
  expect(block?.results[0]).toMatchObject({ id: "a", realm: "", state: "error", complete: true });
});

test("several results below one block, also when a formatter put blank lines between", () => {
  const spread = result.flatMap((line) => [line, ""]).map((line) => line.replace("k3f9", "b"));
  const [block] = blocksOf(
    `${tick}js realm=page,node`,
    "1",
    tick,
    ...result,
    "",
    ...spread,
    "text",
    "",
    ...result,
  );
  expect(block?.results.map((region) => region.id)).toEqual(["k3f9", "b"]);
});

test("a result below prose or below another fence belongs to no block", () => {
  const text = [`${tick}js`, tick, "", "prose", ...result, "", `${tick}text`, tick, ...result].join(
    "\n",
  );
  const { blocks, regions } = readDocument(text);
  expect(blocks.map((block) => block.results)).toEqual([[]]);
  expect(regions).toHaveLength(2);
});

test("blocks inside a result are never run", () => {
  const [, ...rest] = blocksOf(
    `${tick}js`,
    "1",
    tick,
    result[0]!,
    `${tick}js`,
    "evil()",
    tick,
    result[4]!,
    `${tick}js`,
    "2",
    tick,
  );
  expect(rest.map((block) => block.code)).toEqual(["2"]);
});

test("an opening comment without its end swallows nothing", () => {
  const blocks = blocksOf(
    `${tick}js`,
    "1",
    tick,
    result[0]!,
    `${tick}json`,
    "1",
    tick,
    "",
    `${tick}js`,
    "2",
    tick,
    ...result,
  );
  expect(blocks.map((block) => block.code)).toEqual(["1", "2"]);
  expect(blocks[0]?.results[0]?.complete).toBe(false);
});

test("our comments inside fences, quotes and code are text", () => {
  const text = [
    `${tick}md`,
    ...result.filter((line) => !line.startsWith(tick)),
    tick,
    "",
    `> ${result[0]}`,
    "",
    `    ${result[0]}`,
    "",
    `a ${result[0]}`,
  ];
  expect(readDocument(text.join("\n")).regions).toEqual([]);
});

test("lines, start and end of every block lie in the document", () => {
  const text = `text\n\n1. ${tick}ts\n   a\n   ${tick}\n\n${tick}js\nb\n${tick}`;
  for (const block of findBlocks(text)) {
    expect(text.slice(block.start, block.start + 3)).toBe(tick);
    expect(text.slice(0, block.end).endsWith(tick)).toBe(true);
    expect(text.split("\n")[block.codeLine]?.slice(block.codeColumn)).toBe(block.code);
  }
});
