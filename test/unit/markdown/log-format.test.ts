/** The pure functions of section 4.5 by value: names, ports, durations, headings, events, results, tests. */
import { afterEach, describe, expect, test } from "vitest";
import * as grammar from "../../../src/markdown/grammar.ts";
import type { LogResult } from "../../../src/markdown/log/events.ts";
import { ensureTitle } from "../../../src/markdown/log/edits.ts";
import { fenced } from "../../../src/markdown/log/fences.ts";
import {
  isBackgroundHeading,
  isEventHeading,
  isServerMarker,
  isSystemHeading,
  readReplyHeading,
} from "../../../src/markdown/log/headings.ts";
import { lineEndOf } from "../../../src/markdown/log/lines.ts";
import { testDurationFmt } from "../../../src/markdown/log/tests.ts";
import { anchorLine, at, footer, iso, oldAnchorLine, rule } from "./log-fixture.ts";

const {
  clockFmt,
  derivePort,
  durationFmt,
  ensureFileHeader,
  findFooter,
  formatBackgroundEvent,
  formatResultBlocks,
  formatTestProgress,
  sanitizeName,
} = grammar;

test("everything that section 4.5 names is there, but what reads folders", () => {
  expect(Object.keys(grammar).toSorted()).toEqual([
    "clockFmt",
    "derivePort",
    "durationFmt",
    "ensureFileHeader",
    "findFooter",
    "formatAgentHeader",
    "formatBackgroundEvent",
    "formatCodeBlock",
    "formatFileHeader",
    "formatFooter",
    "formatReplyHeader",
    "formatResultBlocks",
    "formatSessionGuide",
    "formatTestProgress",
    "hashString",
    "parseRequest",
    "parseRequests",
    "patternToRegex",
    "sanitizeName",
  ]);
});

describe("names and ports", () => {
  test.each([
    ["Test_Worker-123!@#", "test-worker-123"],
    ["page.example.com", "page-example-com"],
    ["test-🚀-name", "test-name"],
    ["---", ""],
    ["", ""],
    ["Curl Page", "curl-page"],
    ["a--b", "a-b"],
    ["7-zen-1201-03-webworker", "7-zen-1201-03-webworker"],
    ["../../etc/passwd", "etc-passwd"],
  ])("%s is %s", (name, expected) => {
    expect(sanitizeName(name)).toBe(expected);
  });

  test.each([
    ["demo", 8751],
    ["proj", 8793],
    ["proj1", 8632],
    ["my-project", 8660],
    ["My-Project", 8660],
    ["my-project1", 8355],
    ["three-g", 8956],
    ["daeb.ug", 8706],
    ["", 8100],
  ])("the port of %s is %i", (name, port) => {
    expect(derivePort(`/home/me/${name}`)).toBe(name === "" ? derivePort("/home/me") : port);
    expect(derivePort(name)).toBe(port);
    if (name !== "") expect(derivePort(`C:\\work\\${name}\\`)).toBe(port);
  });

  test.each(["/", "C:\\", "c:/"])("the root of a file system, %s, has no name", (root) => {
    expect(derivePort(root)).toBe(8100);
  });
});

describe("times", () => {
  const zone = process.env["TZ"];
  afterEach(() => {
    process.env["TZ"] = zone;
    if (zone === undefined) delete process.env["TZ"];
  });

  test.each([
    ["UTC", "09:35:33"],
    ["Asia/Kolkata", "15:05:33"],
    ["America/New_York", "04:35:33"],
    ["Pacific/Auckland", "22:35:33"],
  ])("the clock is that of %s", (place, expected) => {
    process.env["TZ"] = place;
    expect(clockFmt("2026-03-04T09:35:33.120Z")).toBe(expected);
    expect(clockFmt(Date.UTC(2026, 2, 4, 9, 35, 33, 999))).toBe(expected);
  });

  test("hours have two digits, midnight is 00", () => {
    expect(clockFmt(at("00:01:02"))).toBe("00:01:02");
    expect(clockFmt("nonsense")).toBe("");
  });

  test.each([
    [0, "0ms"],
    [-3, "0ms"],
    [3.7, "4ms"],
    [1999, "1999ms"],
    [1999.6, "2.0s"],
    [2000, "2.0s"],
    [3750, "3.8s"],
    [60_012, "60.0s"],
    [600_000, "600.0s"],
  ])("%d ms are %s", (ms, expected) => {
    expect(durationFmt(ms)).toBe(expected);
  });

  test.each([
    [0, "0ms"],
    [1999, "1999ms"],
    [2504, "2.5s"],
    [999_949, "999.9s"],
    [1_234_500, "1,234.5s"],
    [1_234_567_890, "1,234,567.9s"],
  ])("a test run of %d ms takes %s", (ms, expected) => {
    expect(testDurationFmt(ms)).toBe(expected);
  });
});

