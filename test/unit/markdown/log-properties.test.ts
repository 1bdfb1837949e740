/** What holds of the grammar of logs for any text. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acceptRequest, formatRegion } from "../../../src/markdown/log/accept.ts";
import { findAnchor } from "../../../src/markdown/log/anchor.ts";
import { finishEdit } from "../../../src/markdown/log/edits.ts";
import { formatResultBlocks } from "../../../src/markdown/log/events.ts";
import { formatCodeBlock, formatReplyHeader } from "../../../src/markdown/log/format.ts";
import {
  findRegion,
  finishLeftover,
  placeAboveRegion,
  placeRegion,
  placeReply,
  reopenRequest,
} from "../../../src/markdown/log/regions.ts";
import { parseRequest, parseRequests } from "../../../src/markdown/log/requests.ts";
import { above, anchorLine, footer, js, name, oldAnchorLine, rule } from "./log-fixture.ts";

const lines = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "```",
    "```js",
    "````",
    "   ```ts",
    "```json",
    "~~~",
    rule,
    "----",
    anchorLine,
    oldAnchorLine,
    "# title",
    "## turn",
    `### 🗣️agent to ${name} at 10:00:00`,
    `> **bob** to ${name} at 10:00:00`,
    `**bob** to ${name}`,
    `#### 👍${name} to agent at 10:00:00`,
    `#### 👍${name} to agent at 10:00:00 (4ms)`,
    "##### ☑️console.log",
    "executing (0s)",
    "executing (x",
    "✗ test 10:00:00 (0ms)",
    "\uFEFF",
    "\u2028",
  ),
  fc
    .string({ unit: "binary", maxLength: 12 })
    .map((text) => text.replaceAll(/\p{Surrogate}/gu, "")),
);
const texts = fc
  .tuple(fc.array(lines, { maxLength: 30 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([all, end, mark]) => (mark ? "\uFEFF" : "") + all.join(end));

const options = { name, at: Date.UTC(2026, 2, 4) };

test("no text makes any function throw", () => {
  fc.assert(
    fc.property(texts, texts, (text, other) => {
      parseRequest(text, name);
      parseRequests(text, name, other);
      acceptRequest(text, options);
      acceptRequest(text, { ...options, known: other });
      findAnchor(text, other);
      findRegion(text);
      const place = { heading: other.split("\n")[0] ?? "", code: other };
      placeRegion(text, place, "x");
      placeReply(text, place, { reply: "x", codeBlock: "y" });
      placeAboveRegion(text, "x");
      finishLeftover(text, 0, "x");
      reopenRequest(text);
      finishEdit(text, name);
    }),
    { numRuns: 2000 },
  );
});

/** One anchor, outside fences as the server reads them, and only an agent's text below it. */
function expectOneAnchor(text: string): void {
  const anchor = findAnchor(text)!;
  expect(text.slice(anchor.line).startsWith(anchorLine)).toBe(true);
  expect(anchor.strong).toBe(true);
}

test("after every write the anchor is the last thing of the server's, and writing again changes nothing", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const once = finishEdit(text, name);
      expectOneAnchor(once);
      const tail = findAnchor(text) === undefined ? "" : text.slice(findAnchor(text)!.end);
      if (tail.trim() !== "") expect(once.endsWith(tail)).toBe(true);
      expect(finishEdit(once, name)).toBe(once);
    }),
    { numRuns: 2000 },
  );
});

/** What an agent writes below the anchor: prose, prose fences and blocks, but nothing of the server's. */
const words = fc.stringMatching(/^[a-z][a-z .,()]{0,20}[a-z]$/);
const piece = fc.oneof(
  words,
  words.map((text) => `## ${text}`),
  words.map((text) => `  indented ${text}`),
  fc.constant(""),
  words.map((text) => `\`\`\`json\n${text}\n\`\`\``),
  fc.tuple(words, words).map(([one, two]) => `\`\`\`js\n${one}\n\n  ${two}\n\`\`\``),
  words.map((text) => `\`\`\`\`js\n\`\`\`\n${text}\n\`\`\`\`\``),
  fc.constant(js(`footer = \`\n${above}\``).trimEnd()),
  words.map((text) => `~~~\n${text}\n~~~`),
);
const chunks = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 8 }), fc.constantFrom("", "\n", "\n\n\n"))
  .map(([pieces, end]) => pieces.join("\n") + end);
