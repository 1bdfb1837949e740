import { readFileSync, statSync } from "node:fs";
import * as fc from "fast-check";
import { globSync } from "tinyglobby";
import remarkParse from "remark-parse";
import { unified } from "unified";
import { expect, test } from "vitest";
import { scanFences } from "../../../src/markdown/fences.ts";
import type { Fence } from "../../../src/markdown/scan.ts";
import { documents, runs } from "./documents.ts";

interface Found {
  start: number;
  startLine: number;
  /** Only of closed fences: ours end an unclosed one with its last line, remark-parse here and there one line later. */
  end?: number;
  endLine?: number;
  code: string;
  inQuote: boolean;
  inList: boolean;
}

interface Node {
  type: string;
  value?: string;
  children?: Node[];
  position?: { start: { offset?: number; line: number }; end: { offset?: number; line: number } };
}

const parser = unified().use(remarkParse);

/** The fenced blocks that remark-parse finds, in the terms of our scan. */
function fencesOfRemark(text: string, closed: readonly boolean[]): Found[] {
  const all: Found[] = [];
  // remark-parse counts offsets without a byte order mark.
  const skipped = text.startsWith("\ufeff") ? 1 : 0;
  const visit = (node: Node, inQuote: boolean, inList: boolean): void => {
    const start = (node.position?.start.offset ?? 0) + skipped;
    if (node.type === "code" && (text[start] === "`" || text[start] === "~")) {
      const { start: first, end: last } = node.position!;
      const code = (node.value ?? "").replace(/\r\n?/g, "\n");
      const isClosed = closed[all.length] === true;
      const end = isClosed ? { end: last.offset! + skipped, endLine: last.line - 1 } : {};
      const value = isClosed ? code : code.replace(/\n+$/, "");
      all.push({ start, startLine: first.line - 1, ...end, code: value, inQuote, inList });
    }
    for (const child of node.children ?? []) {
      visit(child, inQuote || node.type === "blockquote", inList || node.type === "listItem");
    }
  };
  visit(parser.parse(text) as Node, false, false);
  return all;
}

function found(
  text: string,
  { start, startLine, end, endLine, closed, inQuote, inList, lines }: Fence,
): Found {
  const code = lines
    .map((line) => " ".repeat(line.padding) + text.slice(line.start, line.end))
    .join("\n")
    .replaceAll("\0", "\ufffd");
  if (!closed) return { start, startLine, code: code.replace(/\n+$/, ""), inQuote, inList };
  return { start, startLine, end, endLine, code, inQuote, inList };
}

function expectAgreement(text: string): void {
  const fences = scanFences(text);
  const closed = fences.map((fence) => fence.closed);
  const comparable = comparison(text);
  expect(fences.map((fence) => comparable(found(text, fence)))).toEqual(
    fencesOfRemark(text, closed).map(comparable),
  );
}

/** Where a lone CR ends a line and LF the empty one below it, remark-parse takes both for one when it strips a value. */
function comparison(text: string): (found: Found) => Found {
  const mixed = /\r(?!\n)/.test(text) && text.includes("\n");
  return (one) => (mixed ? { ...one, code: one.code.replaceAll("\n", "") } : one);
}

test("fenced blocks of generated documents are those of remark-parse", () => {
  fc.assert(
    fc.property(documents, (text) => {
      expectAgreement(text);
    }),
    { numRuns: runs(2_000, 10_000) },
  );
});

test("fenced blocks of long files of installed packages are those of remark-parse", () => {
  const files = globSync("node_modules/*/{README,CHANGELOG,readme,changelog}.md", {
    absolute: true,
  })
    .toSorted((one, other) => statSync(other).size - statSync(one).size)
    .slice(5, 45);
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) expectAgreement(readFileSync(file, "utf8").slice(0, 60_000));
});

