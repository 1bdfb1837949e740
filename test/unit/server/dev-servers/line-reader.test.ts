/** Bytes as lines, however they arrive (dev-servers section 9). */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { lineLevel } from "../../../../src/server/dev-servers/commands/line-level.ts";
import {
  createLineReader,
  cutLine,
} from "../../../../src/server/dev-servers/commands/line-reader.ts";

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

test("lines are the same wherever the stream is cut, also within a character", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme" }).map((line) => line.replaceAll(/[\r\n]/g, ""))),
      fc.array(fc.nat()),
      (lines, cuts) => {
        expect(linesOf(Buffer.from(lines.map((line) => `${line}\n`).join("")), cuts)).toEqual(
          lines,
        );
      },
    ),
  );
});

test("a line end of Windows is no part of a line, and the last line needs none", () => {
  expect(linesOf(Buffer.from("one\r\ntwo\n\nthree"), [])).toEqual(["one", "two", "", "three"]);
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

test.each([
  ["main.go:3:5: undefined: x", "info"],
  ["src/a.ts(1,2): error TS2322: no", "error"],
  ["error: could not compile `x`", "error"],
  ["panic: runtime error", "error"],
  ['{"@level":"warn","@message":"slow"}', "warn"],
  ["level=error msg=down", "error"],
  ["warning: unused variable", "warn"],
  ["[debug] opened", "debug"],
  ["Found 0 errors. Watching for file changes.", "info"],
  ["compiled src/error.ts", "info"],
])("the level of %j is %s", (line, level) => {
  expect(lineLevel(line)).toBe(level);
});