describe("headings", () => {
  test("as they are written", () => {
    expect(grammar.formatAgentHeader("alice", "p", iso("01:02:03"))).toBe(
      "### 🗣️alice to p at 01:02:03",
    );
    expect(grammar.formatReplyHeader("p", "alice", at("01:02:03"), 1999, false)).toBe(
      "#### 👍p to alice at 01:02:03 (1999ms)",
    );
    expect(grammar.formatReplyHeader("p", "alice", at("01:02:03"), 3750, true)).toBe(
      "#### 🚫p to alice at 01:02:03 (3.8s)",
    );
    expect(grammar.formatCodeBlock("1 + 1")).toBe("```JS\n1 + 1\n```");
    expect(grammar.formatFooter()).toBe(footer);
    expect(rule).toHaveLength(70);
  });

  test.each([
    ["#### 👍p to a at 01:02:03 (4ms)", "succeeded"],
    ["#### 👍️p to a at 01:02:03 (4ms)", "succeeded"],
    ["####👍p  to a at 01:02:03 (67.2s) late  ", "succeeded"],
    ["#### 🚫p to a at 01:02:03 (4ms)", "failed"],
    ["#### 🚫\uFE0Fp to a at 01:02:03 (4ms)", "failed"],
    ["#### 👍p to a at 01:02:03", "executing"],
    ["> **p** to a at 01:02:03 (4ms)", "succeeded"],
    ["> **p** to a at 01:02:03 (**ERROR**) (4ms)", "failed"],
    ["> **p** to a at 01:02:03 (**ERROR** after 4ms)", "failed"],
    ["**p** to a at 01:02:03 (4ms)", "succeeded"],
    ["**p** to a at 01:02:03 (**ERROR** after 2.0s)", "failed"],
    ["> **p** to a at 01:02:03", undefined],
    ["#### p to a at 01:02:03 (4ms)", undefined],
    ["##### 👍p to a at 01:02:03 (4ms)", undefined],
    ["#### 👍p to a", undefined],
  ])("a reply: %s", (line, state) => {
    expect(readReplyHeading(line)?.state).toBe(state);
    if (state !== undefined)
      expect(readReplyHeading(line)).toMatchObject({ page: "p", agent: "a" });
  });

  test.each([
    "🚫window.onerror",
    "🆘console.error",
    "☑️console.log",
    "☑console.log",
    "ℹ️console.info",
    "ℹconsole.info",
    "🔢event",
    "☑️console.log 11:09:20",
  ])("an event: %s", (words) => {
    expect(isEventHeading(`##### ${words}`)).toBe(true);
    expect(isEventHeading(`#### ${words}`)).toBe(false);
  });

  test("background and system, with and without FE0F", () => {
    for (const sign of ["🗣️", "🗣"]) {
      expect(isBackgroundHeading(`### ${sign}p background at 01:02:03`)).toBe(true);
      expect(isBackgroundHeading(`### ${sign}p background at undefined`)).toBe(true);
      expect(isSystemHeading(`### ${sign}System at 01:02:03`)).toBe(true);
    }
    expect(isBackgroundHeading("> **p** background at 01:02:03")).toBe(true);
  });

  test("what only the server writes", () => {
    for (const line of [
      "executing (5s)",
      "executing (5s) waiting for the realm to connect",
      "... (3 more background events omitted) ...",
      "## Test Results: 1 pass, 0 fail, 0 skip (1ms)",
      "## Test Progress: 1/1 pass, 0 fail (1ms)",
    ])
      expect(isServerMarker(line)).toBe(true);
    for (const line of ["## Tests", "executing it", "### note", "> quote", "**bold** to me"])
      expect(isServerMarker(line)).toBe(false);
  });
});

