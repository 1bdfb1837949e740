/** The worked examples of the REPL specification (section 22), byte for byte. */
import { describe, expect, test } from "vitest";
import { acceptRequest, formatRegion } from "../../../src/markdown/log/accept.ts";
import { appendAbove, finishEdit } from "../../../src/markdown/log/edits.ts";
import {
  formatEvents,
  formatResultBlocks,
  type LogEvent,
  type LogResult,
} from "../../../src/markdown/log/events.ts";
import {
  formatAgentHeader,
  formatCodeBlock,
  formatDiagnostic,
  formatExecutingHeader,
  formatPlaceholder,
  formatReplyHeader,
} from "../../../src/markdown/log/format.ts";
import {
  placeAboveRegion,
  placeBelowLastReply,
  placeNext,
  placeRegion,
  placeReply,
  replaceOwn,
} from "../../../src/markdown/log/regions.ts";
import { formatTestProgress, type TestItem } from "../../../src/markdown/log/tests.ts";
import { reconcile } from "../../../src/server/repl/log-merge.ts";
import { above, anchorLine, at, footer, iso, name, oldAnchorLine, rule } from "./log-fixture.ts";

const started = `# ${name} Session\n\nAbout this file.\n\n---\n\n`;

function accept(text: string, clock: string, page = name) {
  const accepted = acceptRequest(text, { name: page, at: at(clock) });
  if (accepted === undefined) throw new Error("not accepted");
  return accepted;
}

interface Answer extends LogResult {
  readonly clock: string;
  readonly ms: number;
}

function answer({ clock, ms, ...result }: Answer, agent = "agent", page = name): string {
  const heading = formatReplyHeader(page, agent, at(clock), ms, !result.ok);
  return [heading, ...formatResultBlocks(result)].join("\n");
}

function finish(accepted: { text: string; heading: string }, code: string, reply: string): string {
  const parts = { reply, codeBlock: formatCodeBlock(code) };
  return finishEdit(placeReply(accepted.text, { heading: accepted.heading, code }, parts), name);
}

test("22.1: a new file without an anchor", () => {
  const accepted = accept("Is the page alive?\n\n```js\n1 + 1\n```\n", "09:34:50");
  const guide = accepted.text.slice(0, accepted.text.indexOf("Is the page alive?"));
  expect(guide.startsWith(`# ${name} Session\n\n`)).toBe(true);
  expect(guide).toContain("\n\n## Short Guide\n\n- ");
  expect(guide.endsWith("\n\n---\n\n")).toBe(true);
  expect(accepted.text.slice(guide.length)).toBe(`Is the page alive?

### 🗣️agent to 7-zen-1201-03 at 09:34:50
\`\`\`js
1 + 1
\`\`\`

#### 👍7-zen-1201-03 to agent at 09:34:50
executing (0s)

${footer}`);
  const reply = answer({ ok: true, value: 2, clock: "09:34:50", ms: 4 });
  expect(finish(accepted, "1 + 1", reply).slice(guide.length)).toBe(`Is the page alive?

### 🗣️agent to 7-zen-1201-03 at 09:34:50
\`\`\`js
1 + 1
\`\`\`

#### 👍7-zen-1201-03 to agent at 09:34:50 (4ms)
\`\`\`JSON
2
\`\`\`

${footer}`);
});