const histories = fc
  .array(fc.oneof(words, fc.constant("```"), fc.constant(""), fc.constant("## turn")), {
    maxLength: 6,
  })
  .map((all) => `# Log\n\n${all.join("\n")}\n\n`);

/** Lines of an agent; blank ones are not counted. */
function filled(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}

function withoutLines(text: string, own: readonly string[]): string[] {
  const rest = filled(text);
  for (const line of own) rest.splice(rest.indexOf(line), 1);
  return rest;
}

describe("accepting", () => {
  test("keeps every line of the agent's text, in its order", () => {
    fc.assert(
      fc.property(histories, chunks, fc.constantFrom("\n", "\r\n"), (history, chunk, end) => {
        const known = (history + footer).replaceAll("\n", end);
        const text = (history + above + chunk).replaceAll("\n", end);
        const accepted = acceptRequest(text, { ...options, known });
        if (accepted === undefined) return;
        const region = formatRegion(name, accepted.agent, options).split("\n");
        const own = [accepted.heading, ...region, rule, anchorLine];
        // The footer stands last: it goes from the end, because code may hold the same two lines.
        const body = accepted.text.slice(0, findAnchor(accepted.text)!.start);
        expect(withoutLines(body, own.slice(0, -2))).toEqual(filled(history + chunk));
        expect(accepted.text.startsWith(history.trimEnd().replaceAll("\n", end))).toBe(true);
        expectOneAnchor(accepted.text);
        if (end === "\r\n") expect(accepted.text.replaceAll("\r\n", "")).not.toContain("\n");
      }),
      { numRuns: 1000 },
    );
  });

  test("then region and reply: one anchor, last, the agent's text as it was, and nothing to accept", () => {
    fc.assert(
      fc.property(histories, chunks, fc.string({ maxLength: 40 }), (history, chunk, value) => {
        const accepted = acceptRequest(history + above + chunk, {
          ...options,
          known: history + footer,
        });
        if (accepted === undefined) return;
        const [{ code } = { code: "" }] = accepted.blocks;
        const place = { heading: accepted.heading, code };
        const heading = formatReplyHeader(name, accepted.agent, options.at, 4, false);
        const reply = [heading, ...formatResultBlocks({ ok: true, value })].join("\n");
        const parts = { reply, codeBlock: formatCodeBlock(code) };
        const text = finishEdit(placeReply(accepted.text, place, parts), name);
        expect(text).toBe(
          accepted.text.replace(formatRegion(name, accepted.agent, options), () => reply),
        );
        expectOneAnchor(text);
        expect(text.endsWith(`\n\n${footer}`)).toBe(true);
        expect(acceptRequest(text, { ...options, known: text })).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

test("with the known text, parsing does not depend on the length of the history", () => {
  const turn = `### 🗣️agent to ${name} at 09:00:00\n${js("f()")}\n#### 👍${name} to agent at 09:00:00 (4ms)\n\`\`\`JSON\n1\n\`\`\`\n\n`;
  const copyOf = (text: string): string => Buffer.from(text).toString();
  const log = (length: number): string =>
    copyOf(`# Log\n\n${turn.repeat(length / turn.length)}${footer}`);
  const chunk = js("let a = 1;\n".repeat(400));
  /** Median ms. */
  const timed = (run: () => void): number => {
    const times = Array.from({ length: 15 }, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    });
    return times.toSorted((a, b) => a - b)[7]!;
  };
  const measure = (known: string): Record<"parse" | "accept" | "compare" | "copy", number> => {
    const text = copyOf(known + chunk);
    const other = copyOf(known);
    return {
      parse: timed(() => parseRequests(text, name, known)),
      accept: timed(() => acceptRequest(text, { ...options, known })),
      compare: timed(() => expect(known === other).toBe(true)),
      copy: timed(() => copyOf(known)),
    };
  };
  const [short, long] = [log(10_000), log(10_000_000)];
  measure(short);
  const [little, much] = [measure(short), measure(long)];
  // What is left is comparing what was read with the known text, and for accepting, putting a new text together.
  expect(much.parse).toBeLessThan(little.parse * 20 + much.compare * 3);
  expect(much.accept).toBeLessThan(little.accept * 20 + much.copy * 8);
});