describe("title, guide and footer", () => {
  test("the guide holds no fence and nothing that looks like the server's", () => {
    const lines = grammar.formatFileHeader("p Session").split("\n");
    expect(lines[0]).toBe("# p Session");
    expect(lines[1]).toBe("");
    expect(lines[3]).toBe("");
    expect(lines[4]).toBe("## Short Guide");
    expect(lines.at(-1)).toBe("---");
    expect(lines.filter((line) => isServerMarker(line) || line.startsWith("```"))).toEqual([]);
  });

  test.each([
    ["nothing", ""],
    ["text", "text\n"],
    ["blank lines first", "\n\n\ntext\n"],
    ["a byte order mark", "\uFEFFtext\n"],
    ["CRLF", "a\r\nb\r\n"],
    ["a title after 20 lines", `${"x\n".repeat(20)}# late\n`],
    ["a heading of level 2", "## two\n"],
    ["no blank behind the sign", "#one\n"],
  ])("a title is put in front of %s, once", (_, text) => {
    const once = ensureTitle(text, "p");
    expect(once.replace("\uFEFF", "").startsWith("# p Session")).toBe(true);
    expect(ensureTitle(once, "p")).toBe(once);
    expect(once.endsWith(text.replace("\uFEFF", "").trimStart())).toBe(true);
    expect(once.startsWith("\uFEFF")).toBe(text.startsWith("\uFEFF"));
    if (text.includes("\r")) expect(once.replaceAll("\r\n", "")).not.toContain("\n");
  });

  test.each(["# mine\n", "\uFEFF# mine\n", `${"x\n".repeat(19)}# in line 20\n`])(
    "a title is left alone: %j",
    (text) => {
      expect(ensureTitle(text, "p")).toBe(text);
    },
  );

  test("the same for lines", () => {
    const once = ensureFileHeader(["text"], "p Session");
    expect([once[0], once.at(-2), once.at(-1)]).toEqual(["# p Session", "", "text"]);
    expect(ensureFileHeader(once, "p Session")).toEqual(once);
  });

  test.each([
    [["a", "", rule, anchorLine], 2],
    [["a", "", rule, oldAnchorLine, "", "x"], 2],
    [["a", "", anchorLine], 2],
    [[anchorLine, "", "---", anchorLine], 3],
    [["a", rule, ""], -1],
    [[], -1],
  ])("the footer of %j is at %i", (lines, index) => {
    expect(findFooter(lines)).toBe(index);
  });
});

describe("fences and line ends", () => {
  test.each([
    ["plain", 3],
    ["a `code` and ``` inside", 3],
    ["```", 4],
    ["   ```js", 4],
    ["    ```", 3],
    ["a\n`````\nb", 6],
    ["````\n```", 5],
  ])("%j needs %i backticks", (content, length) => {
    const ticks = "`".repeat(length);
    expect(fenced("Text", content)).toBe(`${ticks}Text\n${content}\n${ticks}`);
  });

  test("half a surrogate pair, which no file can hold, is replaced", () => {
    expect(fenced("", "a\uD83D")).toBe("```\na\uFFFD\n```");
    expect(fenced("", "a\uD83D\uDE80")).toBe("```\na🚀\n```");
  });

  test.each([
    ["", "\n"],
    ["a\nb\n", "\n"],
    ["a\r\nb\r\n", "\r\n"],
    ["a\r\nb\r\nc\n", "\r\n"],
    ["a\r\nb\n", "\n"],
  ])("the line end of %j is %j", (text, end) => {
    expect(lineEndOf(text)).toBe(end);
  });
});

