import { describe, expect, test } from "vitest";
import { reconcile, type OwnVersion } from "../../../src/server/repl/log-merge.ts";

const anchor = `${"-".repeat(70)}\n> Append your JavaScript snippet below to execute against this page.\n`;
const end = `${anchor}\n\n`;
const head = "# p Session\n\nOld note.\n\n";

function request(code: string, time: string, agent = "agent"): string {
  return `### 🗣️${agent} to p at ${time}\n\`\`\`js\n${code}\n\`\`\`\n\n`;
}

function executing(time: string, seconds = 0): string {
  return `#### 👍p to agent at ${time}\nexecuting (${seconds}s)\n\n`;
}

function reply(value: string, time: string): string {
  return `#### 👍p to agent at ${time} (4ms)\n\`\`\`JSON\n${value}\n\`\`\`\n\n`;
}

function fence(code: string): string {
  return `\`\`\`js\n${code}\n\`\`\`\n`;
}

const v1 = head + end;
const withA = head + anchor + fence("a");
const v2 = head + request("a", "10:00:00") + executing("10:00:00") + end;
const v3 = head + request("a", "10:00:00") + reply("1", "10:00:01") + end;
const versions: OwnVersion[] = [
  { before: head, after: v1, at: 1000 },
  { before: withA, after: v2, at: 2000 },
  { before: v2, after: v3, at: 3000 },
];
const after = v3.slice(0, -2);

describe("a plain append", () => {
  test("what the server wrote itself is the same", () => {
    expect(reconcile(v3, v3, versions)).toEqual({ text: v3, how: "same" });
  });

  test.each([
    ["below two blank lines", v3 + fence("b")],
    ["directly below the anchor", after + fence("b")],
    ["without blank lines at the end", after.trimEnd()],
    ["half a fence", `${v3}\`\`\`js\n1 +`],
    ["code that holds an anchor", after + fence(`x = \`\n${anchor}\``)],
  ])("%s stays as it is", (_, found) => {
    expect(reconcile(v3, found, versions)).toEqual({ text: found, how: "append" });
  });

  test("a first text is taken as it is", () => {
    expect(reconcile("", "# mine\n", [])).toEqual({ text: "# mine\n", how: "append" });
  });
});

describe("a stale copy", () => {
  test("example 22.12: its fence stands below the anchor of the newer text", () => {
    const found = head + anchor + fence("b");
    expect(reconcile(v3, found, versions)).toEqual({ text: after + fence("b"), how: "stale" });
  });

  test.each([
    ["of the first version", v1],
    ["of the text with the chunk that was accepted", withA],
    ["of the same with another end", `${withA}\n\n`],
    ["of the same without its last line end", withA.trimEnd()],
    ["of the executing region", v2],
    ["without a footer", v2.slice(0, v2.indexOf("-----"))],
  ])("%s without an addition changes nothing", (_, found) => {
    expect(reconcile(v3, found, versions)).toEqual({ text: v3, how: "stale" });
  });

  test.each([
    ["below the chunk", withA + fence("b"), fence("b")],
    ["below the chunk, with notes", `${withA}\nthen\n\n${fence("b")}`, `\nthen\n\n${fence("b")}`],
    ["above the chunk", head + anchor + fence("b") + fence("a"), fence("b")],
    ["the same code again", withA + fence("a"), fence("a")],
    ["by another agent", `${head}${anchor}### 🗣️bob to p at 00:00:00\n${fence("a")}`, undefined],
    ["as a draft", `${withA}\n\`\`\`js\nb +`, "\n```js\nb +"],
    ["where the footer was", head + fence("b"), fence("b")],
  ])("an accepted chunk does not come back: %s", (_, found, added) => {
    const tail = added ?? found.slice((head + anchor).length);
    expect(reconcile(v3, found, versions)).toEqual({ text: after + tail, how: "stale" });
  });

  test("what stands below the known anchor stays, the addition follows", () => {
    const known = after + fence("c");
    const found = v2 + fence("b");
    expect(reconcile(known, found, versions).text).toBe(`${after}${fence("c")}\n${fence("b")}`);
  });

  test("a draft that went on in a stale copy is replaced", () => {
    const draft = "```js\nfor (";
    const all = [...versions, { before: v3 + draft, after: v3 + draft, at: 4000 }];
    const next = `${head}${request("a", "10:00:00")}${reply("1", "10:00:01")}note\n\n${end}${draft}`;
    expect(reconcile(next, `${v3}${draft};;);\n\`\`\`\n`, all).text).toBe(
      `${next.slice(0, next.length - draft.length)}${draft};;);\n\`\`\`\n`,
    );
  });

  test("line ends of a file stay", () => {
    const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
    const all = versions.map((one) => ({
      ...one,
      before: crlf(one.before),
      after: crlf(one.after),
    }));
    const found = crlf(head + anchor + fence("b"));
    expect(reconcile(crlf(v3), found, all).text).toBe(crlf(after + fence("b")));
  });
});

