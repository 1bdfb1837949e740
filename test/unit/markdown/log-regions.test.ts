/** The executing region: found, replaced, brought back; what is put around it (sections 6 to 10). */
import { describe, expect, test } from "vitest";
import { appendAbove } from "../../../src/markdown/log/edits.ts";
import {
  codeAboveRegion,
  findRegion,
  finishLeftover,
  isLast,
  placeAboveRegion,
  placeBelowLastReply,
  placeNext,
  placeRegion,
  placeReply,
  reopenRequest,
  replaceOwn,
} from "../../../src/markdown/log/regions.ts";
import { at, footer, js } from "./log-fixture.ts";

const head = "# Log\n\n";
const heading = "### 🗣️agent to p at 10:00:00";
const request = (code = "x"): string => `${heading}\n${js(code)}\n`;
const executing = "#### 👍p to agent at 10:00:00\n";
const region = `${executing}executing (0s)\n`;
const event = "##### ☑️console.log\n```Text console.log\nexecuting (9s)\n```\n";
const answer = "#### 👍p to agent at 10:00:01 (4ms)\n```JSON\n1\n```";
const place = { heading, code: "x" };

describe("finding the region", () => {
  test.each<[string, string]>([
    ["as it was accepted", region],
    ["waiting", `${executing}executing (3s) waiting for the realm to connect\n`],
    ["with events", `${executing}${event}${event}executing (5s)\n`],
    [
      "with the omission",
      `${executing}${event}\n... (3 more background events omitted) ...\n\n${event}executing (5s)\n`,
    ],
    ["without FE0F", `${executing}${event.replace("\uFE0F", "")}executing (5s)\n`],
    ["with blank lines of an editor", `${executing}\n\nexecuting (5s)\n`],
  ])("%s", (_, own) => {
    for (const below of ["", `then\n\n${js("executing (x)")}\n`, "executing (more) soon\n\n"]) {
      const text = `${head}${request()}${own}\n${below}${footer}`;
      const { start, end } = findRegion(text)!;
      expect(text.slice(start, end)).toBe(own.trimEnd());
      const crlf = text.replaceAll("\n", "\r\n");
      const found = findRegion(crlf)!;
      expect(crlf.slice(found.start, found.end)).toBe(own.trimEnd().replaceAll("\n", "\r\n"));
    }
  });

  test.each<[string, string]>([
    ["no heading", "executing (5s)\n"],
    ["a finished heading", `${answer}\n\nexecuting (5s)\n`],
    ["a placeholder in prose", `${request()}${answer}\n\nI saw\nexecuting (5s)\n`],
    ["a placeholder in a fence", `${executing}\`\`\`\nexecuting (5s)\n\`\`\`\n`],
    ["a heading of an older request", `${executing}\n${request()}executing (5s)\n`],
    ["nothing", ""],
  ])("none: %s", (_, text) => {
    expect(findRegion(`${head}${text}\n${footer}`)).toBeUndefined();
  });

  test("a placeholder in the second line of a file ends the search", () => {
    expect(findRegion("\nexecuting (0s)\n")).toBeUndefined();
    expect(findRegion(`\n### x\n${region}`)).toMatchObject({ start: 7 });
  });

  test("what stands below the anchor is no region", () => {
    expect(findRegion(`${head}${footer}${region}`)).toBeUndefined();
  });

  test("the code above it", () => {
    expect(codeAboveRegion(`${head}${request("a\nb")}${region}\n${footer}`)).toBe(
      js("a\nb").trimEnd(),
    );
    expect(codeAboveRegion(`${head}${request()}note\n\n${region}\n${footer}`)).toBeUndefined();
    expect(codeAboveRegion(`${head}${request()}${footer}`)).toBeUndefined();
  });
});

describe("the reply", () => {
  const codeBlock = "```JS\nx\n```";
  const reply = (text: string): string => placeReply(text, place, { reply: answer, codeBlock });

  test("takes the region's place, everything else stays", () => {
    const text = `${head}${request()}${region}\nthen\n\n${js("y")}\n${footer}`;
    expect(reply(text)).toBe(text.replace(region.trimEnd(), answer));
  });

  test("lines that an agent has put into the region stay, below it", () => {
    const own = `${executing}${event}What is this?\n\n${js("note")}executing (5s)\n`;
    const text = `${head}${request()}${own}\nthen\n\n${footer}`;
    expect(reply(text)).toBe(
      `${head}${request()}${answer}\n\nWhat is this?\n\n${js("note")}\nthen\n\n${footer}`,
    );
  });

  test.each<[string, string, string]>([
    ["the region is gone", `${request()}note\n\n`, `${request()}${answer}\n\nnote\n\n`],
    [
      "the placeholder is gone: the heading stays, as text",
      `${request()}${executing}\n`,
      `${request()}${answer}\n\n${executing}\n`,
    ],
    [
      "the request heading is gone too",
      `${js("x")}\nnote\n\n`,
      `${js("x")}\n${answer}\n\nnote\n\n`,
    ],
    [
      "and the same code was answered before: that answer stays alone",
      `${js("x")}\n${answer}\n\nnote\n\n`,
      `${js("x")}\n${answer}\n\nnote\n\n${heading}\n${codeBlock}\n\n${answer}\n\n`,
    ],
    [
      "and the same code stands there twice",
      `${js("x")}\n${answer}\n\nnote\n\n${js("x")}\n`,
      `${js("x")}\n${answer}\n\nnote\n\n${js("x")}\n${answer}\n\n`,
    ],
    ["the code was changed", `${request("x2")}note\n\n`, `${request("x2")}${answer}\n\nnote\n\n`],
    [
      "another request follows",
      `${request()}${heading.replace("agent", "bob")}\n${js("x")}\n`,
      `${request()}${answer}\n\n${heading.replace("agent", "bob")}\n${js("x")}\n`,
    ],
    ["everything is gone", "note\n\n", `note\n\n${heading}\n${codeBlock}\n\n${answer}\n\n`],
    [
      "only prose holds the code",
      "a\nx\nb\n\n",
      `a\nx\nb\n\n${heading}\n${codeBlock}\n\n${answer}\n\n`,
    ],
  ])("%s", (_, before, after) => {
    expect(reply(`${head}${before}${footer}`)).toBe(`${head}${after}${footer}`);
    const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
    expect(reply(crlf(`${head}${before}${footer}`))).toBe(crlf(`${head}${after}${footer}`));
  });

  test("an update brings the region back, below its block and not above the anchor", () => {
    const text = `${head}${request()}note\n\n${footer}`;
    expect(placeRegion(text, place, region.trimEnd())).toBe(
      `${head}${request()}${region}\nnote\n\n${footer}`,
    );
    expect(placeRegion(`${head}${footer}`, place, region.trimEnd())).toBeUndefined();
  });

  test("equal blocks of one request get their replies in order", () => {
    const text = `${head}${request()}${answer}\n\n${js("x")}\n${js("x")}\n${footer}`;
    expect(reply(text)).toBe(
      `${head}${request()}${answer}\n\n${js("x")}\n${answer}\n\n${js("x")}\n${footer}`,
    );
  });
});

