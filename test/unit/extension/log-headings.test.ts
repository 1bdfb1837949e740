import { expect, test } from "vitest";
import { readLog, tailStart } from "../../../src/extension/logs/log-headings.ts";
import { chunkOf, requestsOf } from "../../../src/extension/logs/log-requests.ts";
import { anchor, linesOf, name, sample } from "./logs.ts";

const kinds = (text: string): string =>
  readLog(linesOf(text))
    .headings.map(({ kind }) => kind)
    .join(" ");

test("headings of a log are told apart", () => {
  expect(kinds(sample)).toBe("prose prose prose request reply event request reply executing event");
  const { headings, anchorLine, fences } = readLog(linesOf(sample));
  expect(headings.map(({ level }) => level)).toEqual([1, 2, 2, 3, 4, 5, 3, 4, 4, 5]);
  expect(linesOf(sample).at(anchorLine)).toBe("-".repeat(70));
  expect(fences.map(({ info }) => info)).toEqual([
    "js",
    "JSON",
    "Text console.log",
    "js",
    "Error",
    "ts",
    "Text console.warn",
  ]);
});

test("signs are read with and without U+FE0F, and with and without a space behind the marks", () => {
  const headings = [
    `###🗣agent to ${name} at 10:00:00`,
    `### 🗣️${name} background at 10:00:00`,
    `### 🗣️System at 10:00:00`,
    `#### 👍${name} to agent at 10:00:00 (67.2s) late`,
    `##### ☑console.log 11:09:20`,
    `## Test Results: 3 pass, 1 fail, 1 skip (2.5s)`,
    `### 🗣️agent to ${name}`,
    `#### What I found`,
  ];
  expect(kinds(headings.join("\n"))).toBe(
    "request background system reply event tests prose prose",
  );
});

test("what looks like a heading inside a fence is code", () => {
  expect(kinds(`\`\`\`\`js\n\`\`\`\n### 🗣️agent to ${name} at 10:00:00\n\`\`\`\`\n## Turn`)).toBe(
    "prose",
  );
});

test("an unclosed fence hides nothing below it", () => {
  const text = `\`\`\`js\nhalf\n\n### 🗣️agent to ${name} at 10:00:00\n\n${anchor}`;
  const { headings, fences, anchorLine } = readLog(linesOf(text));
  expect(headings.map(({ kind }) => kind)).toEqual(["request"]);
  expect(fences).toEqual([{ startLine: 0, endLine: 8, info: "js", closed: false }]);
  expect(anchorLine).toBe(5);
});

test("many unclosed fences end the search instead of slowing it down", () => {
  const text = Array.from({ length: 2000 }, (_, size) => "`".repeat(3 + (size % 2000))).join("x\n");
  expect(readLog(linesOf(text)).headings).toEqual([]);
});

test("the older anchor counts, without a rule as well", () => {
  const old = "> Write code in a fenced JS block below to execute against this page.";
  expect(readLog(linesOf(`text\n\n${old}\n`)).anchorLine).toBe(2);
  expect(readLog(linesOf("text\n")).anchorLine).toBe(-1);
});

test("a request has the blocks it asked to run, and none of the answers", () => {
  const lines = linesOf(sample);
  const requests = requestsOf(lines, readLog(lines));
  expect(requests.map((request) => chunkOf(lines, request))).toEqual([
    "```js\n1 + 1\n```",
    "```js\na = 41\n```\n\n```ts\na + 1\n```",
  ]);
});

test("test results inside a request are not its blocks, nor do they end it", () => {
  const text = `### 🗣️agent to ${name} at 10:00:00
\`\`\`js
await (await import('node:test')).run()
\`\`\`

## Test Results: 0 pass, 1 fail, 0 skip (2ms)

✗ suite A > fails 10:00:00 (0ms)
\`\`\`
AssertionError
\`\`\`

#### 👍${name} to agent at 10:00:02 (2.6s)
\`\`\`JSON
{}
\`\`\`

\`\`\`python
print(1)
\`\`\`

\`\`\`
2 + 2
\`\`\`

## Next turn

\`\`\`js
notMine()
\`\`\`
`;
  const lines = linesOf(text);
  const [request, ...others] = requestsOf(lines, readLog(lines));
  expect(others).toEqual([]);
  expect(request && chunkOf(lines, request)).toBe(
    "```js\nawait (await import('node:test')).run()\n```\n\n```\n2 + 2\n```",
  );
});

test("of a long log only the end is read", () => {
  const request = (index: number): string =>
    `### 🗣️agent to ${name} at 10:00:00\n\`\`\`js\n${index}\n\`\`\`\n\n#### 👍${name} to agent at 10:00:00 (1ms)\n\`\`\`JSON\n${"x".repeat(2000)}\n\`\`\`\n`;
  const text = Array.from({ length: 5000 }, (_, index) => request(index)).join("\n") + anchor;
  expect(text.length).toBeGreaterThan(10_000_000);
  const all = linesOf(text);
  let looks = 0;
  const lines = { count: all.count, at: (line: number) => ((looks += 1), all.at(line)) };
  const from = tailStart(lines, 200, 100_000);
  const requests = requestsOf(lines, readLog(lines, from));
  expect([requests.length, requests[0]?.heading.line]).toEqual([200, from]);
  expect(looks).toBeLessThan(8000);
});

test("a long log with few requests is not read to its beginning", () => {
  const lines = { count: 1_000_000, at: () => "text" };
  expect(tailStart(lines, 200, 100_000)).toBe(900_000);
});
