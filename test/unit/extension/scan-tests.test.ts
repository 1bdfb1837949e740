import fc from "fast-check";
import { expect, test } from "vitest";
import { scanTests, type ScannedTest } from "../../../src/extension/tests/scan-tests.ts";

/** Names as they are nested, suites with their content in braces. */
function names(text: string): string {
  const write = ({ kind, name, children }: ScannedTest): string =>
    kind === "suite" ? `${name}{${children.map(write).join(",")}}` : name;
  return scanTests(text).map(write).join(",");
}

test("tests are found in their suites, with their variants", () => {
  const text = `
    import { describe, it, test } from "node:test";
    describe("cart", () => {
      test('adds', () => {});
      // Found though it narrows: text to be scanned.
      it.only(\`removes\`, async () => { await x(); });
      // Found though it is skipped: text to be scanned.
      describe.skip("total", function () { test . todo ("sums"); });
    });
    // Found though it is skipped: text to be scanned.
    test.skip("later", { skip: true }, () => {});
  `;
  expect(names(text)).toBe("cart{adds,removes,total{sums}},later");
});

test("the range of a test is its whole call", () => {
  const text = 'test("adds", () => { f(")"); /* ) */ });\n';
  expect(scanTests(text).map(({ start, end }) => text.slice(start, end))).toEqual([
    text.slice(0, text.indexOf(";\n")),
  ]);
});

test("strings, comments, templates and regular expressions hold no tests", () => {
  const text = `
    // test("comment", f)
    /* test("block", f) */
    const a = 'test("string")', b = \`test("template") \${ g(\`}\`) } test("again")\`;
    const c = /test("regex[/)]/.test("method"), d = x / test2("no") / 2;
    contest("no"); t.test("subtest", f); test(variable, f); test(\`dynamic \${name}\`, f);
    if (ok) { return /[)'"]/ } test("real", f);
  `;
  expect(names(text)).toBe("real");
});

test("escapes in names are read", () => {
  expect(names(String.raw`test("it\'s \u{1f600} \x41\n", f)`)).toBe("it's 😀 A\n");
});

test("a file that is being typed gives what can be seen", () => {
  expect(names('describe("a", () => { test("b", () => {')).toBe("a{b}");
  expect(names('test("a", f); test("b')).toBe("a");
  expect(names('test("a", () => { <p>don\'t</p> }); test("b", f)')).toBe("a,b");
  expect(names('))) test("a", f)')).toBe("a");
  expect(names('test("a", f); `unfinished test("b", f)')).toBe("a");
});

test("whatever the text, ranges lie inside each other and nothing fails", () => {
  const piece = fc.constantFrom(
    // Among them a test that narrows, as text to be scanned.
    ..."test( describe( it.only( ' \" ` ${ } { ) ( / /* */ // \\ \n a [ ] , . return => <".split(
      " ",
    ),
    'test("a",',
    "\n",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join(" ");
      const check = (tests: readonly ScannedTest[], from: number, to: number): void => {
        for (const { start, end, children } of tests) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(to);
          check(children, start, end);
        }
      };
      check(scanTests(text), 0, text.length);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["quotes", "'"],
  ["escaped quotes", "\\'"],
  ["open templates", "`${"],
  ["slashes", "/["],
  ["open comments", "/*"],
  ["open calls", 'test("a",'],
])("a megabyte of %s takes no longer than its length", (_name, part) => {
  const text = part.repeat(1_000_000 / part.length);
  const from = performance.now();
  scanTests(text);
  expect(performance.now() - from).toBeLessThan(3000);
});