describe("22.2: an append with turn, note and a longer job", () => {
  const code =
    "for (let i = 1; i <= 3; i++) { console.log('tick', i); await new Promise(r => setTimeout(r, 3000)); }\nreturn { ticks: 3 };";
  const chunk = `## Start-up warnings\n\nPoll for ten seconds and watch the console.\n\n\`\`\`js\n${code}\n\`\`\`\n\n(then I will look at the network)\n`;
  const accepted = accept(`${started}${above}\n${chunk}`, "09:36:10");
  const tick = (count: number): LogEvent => ({
    type: "console",
    level: "log",
    eventAt: iso(`09:36:${7 + count * 3}`),
    message: `tick ${count}`,
    caller: "at eval (http://localhost:8660/:347:28)",
  });
  const place = { heading: accepted.heading, code };
  const region = [
    formatExecutingHeader(name, "agent", at("09:36:10")),
    ...formatEvents([tick(1), tick(2)]),
    formatPlaceholder(5.4, false),
  ].join("\n");
  const running = placeRegion(accepted.text, place, region)!;
  const beginning = `${started}## Start-up warnings

### 🗣️agent to 7-zen-1201-03 at 09:36:10

Poll for ten seconds and watch the console.

\`\`\`js
${code}
\`\`\`

`;
  const two = `##### ☑️console.log
\`\`\`Text console.log
at eval (http://localhost:8660/:347:28) 09:36:10
tick 1
\`\`\`
##### ☑️console.log
\`\`\`Text console.log
at eval (http://localhost:8660/:347:28) 09:36:13
tick 2
\`\`\`
`;
  const ending = `
(then I will look at the network)

${footer}`;

  test("accepted", () => {
    expect(accepted.text).toBe(
      `${beginning}#### 👍7-zen-1201-03 to agent at 09:36:10\nexecuting (0s)\n${ending}`,
    );
  });

  test("five seconds in", () => {
    expect(running).toBe(
      `${beginning}#### 👍7-zen-1201-03 to agent at 09:36:10\n${two}executing (5s)\n${ending}`,
    );
  });

  test("finished: only the region has changed", () => {
    const reply = answer({
      ok: true,
      value: { ticks: 3 },
      backgroundEvents: [tick(1), tick(2), tick(3)],
      clock: "09:36:19",
      ms: 9012,
    });
    expect(finish({ ...accepted, text: running }, code, reply)).toBe(
      `${beginning}#### 👍7-zen-1201-03 to agent at 09:36:19 (9.0s)
\`\`\`JSON
{
  "ticks": 3
}
\`\`\`
${two}##### ☑️console.log
\`\`\`Text console.log
at eval (http://localhost:8660/:347:28) 09:36:16
tick 3
\`\`\`
${ending}`,
    );
  });
});

test("22.3: a named agent and a failure", () => {
  const chunk = `### 🗣️alice to ${name} at 00:00:00\n\`\`\`js\nnope.x\n\`\`\`\n`;
  const accepted = accept(`${started}${above}\n${chunk}`, "09:40:02");
  expect(accepted.agent).toBe("alice");
  const stack =
    "ReferenceError: nope is not defined\n    at eval (eval at start (http://localhost:8660/:347:28), <anonymous>:3:1)";
  const reply = answer({ ok: false, error: stack, clock: "09:40:02", ms: 7 }, "alice");
  expect(finish(accepted, "nope.x", reply)).toBe(`${started}### 🗣️alice to 7-zen-1201-03 at 09:40:02
\`\`\`js
nope.x
\`\`\`

#### 🚫7-zen-1201-03 to alice at 09:40:02 (7ms)
\`\`\`Error
ReferenceError: nope is not defined
    at eval (eval at start (http://localhost:8660/:347:28), <anonymous>:3:1)
\`\`\`

${footer}`);
});

test("22.4: two blocks", () => {
  const chunk = "```js\na = 41\n```\n\nthen\n\n```js\na + 1\n```\n";
  const accepted = accept(`${started}${above}\n${chunk}`, "09:41:00");
  const reply = answer({ ok: true, value: 41, clock: "09:41:00", ms: 3 });
  const first = finish(accepted, "a = 41", reply);
  const after = first.indexOf(reply) + reply.length;
  const next = { heading: accepted.heading, code: "a + 1" };
  const region = formatRegion(name, "agent", { at: at("09:41:00") });
  expect(placeNext(first, after, next, region))
    .toBe(`${started}### 🗣️agent to 7-zen-1201-03 at 09:41:00
\`\`\`js
a = 41
\`\`\`

#### 👍7-zen-1201-03 to agent at 09:41:00 (3ms)
\`\`\`JSON
41
\`\`\`

then

\`\`\`js
a + 1
\`\`\`

#### 👍7-zen-1201-03 to agent at 09:41:00
executing (0s)

${footer}`);
});

test("22.5: thirteen events", () => {
  const backgroundEvents = Array.from({ length: 13 }, (_, index) => ({
    type: "console",
    level: "log",
    eventAt: iso("09:42:00"),
    message: `m${index}`,
  }));
  const event = (index: number): string =>
    `##### ☑️console.log\n\`\`\`Text console.log\nm${index} 09:42:00\n\`\`\`\n`;
  const reply = answer({ ok: true, value: 7, backgroundEvents, clock: "09:42:00", ms: 29 });
  expect(`${reply}\n`).toBe(
    `#### 👍7-zen-1201-03 to agent at 09:42:00 (29ms)
\`\`\`JSON
7
\`\`\`
${event(0)}${event(1)}
... (3 more background events omitted) ...

${[5, 6, 7, 8, 9, 10, 11, 12].map(event).join("")}`,
  );
});

