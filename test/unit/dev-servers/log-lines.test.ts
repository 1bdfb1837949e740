/** Logs of dev servers (dev-servers section 9; scenario 15). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DevServerLine } from "../../../src/protocol/dev-server.ts";
import type { Clock } from "../../../src/server/clock.ts";
import { createLineReader } from "../../../src/server/dev-servers/line-reader.ts";
import { levelOf } from "../../../src/server/dev-servers/log-level.ts";
import { createLogLines, type LogLines } from "../../../src/server/dev-servers/log-lines.ts";

interface Used {
  readonly log: LogLines;
  readonly batches: (readonly DevServerLine[])[];
  readonly raw: string[];
  /** Lets the time of a batch pass. */
  pass(): void;
}

function useLog(): Used {
  const batches: (readonly DevServerLine[])[] = [];
  const raw: string[] = [];
  let due: (() => void) | undefined;
  const clock: Clock = {
    now: () => 0,
    after: (ms, call) => {
      expect(ms).toBe(50);
      due = call;
      return () => (due = undefined);
    },
    every: () => () => {},
    sleep: async () => {},
  };
  const log = createLogLines({
    id: "one",
    clock,
    deliver: (lines) => void batches.push(lines),
    raw: (_source, text) => void raw.push(text),
  });
  return { log, batches, raw, pass: () => due?.() };
}

test("15: of 5,100 lines the newest 5,000 are kept in their order", () => {
  const { log } = useLog();
  for (let line = 0; line < 5100; line++) log.add("vite", `line ${line}`);
  const all = log.logs(0);
  expect(all).toHaveLength(5000);
  expect(all.map(({ message }) => message)).toEqual(
    Array.from({ length: 5000 }, (_, index) => `line ${index + 100}`),
  );
  expect(log.logs(-1)).toEqual(all);
  expect(log.logs(2).map(({ message }) => message)).toEqual(["line 5098", "line 5099"]);
  expect(log.logs(9999)).toEqual(all);
  for (let line = 5100; line < 20_000; line++) log.add("vite", `line ${line}`);
  expect(log.logs(0).map(({ message }) => message)).toEqual(
    Array.from({ length: 5000 }, (_, index) => `line ${index + 15_000}`),
  );
});

test("15: a line of 1 MB is cut and marked, and does not stop later lines", () => {
  const { log } = useLog();
  const reader = log.reader("backend");
  reader.write(Buffer.from("before\n"));
  for (let part = 0; part < 16; part++) reader.write(Buffer.from("x".repeat(64 * 1024)));
  reader.write(Buffer.from("\nafter\n"));
  const [before, long, after] = log.logs(0).map(({ message }) => message);
  expect([before, after]).toEqual(["before", "after"]);
  expect(Buffer.byteLength(long ?? "")).toBeLessThanOrEqual(16 * 1024);
  const left = Number(/ … (\d+) more characters left out$/.exec(long ?? "")?.[1]);
  expect(left + /^x+/.exec(long ?? "")![0].length).toBe(1024 * 1024);
});

test("at most 8 MiB are kept", () => {
  const { log } = useLog();
  for (let line = 0; line < 1000; line++) log.add("build", `${line} ${"é".repeat(8000)}`);
  const all = log.logs(0);
  const bytes = all.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0);
  expect(bytes).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect(bytes).toBeGreaterThan(8 * 1024 * 1024 - 17_000);
  expect(all.at(-1)?.message).toMatch(/^999 /);
});

test("lines come in batches of 200, or what there is after 50 ms; after the close nothing comes", () => {
  const { log, batches, pass } = useLog();
  for (let line = 0; line < 450; line++) log.add("vite", String(line));
  expect(batches.map(({ length }) => length)).toEqual([200, 200]);
  pass();
  expect(batches.map(({ length }) => length)).toEqual([200, 200, 50]);
  expect(batches.flat()).toEqual(log.logs(0));
  log.add("vite", "last");
  log.close();
  log.add("vite", "too late");
  log.reader("vite").write(Buffer.from("too late\n"));
  pass();
  expect(batches.flat().at(-1)?.message).toBe("last");
});

test("messages have no ANSI sequences, the raw line has them", () => {
  const { log, raw } = useLog();
  log.add("vite", "\u001b[32m➜\u001b[39m  \u001b]8;;http://x\u0007Local\u001b]8;;\u0007");
  expect(log.logs(1)[0]).toEqual({
    timestamp: "1970-01-01T00:00:00.000Z",
    source: "vite",
    level: "info",
    message: "➜  Local",
    pluginID: "one",
  });
  expect(raw[0]).toContain("\u001b[32m");
});

describe("the line reader", () => {
  function linesOf(chunks: readonly Uint8Array[]): string[] {
    const lines: string[] = [];
    const reader = createLineReader((text) => void lines.push(text));
    for (const chunk of chunks) reader.write(chunk);
    reader.end();
    return lines;
  }

  test("however the bytes are cut, the lines are the same", () => {
    const text = fc
      .array(fc.constantFrom("é", "🎈", "x", "\r\n", "\n", "long ", "\u001b[1m"), { maxLength: 40 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(200)), (whole, cuts) => {
        const bytes = Buffer.from(whole);
        const places = [0, ...cuts.map((at) => at % (bytes.length + 1)), bytes.length].toSorted(
          (one, other) => one - other,
        );
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const expected = whole.split(/\r?\n/);
        if (expected.at(-1) === "") expected.pop();
        expect(linesOf(chunks)).toEqual(expected);
      }),
    );
  });

  test("of a progress bar the last state counts", () => {
    expect(
      linesOf([Buffer.from("10 %\r20 %"), Buffer.from("\r30 %\r"), Buffer.from("\nnext")]),
    ).toEqual(["30 %", "next"]);
  });
});

test.each([
  ["Found 0 errors. Watching for file changes.", "info"],
  ["build failed", "error"],
  ["./main.go:3:1: syntax error", "error"],
  ["TypeError: x is not a function", "error"],
  ["warning: unused variable", "warn"],
  ["(node:1) [DEP0040] DeprecationWarning: deprecated", "warn"],
  ['{"level":"error","msg":"no"}', "error"],
  ['{"level":30,"msg":"an error is only a word here"}', "info"],
  ["time=x level=WARN msg=low", "warn"],
  ["2026-02-16T10:30:00Z [DEBUG] plugin: waiting for error", "debug"],
  ["INFO listening", "info"],
  ["[debug] x", "debug"],
  ["ready in 300 ms", "info"],
  ["terrorised mirrors", "info"],
])("%j is %s", (line, level) => {
  expect(levelOf(line)).toBe(level);
});