describe("a merge", () => {
  test("an edit of the known text is taken as it is", () => {
    const found = v3.replace("Old note.", "New note.");
    expect(reconcile(v3, found, versions)).toEqual({ text: found, how: "merge" });
  });

  test("a turn that was replaced by a summary stays replaced", () => {
    const older = head + request("x", "09:00:00") + reply("0", "09:00:00");
    const known = older + request("a", "10:00:00") + reply("1", "10:00:01") + end;
    const all = [{ before: older + end, after: known, at: 1000 }];
    const found = known.replace(older, "# p Session\n\nSummary.\n\n");
    expect(reconcile(known, found, all).text).toBe(found);
  });

  test("a reply that was shortened stays shortened", () => {
    const found = v3.replace("```JSON\n1\n```\n", "(one)\n");
    expect(reconcile(v3, found, versions)).toEqual({ text: found, how: "merge" });
  });

  test("a text whose footer was deleted stays without one, so that its last fence is seen", () => {
    const found = v3.slice(0, v3.indexOf("-----")) + fence("b");
    expect(reconcile(v3, found, versions)).toEqual({ text: found, how: "merge" });
  });

  test("a stale copy with an edit higher up gets the reply", () => {
    const found = v1.replace("Old note.", "New note.");
    expect(reconcile(v3, found, versions)).toEqual({
      text: v3.replace("Old note.", "New note."),
      how: "merge",
    });
  });

  test("a stale copy with an edit higher up and a chunk below: both", () => {
    const found = withA.replace("Old note.", "New note.") + fence("b");
    expect(reconcile(v3, found, versions)).toEqual({
      text: (after + fence("b")).replace("Old note.", "New note."),
      how: "merge",
    });
  });

  test("text above the anchor of a stale copy comes after what the server wrote there", () => {
    const found = `${head}Mine.\n\n${end}`;
    expect(reconcile(v3, found, versions).text).toBe(v3.replace("-----", "Mine.\n\n-----"));
  });

  test("a placeholder that somebody edited does not cost the reply", () => {
    const found = v2.replace("executing (0s)", "executing (0s) what?");
    const { text, how } = reconcile(v3, found, versions);
    expect(how).toBe("merge");
    expect(text).toContain(reply("1", "10:00:01"));
    expect(text).toContain("executing (0s) what?");
  });

  test("fences in a conflict stay whole", () => {
    const found = `${head}Mine.\n\n\`\`\`json\n1\n\`\`\`\n\n${end}`;
    const { text } = reconcile(v3, found, versions);
    expect(text).toBe(v3.replace("-----", "Mine.\n\n```json\n1\n```\n\n-----"));
  });

  test("an empty file gets what the server wrote in the last minute back", () => {
    const { text } = reconcile(v3, "", versions);
    expect(text).toContain(reply("1", "10:00:01"));
    expect(text.endsWith(end)).toBe(true);
  });
});

describe("no merge", () => {
  const noise = (seed: number): string =>
    Array.from({ length: 9000 }, (_, index) => `line ${(index * seed) % 9001}\n`).join("");
  const known = `# p\n\n${noise(7)}${request("a", "10:00:00")}${reply("1", "10:00:01")}${end}`;
  const all = [{ before: `# p\n\n${noise(3)}${end}`, after: known, at: 3_600_000 }];

  test("the text is taken, and the replies of the last minute stand below a diagnostic", () => {
    const { text, how } = reconcile(known, `# q\n\n${noise(11)}${end}`, all);
    expect(how).toBe("taken");
    expect(text.startsWith(`# q\n\n${noise(11)}`)).toBe(true);
    expect(text).toMatch(/### 🗣️System at \d\d:\d\d:\d\d\n```Text\n/u);
    expect(text.endsWith(`\n\n${reply("1", "10:00:01")}${end}`)).toBe(true);
  });

  test("what stands below its anchor stays there", () => {
    const { text } = reconcile(known, `# q\n\n${noise(11)}${anchor}${fence("b")}`, all);
    expect(text.endsWith(reply("1", "10:00:01") + anchor + fence("b"))).toBe(true);
  });

  test("without an anchor its last fence stands below the new one", () => {
    const { text } = reconcile(known, `# q\n\n${noise(11)}\n${fence("b")}`, all);
    expect(text.endsWith(reply("1", "10:00:01") + anchor + fence("b"))).toBe(true);
  });
});

describe("long logs", () => {
  const turns = (from: number, count: number): string =>
    Array.from(
      { length: count },
      (_, index) =>
        request(`f(${from + index})`, "09:00:00") + reply(`${from + index}`, "09:00:00"),
    ).join("");
  const long = `${head}${turns(0, 20_000)}`;
  const older = long + end;
  const known = long + request("a", "10:00:00") + reply("1", "10:00:01") + end;
  const all = Array.from({ length: 16 }, (_, index) => ({
    before: `${long}${turns(1e6, index)}${anchor}${fence("b")}`,
    after: long + turns(1e6, index) + end,
    at: index,
  })).concat({ before: older, after: known, at: 20 });
  const below = known.slice(0, -2);

  function timed(found: string): { text: string; ms: number } {
    // A text that was read is one piece of memory; one that was put together is compared more slowly.
    const copy = Buffer.from(found).toString();
    const start = performance.now();
    return { text: reconcile(known, copy, all).text, ms: performance.now() - start };
  }

  test("an append and a stale append to 3 MB compare, and split no lines", () => {
    const append = Array.from({ length: 5 }, () => timed(below + fence("c")));
    const stale = Array.from({ length: 5 }, () => timed(older.slice(0, -2) + fence("c")));
    for (const { text } of [...append, ...stale]) expect(text === below + fence("c")).toBe(true);
    // Splitting it into lines takes longer than that.
    expect(Math.min(...append.map(({ ms }) => ms))).toBeLessThan(60);
    expect(Math.min(...stale.map(({ ms }) => ms))).toBeLessThan(300);
  });

  test("a stale edit far up is merged", () => {
    const { text } = timed(older.replace("f(500)", "f(-1)"));
    expect(text === known.replace("f(500)", "f(-1)")).toBe(true);
  });

  test("stale edits far up and at the end are merged", () => {
    const edited = older.replace("f(500)", "f(-1)").replace(end, `Mine.\n\n${end}`);
    const { text } = timed(edited);
    const expected = known.replace("f(500)", "f(-1)").replace(end, `Mine.\n\n${end}`);
    expect(text === expected).toBe(true);
  });
});
