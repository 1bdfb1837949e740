import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { findBlocks } from "../../../src/markdown/blocks.ts";
import {
  applyEdit,
  applyEdits,
  clearResults,
  codeHash,
  type Output,
  placeResult,
  printResult,
} from "../../../src/markdown/results.ts";

const tick = "```";
const run = {
  id: "k3f9",
  realm: "page",
  state: "ok",
  ms: 4,
  at: "2026-11-20T10:15:02Z",
  code: "9f2c41d0",
} as const;
const head =
  "<!-- vitrine:result id=k3f9 realm=page state=ok ms=4 at=2026-11-20T10:15:02Z code=9f2c41d0 -->";
const foot = "<!-- vitrine:end id=k3f9 -->";

function json(text: string, missing = 0): Output {
  return { kind: "json", text, missing };
}

function contentOf(...outputs: Output[]): string {
  return printResult({ ...run, outputs })
    .split("\n")
    .slice(1, -1)
    .join("\n");
}

function place(
  text: string,
  region: string,
  rest: { code?: string; block?: number; blocks?: number; id?: string } = {},
): string | undefined {
  const blocks = findBlocks(text);
  const block = rest.block ?? 0;
  const edit = placeResult(text, {
    region,
    id: "k3f9",
    code: blocks[block]?.code ?? "",
    block,
    ...rest,
  });
  return edit && applyEdit(text, edit);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function values(text: string): string[] {
  return [...text.matchAll(/json\n(\d+)/g)].map(([, value]) => value ?? "");
}

describe("printing", () => {
  test("a value stands between two comments, in a json fence", () => {
    expect(printResult({ ...run, outputs: [json("1299")] })).toBe(
      [head, `${tick}json`, "1299", tick, foot].join("\n"),
    );
  });

  test("deps come last, and a region may have no output", () => {
    const region = printResult({
      ...run,
      state: "running",
      ms: 0,
      deps: "00112233",
      outputs: [],
      newline: "\r\n",
    });
    expect(region).toBe(
      `${head.replace("ok ms=4", "running ms=0").replace(" -->", " deps=00112233 -->")}\r\n${foot}`,
    );
  });

  test("values come first, then the error, then the events", () => {
    const events: Output = { kind: "events", events: [{ level: "warn", text: "low" }], missing: 0 };
    const text = contentOf(events, { kind: "error", text: "TypeError: x" }, json("1"), {
      kind: "undefined",
    });
    expect(text).toBe(
      [
        `${tick}json`,
        "1",
        tick,
        `${tick}text`,
        "undefined",
        tick,
        `${tick}text`,
        "TypeError: x",
        tick,
        `${tick}text`,
        "warn: low",
        tick,
      ].join("\n"),
    );
  });

  test("the fence is longer than any run of backticks inside", () => {
    expect(contentOf(json("a `````` b"))).toBe("```````json\na `````` b\n```````");
  });

  test("of more than ten events the first two and the last eight are shown with a count", () => {
    const events = Array.from({ length: 15 }, (_, index) => ({ level: "log", text: `${index}` }));
    const lines = contentOf({ kind: "events", events, missing: 100 }).split("\n").slice(1, -1);
    expect(lines).toHaveLength(11);
    expect(lines.slice(1, 4)).toEqual(["log: 1", "... (105 more events omitted) ...", "log: 7"]);
    expect(contentOf({ kind: "events", events: events.slice(0, 10), missing: 0 })).not.toContain(
      "omitted",
    );
  });

  test("control characters, ANSI, separators and lone surrogates are made visible", () => {
    expect(
      contentOf({
        kind: "text",
        text: "\u001b[31mred\r\n\u0007\ta\rb\u2028c\u202ed\ud800e\ufefff\u007fg\u0085h",
      }),
    ).toBe(`${tick}text\n␛[31mred\n␇\ta␍b\\u2028c\\u202ed\\ud800e\\ufefff␡g\\u0085h\n${tick}`);
  });

  test("long lines and too many lines are cut with a count, never inside a character", () => {
    const line = contentOf({ kind: "text", text: `${"x".repeat(3_999)}😀${"y".repeat(10)}` }).split(
      "\n",
    )[1];
    expect(line).toBe(`${"x".repeat(3_999)}... (12 more characters omitted) ...`);
    const lines = contentOf({ kind: "text", text: "x\n".repeat(2_500) }).split("\n");
    expect(lines).toHaveLength(2_003);
    expect(lines[1_001]).toBe("... (500 more lines omitted) ...");
    expect(contentOf(json("[1,", 12))).toContain("\n... (12 more characters omitted) ...\n");
  });

  test("attributes cannot end the comment", () => {
    const region = printResult({ ...run, realm: "a --> b\n```js\n", outputs: [] });
    expect(region.split("\n")[0]).toContain("realm=a_--__b____js_ ");
  });

  test("the hash is of the text with LF", () => {
    expect(codeHash(sha256, "a\r\nb")).toBe(sha256("a\nb").slice(0, 8));
  });
});

describe("placing", () => {
  const region = [head, `${tick}json`, "1299", tick, foot].join("\n");
  const block = `${tick}ts realm=page\ncart.total()\n${tick}`;

  test("a new result stands on the line below its block", () => {
    expect(place(`a\n\n${block}\n\nb\n`, region)).toBe(`a\n\n${block}\n${region}\n\nb\n`);
    expect(place(`${block}\nb`, region)).toBe(`${block}\n${region}\nb`);
  });

  test("a document without a last line end gets none", () => {
    expect(place(block, region)).toBe(`${block}\n${region}`);
  });

  test("the document's line ends and the block's indentation are used", () => {
    const crlf = block.replaceAll("\n", "\r\n");
    expect(place(`\ufeff${crlf}\r\n`, region)).toBe(
      `\ufeff${crlf}\r\n${region.replaceAll("\n", "\r\n")}\r\n`,
    );
    const listed = `1. a\n\n   ${block.replaceAll("\n", "\n   ")}\n\n   b\n`;
    const placed = place(listed, [head, `${tick}text`, "a", "", "b", tick, foot].join("\n"));
    expect(placed).toContain(
      `\n   ${head}\n   ${tick}text\n   a\n\n   b\n   ${tick}\n   ${foot}\n\n   b\n`,
    );
    expect(findBlocks(placed!)).toMatchObject([
      { code: "cart.total()", results: [{ id: "k3f9" }] },
    ]);
  });

  test("a further run replaces only the lines that differ", () => {
    const text = `${block}\n${region}\n`;
    const edit = placeResult(text, {
      region: region.replace("1299", "1300"),
      id: "k3f9",
      code: "",
      block: 0,
    });
    expect(edit).toEqual({
      start: text.indexOf("1299"),
      end: text.indexOf("1299") + 4,
      text: "1300",
    });
  });

  test("a region that a formatter took apart is replaced whole, and the blank line above it stays", () => {
    const apart = `${block}\n\n${region.replaceAll("\n", "\n\n")}\n\nb\n`;
    expect(place(apart, region)).toBe(`${block}\n\n${region}\n\nb\n`);
  });

  test("the region is found by its id wherever its block went, also when the block was edited", () => {
    const moved = `${tick}js\nother\n${tick}\n\n${block.replace("total", "sum")}\n${region}\n`;
    expect(place(moved, region.replace("1299", "2"), { code: "cart.total()", block: 0 })).toBe(
      moved.replace("1299", "2"),
    );
  });

  test("of two copies of a region the one below the same code and nearest is replaced", () => {
    const other = block.replace("total", "sum");
    const text = `${other}\n${region}\n\n${block}\n${region}\n\n${block}\n${region}\n`;
    const at = (index: number): string =>
      place(text, region.replace("1299", "2"), { code: "cart.total()", block: index })!;
    expect(values(at(0))).toEqual(["1299", "2", "1299"]);
    expect(values(at(2))).toEqual(["1299", "1299", "2"]);
  });

  test("without a region the nearest block with that code is taken", () => {
    const text = `${block}\n\n${tick}js\nx\n${tick}\n\n${block}\n`;
    expect(place(text, region, { code: "cart.total()", block: 2 })).toBe(
      `${text.trimEnd()}\n${region}\n`,
    );
  });

  test("an edited block is found by its index while the number of blocks is the same, a deleted one is not", () => {
    const edited = `${block.replace("total", "sum")}\n`;
    expect(place(edited, region, { code: "cart.total()", block: 0, blocks: 1 })).toBe(
      `${edited}${region}\n`,
    );
    expect(place(edited, region, { code: "cart.total()", block: 0, blocks: 2 })).toBeUndefined();
    expect(place(edited, region, { code: "cart.total()", block: 0 })).toBeUndefined();
  });

  test("a block with one realm has one region, one with several has them in the order of the fence", () => {
    const second = printResult({ ...run, id: "zzzz", realm: "node", outputs: [json("2")] });
    expect(place(`${block}\n${region}\n`, second, { id: "zzzz" })).toBe(`${block}\n${second}\n`);
    const both = block.replace("realm=page", "realm=node,page");
    expect(place(`${both}\n${region}\n`, second, { id: "zzzz" })).toBe(
      `${both}\n${second}\n${region}\n`,
    );
    expect(place(`${both}\n${second}\n`, region)).toBe(`${both}\n${second}\n${region}\n`);
  });

  test("clearing takes out every result and nothing else", () => {
    const text = `a\r\n\r\n${block}\n${region}\n\n- ${block.replaceAll("\n", "\n  ")}\n  ${region.replaceAll("\n", "\n  ")}\n\nb`;
    const cleared = `a\r\n\r\n${block}\n\n- ${block.replaceAll("\n", "\n  ")}\n\nb`;
    expect(applyEdits(text, clearResults(text))).toBe(cleared);
    expect(applyEdits(`${region}\na`, clearResults(`${region}\na`))).toBe("a");
  });
});