describe("events", () => {
  const eventAt = iso("11:09:20");
  const log = { type: "console", level: "log", message: "tick", eventAt };

  test.each<[string, object, string]>([
    ["log", log, "##### ☑️console.log\n```Text console.log\ntick 11:09:20\n```"],
    [
      "no level",
      { type: "console", message: "x" },
      "##### ☑️console.log\n```Text console.log\nx\n```",
    ],
    [
      "info",
      { ...log, level: "info" },
      "##### ℹ️console.info\n```Text console.info\ntick 11:09:20\n```",
    ],
    [
      "warn",
      { ...log, level: "warn" },
      "##### 🆘console.warn\n```Text console.warn\ntick 11:09:20\n```",
    ],
    [
      "error",
      { ...log, level: "error" },
      "##### 🆘console.error\n```Error console.error\ntick 11:09:20\n```",
    ],
    [
      "debug",
      { ...log, level: "debug" },
      "##### 🔢console.debug\n```Text console.debug\ntick 11:09:20\n```",
    ],
    [
      "without a time",
      { type: "console", level: "log", message: "tick" },
      "##### ☑️console.log\n```Text console.log\ntick\n```",
    ],
    [
      "with a caller",
      { ...log, caller: "at f (http://x)" },
      "##### ☑️console.log\n```Text console.log\nat f (http://x) 11:09:20\ntick\n```",
    ],
    [
      "several lines",
      { ...log, message: "a  \nb" },
      "##### ☑️console.log\n```Text console.log\na 11:09:20\nb\n```",
    ],
    [
      "a blank first line",
      { ...log, message: "\nb" },
      "##### ☑️console.log\n```Text console.log\n\nb\n```",
    ],
    [
      "JSON",
      { ...log, message: '{"a":1}' },
      '##### ☑️console.log 11:09:20\n```JSON console.log\n{"a":1}\n```',
    ],
    [
      "JSON without a time",
      { type: "console", message: "[1]" },
      "##### ☑️console.log\n```JSON console.log\n[1]\n```",
    ],
    [
      "JSON with a caller",
      { ...log, message: "1", caller: "at f" },
      "##### ☑️console.log\n```JSON console.log\nat f 11:09:20\n1\n```",
    ],
    [
      "JSON as an error",
      { ...log, level: "error", message: "1" },
      "##### 🆘console.error\n```Error console.error\n1 11:09:20\n```",
    ],
    [
      "a fence in the message",
      { type: "console", message: "```\nx" },
      "##### ☑️console.log\n````Text console.log\n```\nx\n````",
    ],
    [
      "a level that is no word",
      { ...log, level: "log\n# x" },
      "##### 🔢console.log\n```Text console.log\ntick 11:09:20\n```",
    ],
    [
      "an uncaught error",
      { type: "error", source: "window.onerror", message: "m", stack: "Error: m\n  at f", eventAt },
      "##### 🚫window.onerror\n```window.onerror\nError: m 11:09:20\n  at f\n```",
    ],
    [
      "one without a stack",
      { type: "error", source: "unhandledrejection", message: "m", stack: "", eventAt },
      "##### 🚫unhandledrejection\n```unhandledrejection\nm 11:09:20\n```",
    ],
    [
      "one without a source",
      { type: "error", message: "m" },
      "##### 🚫window.onerror\n```Error\nm\n```",
    ],
    [
      "one with a source that is no word",
      { type: "error", source: "x\ny", message: "m" },
      "##### 🚫Error\n```Error\nm\n```",
    ],
    [
      "one full of nulls",
      { type: "error", source: null, stack: null, message: "m", eventAt: null },
      "##### 🚫window.onerror\n```Error\nm\n```",
    ],
    ["unknown", { type: "custom", message: "m", eventAt }, "##### 🔢event\n```Text\nm\n```"],
    ["nothing at all", {}, "##### 🔢event\n```Text\n\n```"],
  ])("%s", (_, event, expected) => {
    expect(formatBackgroundEvent(event)).toBe(expected);
  });
});

describe("results", () => {
  test.each<[string, LogResult, string]>([
    ["an object", { ok: true, value: { a: [1] } }, '```JSON\n{\n  "a": [\n    1\n  ]\n}\n```'],
    ["null", { ok: true, value: null }, "```JSON\nnull\n```"],
    ["a number", { ok: true, value: 4.5 }, "```JSON\n4.5\n```"],
    ["a boolean", { ok: true, value: false }, "```JSON\nfalse\n```"],
    ["a string, bare", { ok: true, value: "done" }, "```JSON\ndone\n```"],
    ["an empty string", { ok: true, value: "" }, "```JSON\n\n```"],
    ["nothing", { ok: true }, "```JSON\nundefined\n```"],
    ["a fence", { ok: true, value: "```\nx\n```" }, "````JSON\n```\nx\n```\n````"],
    [
      "a note",
      { ok: true, value: "1n", valueNote: "not plain JSON" },
      "```JSON\n1n\n// not plain JSON\n```",
    ],
    [
      "an error as text",
      { ok: false, error: "Error: no\n  at f" },
      "```Error\nError: no\n  at f\n```",
    ],
    [
      "its stack",
      { ok: false, error: { message: "no", stack: "Error: no\n  at f" } },
      "```Error\nError: no\n  at f\n```",
    ],
    ["its message", { ok: false, error: { message: "no" } }, "```Error\nno\n```"],
  ])("%s", (_, result, expected) => {
    expect(formatResultBlocks(result)).toEqual([expected]);
  });

  test("a long text is cut, and says by how much", () => {
    const [block] = formatResultBlocks({ ok: true, value: "x".repeat(65_536 + 7) });
    expect(block).toBe(
      `\`\`\`JSON\n${"x".repeat(65_536)}\n... (7 more characters omitted) ...\n\`\`\``,
    );
  });

  const events = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ type: "console", message: `m${index}` }));
  const messages = (blocks: readonly string[]): string[] =>
    blocks.map((block) => /m\d+|\d+ more/.exec(block)?.[0] ?? block);

  test("ten events are written in full", () => {
    const blocks = formatResultBlocks({ ok: true, value: 1, backgroundEvents: events(10) });
    expect(blocks).toHaveLength(11);
  });

  test("eleven leave one out", () => {
    const blocks = formatResultBlocks({ ok: true, value: 1, backgroundEvents: events(11) });
    expect(blocks[3]).toBe("\n... (1 more background events omitted) ...\n");
    expect(messages(blocks.slice(1))).toEqual([
      "m0",
      "m1",
      "1 more",
      "m3",
      "m4",
      "m5",
      "m6",
      "m7",
      "m8",
      "m9",
      "m10",
    ]);
  });

  test("fifteen make 1 + 2 + 1 + 8 blocks", () => {
    const blocks = formatResultBlocks({ ok: true, value: 1, backgroundEvents: events(15) });
    expect(blocks).toHaveLength(12);
    expect(blocks[3]).toBe("\n... (5 more background events omitted) ...\n");
    expect(messages(blocks.slice(4))).toEqual([
      "m7",
      "m8",
      "m9",
      "m10",
      "m11",
      "m12",
      "m13",
      "m14",
    ]);
  });

  test("events that were left out before count", () => {
    const blocks = formatResultBlocks({
      ok: true,
      value: 1,
      backgroundEvents: events(10),
      missingEvents: 90,
    });
    expect(blocks[3]).toContain("(90 more ");
  });

  test("errors of the oldest clients are fences, unless there are events", () => {
    expect(formatResultBlocks({ ok: true, value: 1, errors: ["a", "b"] })).toEqual([
      "```JSON\n1\n```",
      "```Error\na\n```",
      "```Error\nb\n```",
    ]);
    expect(formatResultBlocks({ ok: true, value: 1, errors: ["a"], backgroundEvents: [] })).toEqual(
      ["```JSON\n1\n```"],
    );
    const many = Array.from({ length: 11 }, (_, index) => `m${index}`);
    expect(formatResultBlocks({ ok: true, value: 1, errors: many })[3]).toContain("(1 more ");
  });
});

