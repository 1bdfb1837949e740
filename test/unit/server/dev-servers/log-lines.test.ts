/** Logs of dev servers (dev-servers section 9; scenario 15). */
import { expect, test } from "vitest";
import type { DevServerLine } from "../../../../src/protocol/dev-server.ts";
import type { Clock } from "../../../../src/server/clock.ts";
import { createLineReader } from "../../../../src/server/dev-servers/line-reader.ts";
import { createLogLines, type LogLines } from "../../../../src/server/dev-servers/log-lines.ts";

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
  const { log, raw } = useLog();
  const reader = createLineReader((line) => log.add("backend", line));
  reader.write(Buffer.from("before\n"));
  for (let part = 0; part < 24; part++) reader.write(Buffer.from("x".repeat(64 * 1024)));
  reader.write(Buffer.from("\nafter\n"));
  const [before, long = "", after] = log.logs(0).map(({ message }) => message);
  expect([before, after]).toEqual(["before", "after"]);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(16 * 1024);
  const [, start = "", left] = /^(x+) … \((\d+) bytes more\)$/.exec(long) ?? [];
  expect(start.length + Number(left)).toBe(24 * 64 * 1024);
  expect(raw[1]).toBe(long);
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
