import { expect, test } from "vitest";
import { readLog } from "../../../src/extension/logs/log-headings.ts";
import { logLenses, type LogLensesOptions } from "../../../src/extension/logs/log-lens-texts.ts";
import { linesOf, log, repl, sample, t } from "./logs.ts";

const active = { job: "j", agent: "alice", since: 7000, line: -1 };

function lenses(change: Partial<LogLensesOptions> = {}): string[] {
  const lines = linesOf(sample);
  const options = { lines, parts: readLog(lines), repl: repl(), log: log(), now: 10_500, t };
  return logLenses({ ...options, ...change }).map(
    ({ line, title }) => `${title} @ ${lines.at(line).slice(0, 12)}`,
  );
}

test("each request can be run again, and the anchor says how the realm is", () => {
  expect(lenses()).toEqual([
    "▷ Re-run @ ### 🗣️agent",
    "▷ Re-run @ ### 🗣️alice",
    "● live @ ------------",
  ]);
});

test("a request that is executing counts its seconds at its region", () => {
  expect(lenses({ log: log({ state: "executing", active }) }).slice(2)).toEqual([
    "◌ Executing 3 s @ #### 👍7-zen",
    "◌ executing @ ------------",
  ]);
});

test("without its realm a log says so, offers no run, and a request waits", () => {
  expect(lenses({ log: log({ state: "offline", active, lastFailed: true }) })).toEqual([
    "◌ Waiting for the realm 3 s @ #### 👍7-zen",
    "○ offline · last job failed @ ------------",
  ]);
});

test("a log of another process is read-only and says whose it is", () => {
  const elsewhere = repl({ state: { name: "elsewhere", owner: "process 4711" } });
  expect(lenses({ repl: elsewhere })).toEqual([
    "● live · read-only, the log belongs to process 4711 @ ------------",
  ]);
});
