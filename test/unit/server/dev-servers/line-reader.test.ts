/** Bytes as lines, however they arrive (dev-servers section 9). */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createLineReader, cutLine } from "../../../../src/server/dev-servers/line-reader.ts";

function linesOf(bytes: Buffer, cuts: readonly number[]): string[] {
  const lines: string[] = [];
  const reader = createLineReader((line) => lines.push(line));
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  );
  for (const [index, end] of places.entries())
    reader.write(bytes.subarray(places[index - 1] ?? 0, end));
  reader.end();
  return lines;
}

const anything = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\r\n]/g, "")),
      fc.constantFrom("é", "🎈", "\r", "\r\n", "\n", "\u001b[1m"),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

test("lines are the same wherever the stream is cut, also within a character or a line end", () => {
  fc.assert(
    fc.property(anything, fc.array(fc.nat()), (text, cuts) => {
      const lines = text.split("\n").map((line) => /[^\r]*(?=\r*$)/.exec(line)![0]);
      if (lines.at(-1) === "") lines.pop();
      expect(linesOf(Buffer.from(text), cuts)).toEqual(lines);
    }),
  );
});

test("a line end of Windows is no part of a line, and the last line needs none", () => {
  expect(linesOf(Buffer.from("one\r\ntwo\n\nthree"), [])).toEqual(["one", "two", "", "three"]);
});

test("of a progress bar the last state counts", () => {
  expect(linesOf(Buffer.from("10 %\r20 %\r30 %\r\nnext\r"), [4, 5])).toEqual(["30 %", "next"]);
  const bar = Buffer.from(`${"x".repeat(700_000)}\r`.repeat(3));
  expect(linesOf(bar, [800_000])).toEqual(["x".repeat(700_000)]);
});

test("a line that comes byte by byte is whole, and what is no UTF-8 stays visible", () => {
  const text = "é€😀".repeat(100);
  expect(linesOf(Buffer.from(text), [...Buffer.from(text).keys()])).toEqual([text]);
  expect(linesOf(Buffer.from("caf\xe9\nnext", "latin1"), [])).toEqual(["caf\ufffd", "next"]);
});

test("a line beyond 1 MiB is cut with a mark, and the next one is whole", () => {
  const bytes = Buffer.from(`${"x".repeat(3 * 1024 * 1024)}\nnext\n`);
  const [long, next] = linesOf(bytes, [70_000, 1_500_000]);
  expect(long).toHaveLength(1024 * 1024 + " … (2097152 bytes more)".length);
  expect(long).toMatch(/x … \(2097152 bytes more\)$/);
  expect(next).toBe("next");
});

test("a shown line has at most 16 KiB, its mark included, and no half character", () => {
  expect(cutLine("short")).toBe("short");
  const exact = "x".repeat(16 * 1024);
  expect(cutLine(exact)).toBe(exact);
  for (const character of ["x", "é", "€", "😀"]) {
    const cut = cutLine(character.repeat(20_000));
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(16 * 1024);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(16 * 1024 - 8);
    expect(cut).toMatch(new RegExp(`^${character}+ … \\(\\d+ bytes more\\)$`, "u"));
  }
});

test("a line that was cut twice has one mark, for all that is missing", () => {
  const [long = ""] = linesOf(Buffer.from("x".repeat(3 * 1024 * 1024)), []);
  const [, start = "", left] = /^(x+) … \((\d+) bytes more\)$/.exec(cutLine(long)) ?? [];
  expect(start.length + Number(left)).toBe(3 * 1024 * 1024);
  expect(cutLine(cutLine(long))).toBe(cutLine(long));
});
