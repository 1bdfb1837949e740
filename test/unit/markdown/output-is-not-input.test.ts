import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findBlocks, readDocument } from "../../../src/markdown/blocks.ts";
import {
  applyEdit,
  applyEdits,
  clearResults,
  type Output,
  placeResult,
  printResult,
} from "../../../src/markdown/results.ts";
import { documents, runs } from "./documents.ts";

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

const nasty = [
  "```",
  "````js\nx\n````",
  "~~~",
  "`".repeat(20),
  "  ```js\n  x\n  ```",
  "- ```js\n  x\n  ```",
  "> ```js\n> x\n> ```",
  "\r",
  "a\rb",
  "\r\n",
  "\u2028```js",
  "\0",
  "\ufeff",
  head,
  foot,
  "<!--",
  "-->",
  "<!-- vitrine:result id=x -->",
  "<!-- vitrine:end id=k3f9 -->",
  "---\nrealm: x\n---",
  "x".repeat(5_000),
  "\ud800",
  "\udc00a",
  "\t",
  "    ",
  "",
  "\n",
  "\n\n",
  "</pre>",
  "<script>",
  "1. ",
  "- ",
  "- - -",
  "===",
  "# a",
  "\u001b[31m",
  "\u000b\u000c",
  "\u0085",
  "`",
  "``",
  "[a]: b",
];

const strings = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: "binary", maxLength: 12 })), {
    maxLength: 6,
  })
  .chain((parts) => fc.constantFrom("", "\n", " ", "\n  ").map((joint) => parts.join(joint)));

const outputs: fc.Arbitrary<Output> = fc.oneof(
  fc.record({ kind: fc.constant("json" as const), text: strings, missing: fc.constantFrom(0, 7) }),
  fc.record({ kind: fc.constant("text" as const), text: strings }),
  fc.record({ kind: fc.constant("error" as const), text: strings }),
  fc.record({
    kind: fc.constant("events" as const),
    events: fc.array(fc.record({ level: fc.constantFrom("log", "warn"), text: strings }), {
      maxLength: 13,
    }),
    missing: fc.constantFrom(0, 3),
  }),
);

/** Documents that surely have blocks, some in list items, some with results. */
const runnable = fc
  .array(
    fc.oneof(
      documents,
      fc.constantFrom(
        `${tick}js\na\n${tick}\n`,
        `- x\n\n  ${tick}ts realm=page,node\n  b\n  ${tick}\n`,
        `\t1. ${tick}js\n`,
        `1. ${tick}tsx\r\n   c\r\n   ${tick}\r\n`,
        `- - ${tick}js\n    d\n\t${tick}\n`,
        `   ${tick}js\n e\n   ${tick}`,
        `${head}\n${tick}json\n1\n${tick}\n${foot}\n`,
      ),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.join("\n"));

function essence(text: string): unknown[] {
  return findBlocks(text).map(({ index, code, info, language }) => ({
    index,
    code,
    info,
    language,
  }));
}

test("output is never input: placing any output changes no block, twice is once, and the result can be read back (E-05)", () => {
  let placed = 0;
  fc.assert(
    fc.property(runnable, fc.array(outputs, { maxLength: 3 }), fc.nat(), (text, some, seed) => {
      const before = findBlocks(text);
      const block = before[seed % Math.max(1, before.length)];
      if (!block) return;
      placed += 1;
      const id = seed % 3 === 0 ? "k3f9" : "new1";
      const region = printResult({ ...run, id, outputs: some });
      const where = { region, id, code: block.code, block: block.index };
      const once = applyEdit(text, placeResult(text, where)!);
      expect(essence(once)).toEqual(essence(text));
      expect(
        readDocument(once).regions.filter((found) => found.id === id && found.complete),
      ).not.toEqual([]);
      expect(placeResult(once, where)).toMatchObject({ text: "" });
      expect(applyEdit(once, placeResult(once, where)!)).toBe(once);
    }),
    { numRuns: runs(8_000, 100_000) },
  );
  expect(placed).toBeGreaterThan(runs(5_000, 60_000));
});

test("a result that is placed and cleared leaves the same bytes", () => {
  fc.assert(
    fc.property(runnable, strings, fc.nat(), (text, output, seed) => {
      const { blocks, regions } = readDocument(text);
      const block = blocks[seed % Math.max(1, blocks.length)];
      if (!block || regions.length > 0) return;
      const region = printResult({ ...run, outputs: [{ kind: "json", text: output, missing: 0 }] });
      const placed = applyEdit(
        text,
        placeResult(text, { region, id: run.id, code: block.code, block: block.index })!,
      );
      expect(applyEdits(placed, clearResults(placed))).toBe(text);
    }),
    { numRuns: runs(2_000, 20_000) },
  );
});

test("placing a result that stands there already changes nothing", () => {
  fc.assert(
    fc.property(runnable, (text) => {
      for (const block of findBlocks(text)) {
        const [region] = block.results;
        if (!region?.complete) continue;
        const prefix = text.slice(region.lineStart, region.start);
        const lines = text.slice(region.start, region.end).split(/\r\n|\n|\r/);
        const printed = lines
          .map((line) => (line.startsWith(prefix) ? line.slice(prefix.length) : line))
          .join("\n");
        if (prefix.trim() !== "" || text.includes("\r")) continue;
        expect(
          applyEdit(
            text,
            placeResult(text, {
              region: printed,
              id: region.id,
              code: block.code,
              block: block.index,
            })!,
          ),
        ).toBe(text);
      }
    }),
    { numRuns: runs(2_000, 20_000) },
  );
});