test.each([
  ["a lazy line ends a fence in a block quote", "> ```js\nprose\n```\n"],
  ["a fence in a nested list item", "- a\n  1. b\n\n     ```js\n     one\n      two\n     ```\n"],
  ["a tab that is half indentation", "- a\n\n\t```js\n\t\tone\n\t```\n"],
  ["front matter is ordinary text", "---\ntitle: ```js\n---\n```js\none\n```\n"],
  ["a comment holds its fences until it ends", "<!--\n```js\none\n```\n-->\n```js\ntwo\n```\n"],
  ["a block tag holds fences until a blank line", "<div>\n```js\none\n```\n\n```js\ntwo\n```\n"],
  ["indented code is no fence", "text\n\n    ```js\n    one\n    ```\n"],
  ["a fence may interrupt a paragraph", "text\n```js\none\n```\nmore\n"],
  ["definitions are no heading", "[a]: b\n===\n2. ```js\n   one\n   ```\n"],
  [
    "numbers below indented code are no list for remark-parse",
    "    code\n2. ```js\n   one\n   ```\n",
  ],
  ["a byte order mark and CRLF", "\ufeff```js\r\none\r\n```\r\n"],
  ["a fence to the end of the file", "~~~js\none\n"],
])("agrees with remark-parse: %s", (_, text) => {
  expectAgreement(text);
});

/** Best of several runs, in ms: what the machine does meanwhile only adds. */
function timeOf(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8; run += 1) {
    const start = performance.now();
    scanFences(text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

test("1 MB with 500 blocks is scanned within one frame", () => {
  const block =
    "Some prose about the cart, with `code` in it and enough words to fill a line.\n".repeat(22);
  const code =
    "```ts realm=page\n" +
    "const total = cart.items.reduce((sum, item) => sum + item.price, 0)\n".repeat(6) +
    "```\n\n";
  const text = (block + "\n" + code).repeat(500);
  expect(text.length).toBeGreaterThan(1_000_000);
  expect(scanFences(text)).toHaveLength(500);
  expect(timeOf(text)).toBeLessThan(16);
});

const patterns: readonly [string, (size: number) => string][] = [
  ["backticks", (size) => "`".repeat(size)],
  ["quotes", (size) => ">".repeat(size)],
  ["brackets", (size) => "[".repeat(size)],
  ["brackets in lines", (size) => "[a\n".repeat(size / 3)],
  ["asterisks", (size) => "*".repeat(size)],
  ["number signs", (size) => "#".repeat(size)],
  ["lists in one line", (size) => "- ".repeat(size / 2) + "a"],
  [
    "lists in one line, then blank lines",
    (size) => "- ".repeat(size / 4) + "a" + "\n".repeat(size / 2),
  ],
  [
    "lists in one line, then a deep line",
    (size) => "- ".repeat(size / 4) + "a\n" + " ".repeat(size / 2) + "b",
  ],
  [
    "lists step by step",
    (size) =>
      Array.from({ length: Math.sqrt(size) }, (_, depth) => `${" ".repeat(depth)}- a`).join("\n"),
  ],
  ["quotes, then lazy lines", (size) => "> ".repeat(size / 4) + "a" + "\nb".repeat(size / 4)],
  ["unclosed fences", (size) => "```js\n~~~\n".repeat(size / 10)],
  ["unclosed fences in items", (size) => "- ```js\n".repeat(size / 8)],
  ["definitions", (size) => "[a]: b 'c\n".repeat(size / 10) + "==="],
  ["one long label", (size) => "[" + "a\n".repeat(size / 2) + "==="],
  ["tags", (size) => "<x a=b".repeat(size / 6)],
  ["tags in lines", (size) => "<x a=b\n".repeat(size / 7)],
  ["comments", (size) => "<!-- a\n".repeat(size / 7)],
  ["link text", (size) => "[a](<".repeat(size / 5)],
  ["CR only", (size) => "a\r".repeat(size / 2)],
  ["white space", (size) => " \t".repeat(size / 2)],
];

test.each(patterns)("takes time in proportion to the text: %s", (_, make) => {
  const size = 1 << 16;
  const [once, twice] = [make(size), make(2 * size)];
  scanFences(once);
  expect(timeOf(twice)).toBeLessThan(4 * timeOf(once) + 10);
});

test.runIf(process.env["VITRINE_LONG"] === "1")(
  "5 MiB of anything are scanned within a second",
  () => {
    const times: Record<string, number> = {};
    for (const [name, make] of patterns) {
      const text = make(5 << 20);
      const start = performance.now();
      scanFences(text);
      times[name] = performance.now() - start;
    }
    expect(Object.entries(times).filter(([, time]) => time > 1_000)).toEqual([]);
  },
);