test("22.6: background only", () => {
  const events = formatEvents([
    {
      type: "error",
      source: "unhandledrejection",
      eventAt: iso("09:43:11"),
      message: "Failed to fetch",
      stack: "TypeError: Failed to fetch\n    at load (http://localhost:8660/app.js:10:3)",
    },
    { type: "console", level: "warn", eventAt: iso("09:43:11"), message: "retrying" },
  ]);
  const section = [`### 🗣️${name} background at 09:43:11`, ...events].join("\n");
  expect(appendAbove(started + footer, section))
    .toBe(`${started}### 🗣️7-zen-1201-03 background at 09:43:11
##### 🚫unhandledrejection
\`\`\`unhandledrejection
TypeError: Failed to fetch 09:43:11
    at load (http://localhost:8660/app.js:10:3)
\`\`\`
##### 🆘console.warn
\`\`\`Text console.warn
retrying 09:43:11
\`\`\`

${footer}`);
});

test("22.7: a timeout, then a late result", () => {
  const error = "job timed out after 60000ms";
  const own = answer({ ok: false, error, clock: "09:45:00", ms: 60_012 });
  const late = answer({ ok: true, value: "done", clock: "09:45:07", ms: 67_213 });
  const [heading, ...rest] = late.split("\n");
  const text = placeBelowLastReply(
    `${started}${own}\n\n${footer}`,
    own,
    [`${heading} late`, ...rest].join("\n"),
  );
  expect(text).toBe(`${started}#### 🚫7-zen-1201-03 to agent at 09:45:00 (60.0s)
\`\`\`Error
job timed out after 60000ms
\`\`\`

#### 👍7-zen-1201-03 to agent at 09:45:07 (67.2s) late
\`\`\`JSON
done
\`\`\`

${footer}`);
});

test("22.8: a hung worker", () => {
  const worker = `${name}-webworker`;
  const accepted = accept(
    `${started}${above}\n\`\`\`js\nwhile (true) {}\n\`\`\`\n`,
    "09:50:00",
    worker,
  );
  const diagnostic = formatDiagnostic(
    "Worker unresponsive for 22004ms, restarting...",
    at("09:50:22"),
  );
  const warned = placeAboveRegion(accepted.text, diagnostic);
  const error = "worker unresponsive for 22004ms, restarted";
  const reply = answer({ ok: false, error, clock: "09:50:22", ms: 22_090 }, "agent", worker);
  expect(finish({ ...accepted, text: warned }, "while (true) {}", reply)).toBe(
    `${started}### 🗣️agent to 7-zen-1201-03-webworker at 09:50:00
\`\`\`js
while (true) {}
\`\`\`

### 🗣️System at 09:50:22
\`\`\`Text
Worker unresponsive for 22004ms, restarting...
\`\`\`

#### 🚫7-zen-1201-03-webworker to agent at 09:50:22 (22.1s)
\`\`\`Error
worker unresponsive for 22004ms, restarted
\`\`\`

${footer}`,
  );
});

describe("22.9: tests", () => {
  const code = "await (await import('node:test')).run({ files: ['a.test.js'] })";
  const accepted = accept(`${started}${above}\n\`\`\`js\n${code}\n\`\`\`\n`, "10:00:00");
  const item = (title: string, status: string, more: Partial<TestItem> = {}): TestItem => ({
    name: title,
    suite: "suite A",
    status,
    duration: 0,
    error: null,
    completedAt: iso("10:00:00"),
    ...more,
  });
  const fails = item("fails", "fail", {
    error: "AssertionError: Values not strictly equal\n    at a.test.js:5:30",
  });
  const adds = item("adds", "pass");
  const slow = item("slow", "pass", { suite: null, duration: 2500, completedAt: iso("10:00:02") });
  const progress = formatTestProgress({
    complete: false,
    totals: { pass: 2, fail: 1, skip: 0 },
    duration: 2504,
    recentTests: [adds, fails, slow],
  });
  const running = placeAboveRegion(accepted.text, progress);
  const request = `${started}### 🗣️agent to 7-zen-1201-03 at 10:00:00
\`\`\`js
${code}
\`\`\`

`;

  test("while they run", () => {
    expect(running).toBe(`${request}## Test Progress: 2/3 pass, 1 fail (2.5s)

✗ suite A > fails 10:00:00 (0ms)
\`\`\`
AssertionError: Values not strictly equal
    at a.test.js:5:30
\`\`\`
✓ suite A > adds 10:00:00 (0ms)
✓ slow 10:00:02 (2500ms)

#### 👍7-zen-1201-03 to agent at 10:00:00
executing (0s)

${footer}`);
  });

  test("the end, in the same place", () => {
    const results = formatTestProgress({
      complete: true,
      totals: { pass: 3, fail: 1, skip: 1 },
      duration: 2519,
      allTests: [
        adds,
        fails,
        item("skipped", "skip"),
        slow,
        item("after slow", "pass", { suite: null, completedAt: iso("10:00:02") }),
      ],
    });
    const value = { passed: 3 };
    const reply = answer({ ok: true, value, clock: "10:00:02", ms: 2604 });
    const text = finish(
      { ...accepted, text: replaceOwn(running, progress, results)! },
      code,
      reply,
    );
    expect(text).toBe(`${request}## Test Results: 3 pass, 1 fail, 1 skip (2.5s)

✗ suite A > fails 10:00:00 (0ms)
\`\`\`
AssertionError: Values not strictly equal
    at a.test.js:5:30
\`\`\`
○ suite A > skipped 10:00:00 (0ms)
✓ suite A > adds 10:00:00 (0ms)
✓ slow 10:00:02 (2500ms)
✓ after slow 10:00:02 (0ms)

#### 👍7-zen-1201-03 to agent at 10:00:02 (2.6s)
\`\`\`JSON
{
  "passed": 3
}
\`\`\`

${footer}`);
  });
});