describe("tests", () => {
  const totals = { pass: 2, fail: 1, skip: 0 };

  test.each<[object, string]>([
    [{ complete: true }, "## Test Results: 2 pass, 1 fail, 0 skip (2.5s)"],
    [{}, "## Test Progress: 2/3 pass, 1 fail (2.5s)"],
    [{ deltas: { pass: 1, fail: 2 } }, "## Test Progress: 2/3 pass, +1 pass, +2 fail (2.5s)"],
    [{ deltas: { pass: 1, fail: 0 } }, "## Test Progress: 2/3 pass, +1 pass (2.5s)"],
    [{ deltas: { skip: 3 } }, "## Test Progress: 2/3 pass, +3 skip (2.5s)"],
    [{ deltas: { pass: 0 } }, "## Test Progress: 2/3 pass, 1 fail (2.5s)"],
    [{ complete: true, duration: 1_234_500 }, "## Test Results: 2 pass, 1 fail, 0 skip (1,234.5s)"],
  ])("the heading of %j", (progress, heading) => {
    expect(formatTestProgress({ complete: false, totals, duration: 2504, ...progress })).toBe(
      heading,
    );
  });

  test("failed, skipped, passed, each in order; times and suites where there are any", () => {
    const completedAt = iso("10:00:00");
    const items = [
      { name: "p1", status: "pass", duration: 1.4, completedAt },
      { name: "f1", suite: "s", status: "fail", error: "no\n```\nx", completedAt },
      { name: "k1", status: "skip", suite: null, duration: 0 },
      { name: "p2", suite: "a > b", status: "pass", duration: 5, completedAt },
      { name: "f2", status: "fail", error: null, duration: 2, completedAt },
      { name: "with\nlines", status: "skip", completedAt },
    ];
    const expected = [
      "## Test Results: 2 pass, 1 fail, 0 skip (1ms)",
      "",
      "✗ s > f1 10:00:00 (0ms)",
      "````",
      "no",
      "```",
      "x",
      "````",
      "✗ f2 10:00:00 (2ms)",
      "○ k1 (0ms)",
      "○ with lines 10:00:00 (0ms)",
      "✓ p1 10:00:00 (1ms)",
      "✓ a > b > p2 10:00:00 (5ms)",
    ].join("\n");
    const base = { totals, duration: 1 };
    expect(formatTestProgress({ ...base, complete: true, allTests: items })).toBe(expected);
    // While they run, only the recent ones are shown.
    const running = formatTestProgress({
      ...base,
      complete: false,
      recentTests: items.slice(0, 1),
      allTests: items,
    });
    expect(running).toBe("## Test Progress: 2/3 pass, 1 fail (1ms)\n\n✓ p1 10:00:00 (1ms)");
  });
});