describe("further blocks", () => {
  const start = `${head}${request()}${answer}`;

  test.each<[string, string, string]>([
    ["below its fence", `then\n\n${js("y")}\nend\n\n`, `then\n\n${js("y")}\n${region}\nend\n\n`],
    [
      "prose fences are passed",
      `\`\`\`json\ny\n\`\`\`\n\n${js("y")}\n`,
      `\`\`\`json\ny\n\`\`\`\n\n${js("y")}\n${region}\n`,
    ],
    ["changed by an agent", `then\n\n${js("z")}\n`, `then\n\n${js("z")}\n${region}\n`],
    ["gone: above the anchor", "then\n\n", `then\n\n${region}\n`],
  ])("%s", (_, before, after) => {
    const text = `${start}\n\n${before}${footer}`;
    const next = { heading, code: "y" };
    expect(placeNext(text, start.length, next, region.trimEnd())).toBe(
      `${start}\n\n${after}${footer}`,
    );
  });
});

describe("beside the region", () => {
  test("a diagnostic stands above it, or above the anchor", () => {
    const note = "### 🗣️System at 10:00:00\n```Text\nx\n```";
    expect(placeAboveRegion(`${head}${request()}${region}\n${footer}`, note)).toBe(
      `${head}${request()}${note}\n\n${region}\n${footer}`,
    );
    expect(placeAboveRegion(`${head}text\n${footer}${js("y")}`, note)).toBe(
      `${head}text\n\n${note}\n\n${footer}${js("y")}`,
    );
  });

  test("something of the server's is replaced where it stands, or not at all", () => {
    const text = `${head}A\nB\n\nC\n\n${footer}`;
    expect(replaceOwn(text, "A\nB", "D")).toBe(`${head}D\n\nC\n\n${footer}`);
    expect(replaceOwn(text.replaceAll("\n", "\r\n"), "A\nB", "D")).toBe(
      `${head}D\n\nC\n\n${footer}`.replaceAll("\n", "\r\n"),
    );
    expect(replaceOwn(text, "A\nX", "D")).toBeUndefined();
  });

  test("whether it is the last thing above the anchor", () => {
    expect(isLast(`${head}A\n\n${footer}${js("y")}`, "A")).toBe(true);
    expect(isLast(`${head}A\n\nB\n\n${footer}`, "A")).toBe(false);
  });

  test("a late reply follows its own while that is the last one", () => {
    const late = answer.replace("(4ms)", "(70.0s) late");
    expect(placeBelowLastReply(`${head}${answer}\n\nnote\n\n${footer}`, answer, late)).toBe(
      `${head}${answer}\n\n${late}\n\nnote\n\n${footer}`,
    );
    const other = answer.replace("10:00:01", "10:00:02");
    const text = `${head}${answer}\n\n${other}\n\n${footer}`;
    expect(placeBelowLastReply(text, answer, late)).toBeUndefined();
    expect(placeBelowLastReply(`${head}${footer}`, answer, late)).toBeUndefined();
  });

  test("what nobody executes any more becomes a failure", () => {
    const text = `${head}${request()}${executing}${event}executing (5s)\n\nthen\n\n${footer}`;
    const error = "```Error\nthe server stopped before the result arrived\n```";
    expect(finishLeftover(text, at("11:00:00"), error)).toBe(
      `${head}${request()}#### 🚫p to agent at 11:00:00 (0ms)\n${error}\n\nthen\n\n${footer}`,
    );
    expect(finishLeftover(`${head}${footer}`, 0, error)).toBeUndefined();
  });

  test("a request that no realm has had goes back below the anchor", () => {
    const text = `${head}text\n\n${request()}${region}\nthen\n\n${js("y")}\n${footer}`;
    expect(reopenRequest(text)).toBe(
      `${head}text\n\n${footer.slice(0, -2)}${request()}then\n\n${js("y")}\n\n`,
    );
    const plain = `${head}### not a request\n\n${region}\n${footer}`;
    expect(reopenRequest(plain)).toBeUndefined();
  });

  test("appending makes the gap", () => {
    expect(appendAbove(`${head}text\n\n\n\n${footer}`, "A")).toBe(`${head}text\n\nA\n\n${footer}`);
    expect(appendAbove("", "A")).toBe("A\n");
  });
});