test("22.10: an old file goes on", () => {
  const old = `# Notes

> **agent** to 7-zen-1201-03 at 17:35:51
\`\`\`JS
2 + 2
\`\`\`


> **7-zen-1201-03** to agent at 17:35:51 (11ms)
\`\`\`JSON
4
\`\`\`

`;
  const before = `${old}${rule}\n${oldAnchorLine}\n\n\`\`\`js\nwindow.testValue\n\`\`\`\n`;
  const accepted = accept(before, "17:36:00");
  const reply = answer({ ok: true, clock: "17:36:00", ms: 2 });
  expect(finish(accepted, "window.testValue", reply))
    .toBe(`${old}### 🗣️agent to 7-zen-1201-03 at 17:36:00
\`\`\`js
window.testValue
\`\`\`

#### 👍7-zen-1201-03 to agent at 17:36:00 (2ms)
\`\`\`JSON
undefined
\`\`\`

${rule}
${anchorLine}


`);
});

test("22.11: what is appended while a job runs stays below the anchor, and is accepted after the reply", () => {
  const accepted = accept(`${started}${above}\n\`\`\`js\nfirst()\n\`\`\`\n`, "11:00:00");
  const second = "\n\n\nAnd then:\n```js\nsecond()\n```";
  const known = accepted.text;
  const appended = known.trimEnd() + second;
  const place = { heading: accepted.heading, code: "first()" };
  const region = `${formatExecutingHeader(name, "agent", at("11:00:00"))}\n${formatPlaceholder(5, false)}`;
  const ticked = finishEdit(placeRegion(appended, place, region)!, name);
  expect(ticked).toBe(appended.replace("executing (0s)", "executing (5s)"));
  const reply = answer({ ok: true, value: 1, clock: "11:00:06", ms: 6000 });
  const next = accept(finish({ ...accepted, text: ticked }, "first()", reply), "11:00:06");
  expect(next.text).toBe(`${started}### 🗣️agent to 7-zen-1201-03 at 11:00:00
\`\`\`js
first()
\`\`\`

#### 👍7-zen-1201-03 to agent at 11:00:06 (6.0s)
\`\`\`JSON
1
\`\`\`

### 🗣️agent to 7-zen-1201-03 at 11:00:06

And then:
\`\`\`js
second()
\`\`\`

#### 👍7-zen-1201-03 to agent at 11:00:06
executing (0s)

${footer}`);
});

test("22.12: a stale save", () => {
  const v1 = started + footer;
  const first = accept(`${started}${above}\`\`\`js\nfirst()\n\`\`\`\n`, "12:00:00");
  const reply = answer({ ok: true, value: 1, clock: "12:00:01", ms: 900 });
  const v2 = finish(first, "first()", reply);
  const stale = `${v1}\`\`\`js\nsecond()\n\`\`\`\n`;
  const { text } = reconcile(v2, stale, [
    { before: `${started}${above}\`\`\`js\nfirst()\n\`\`\`\n`, after: first.text, at: 1 },
    { before: v1, after: v1, at: 0 },
    { before: first.text, after: v2, at: 2 },
  ]);
  expect(text).toBe(`${v2}\`\`\`js\nsecond()\n\`\`\`\n`);
  expect(accept(text, "12:00:05").blocks.map(({ code }) => code)).toEqual(["second()"]);
  expect(formatAgentHeader("agent", name, at("12:00:05"))).toBe(
    "### 🗣️agent to 7-zen-1201-03 at 12:00:05",
  );
});
