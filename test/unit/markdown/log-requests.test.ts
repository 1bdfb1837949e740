/** What is a request, and what accepting it leaves in the file (sections 4, 5 and 23.2). */
import { describe, expect, test } from "vitest";
import { acceptRequest } from "../../../src/markdown/log/accept.ts";
import { parseRequest, parseRequests } from "../../../src/markdown/log/requests.ts";
import { above, anchorLine, at, footer, js, name, oldAnchorLine, rule } from "./log-fixture.ts";

const head = "# Log\n\nSome history.\n\n";
const log = (tail: string): string => `${head}${above}${tail}`;
const codes = (text: string, known?: string): string[] =>
  parseRequests(text, name, known).blocks.map(({ code }) => code);

function accept(text: string, known?: string): string | undefined {
  const options = { name, at: at("10:00:00"), ...(known === undefined ? {} : { known }) };
  return acceptRequest(text, options)?.text;
}

describe("anchors", () => {
  test.each([
    ["the current form", `${rule}\n${anchorLine}\n`],
    ["the older form", `${rule}\n${oldAnchorLine}\n`],
    ["with other words behind", `${rule}\n> Append your JavaScript snippet below, please\n`],
    ["with four hyphens", `----\n${anchorLine}\n`],
    ["with blanks around the rule", `  -----  \n${anchorLine}\n`],
    ["weak, without a rule", `${anchorLine}\n`],
    ["weak, of the older form", `${oldAnchorLine}\n`],
  ])("%s", (_, anchor) => {
    expect(codes(`${head}${js("old")}\n${anchor}\n${js("x")}`)).toEqual(["x"]);
  });

  test("a strong one wins over a weak one further down", () => {
    expect(codes(`${head}${above}\n${js("x")}\n${anchorLine}\n${js("y")}`)).toEqual(["x", "y"]);
  });

  test("three hyphens are no rule line", () => {
    const text = `${head}${above}\n${js("x")}\n---\n${anchorLine}\n${js("y")}`;
    expect(codes(text)).toEqual(["x", "y"]);
  });

  test("the last of several strong ones counts", () => {
    expect(codes(`${head}${above}\n${js("x")}\n${above}\n${js("y")}`)).toEqual(["y"]);
  });

  test("one in code of the chunk is content", () => {
    const code = `const footer = \`\n${above}\`;`;
    expect(codes(log(js(code)))).toEqual([code]);
    expect(codes(log(`${js(code)}\n${js("x")}`))).toEqual([code, "x"]);
  });

  test("two in code of the chunk are content", () => {
    const code = `const footer = \`\n${above}\n${above}\`;`;
    expect(codes(log(js(code)))).toEqual([code]);
  });

  test("a weak one in a fence is content", () => {
    const text = `${head}${anchorLine}\n\n\`\`\`js\n\`\n${anchorLine}\n\`\n\`\`\`\n`;
    expect(codes(text)).toEqual([`\`\n${anchorLine}\n\``]);
  });

  test("an unbalanced fence in history does not make the file deaf", () => {
    const history = "# Log\n\n```\nnever closed\n\n";
    expect(codes(`${history}${above}\n${js("x")}`)).toEqual(["x"]);
    expect(codes(`${history}${oldAnchorLine}\n\n${js("x")}`)).toEqual(["x"]);
  });

  test("with the known text, what stands behind it is the tail whatever it holds", () => {
    const known = head + footer;
    const tail = `${js("x")}\n${above}\n${js("y")}`;
    expect(codes(known + tail)).toEqual(["y"]);
    expect(codes(known + tail, known)).toEqual(["x", "y"]);
  });
});

describe("fences", () => {
  test.each<[string, string, string[]]>([
    ["js", "```js\nx\n```\n", ["x"]],
    ["JS", "```JS\nx\n```\n", ["x"]],
    ["JavaScript", "```JavaScript\nx\n```\n", ["x"]],
    ["mjs", "```mjs\nx\n```\n", ["x"]],
    ["ts and typescript", "```ts\nx\n```\n```TypeScript\ny\n```\n", ["x", "y"]],
    ["no info string", "```\nx\n```\n", ["x"]],
    ["further words are metadata", "```JS eval now=1\nx\n```\n", ["x"]],
    ["a blank before the info string", "``` js\nx\n```\n", ["x"]],
    ["four backticks around three", "````js\n`\n```\n`\n````\n", ["`\n```\n`"]],
    ["a longer end", "```js\nx\n`````\n", ["x"]],
    ["an end with blanks", "```js\nx\n```  \n", ["x"]],
    ["indented by three", "   ```js\n   x\n   ```\n", ["   x"]],
    ["json before js", "```json\n{}\n```\n\n```js\nx\n```\n", ["x"]],
    ["python before js", "```python\nprint()\n```\n\n```js\nx\n```\n", ["x"]],
    ["jsx and tsx are prose", "```jsx\n<a/>\n```\n```tsx\n<a/>\n```\n```js\nx\n```\n", ["x"]],
    ["tildes are text", "~~~js\ny\n~~~\n```js\nx\n```\n", ["x"]],
    ["a tilde fence around backticks hides nothing", "~~~\n```js\nx\n```\n~~~\n", ["x"]],
    ["an empty fence is dropped", "```js\n```\n```js\n \n\n```\n```js\nx\n```\n", ["x"]],
    ["leading blanks and blank lines stay", "```js\n\n  x\n\n```\n", ["\n  x\n"]],
    ["several, in order", "```js\na\n```\nthen\n```js\nb\n```\n", ["a", "b"]],
    ["a reply by mistake is dropped", "```js\n#### 👍p to agent\n```\n```js\nx\n```\n", ["x"]],
    ["inline code does not open", "```js x``` \n```js\nx\n```\n", ["x"]],
  ])("%s", (_, tail, expected) => {
    expect(codes(log(`\n${tail}`))).toEqual(expected);
    expect(codes(log(`\n${tail}`).replaceAll("\n", "\r\n"))).toEqual(expected);
  });

  test.each([
    ["nothing", "", "empty"],
    ["white space", "\n \n\t\n", "empty"],
    ["a note", "\nI shall look.\n", "no-complete-fence"],
    ["a fence without an end", "\n```js\nx\n", "no-complete-fence"],
    ["a complete fence and one without an end", `\n${js("x")}\n\`\`\`js\ny`, "no-complete-fence"],
    ["four backticks ended by three", "\n````js\nx\n```\n", "no-complete-fence"],
    ["indented by four", "\n    ```js\n    x\n    ```\n", "no-complete-fence"],
    ["an end with words", "\n```js\nx\n``` js\n", "no-complete-fence"],
    ["only prose fences", "\n```json\n1\n```\n", "no-executable-fence"],
    ["only empty fences", "\n```js\n\n```\n", "no-executable-fence"],
    [
      "a new reply heading in a fence",
      "\n```\n#### 👍p to agent at 10:00:00 (4ms)\n4\n```\n",
      "reply-in-fence",
    ],
    ["one that failed", "\n```\n#### 🚫p to agent\nno\n```\n", "reply-in-fence"],
    [
      "an old reply heading in a fence",
      "\n```js\n> **p** to agent at 10:00:00 (4ms)\n```\n",
      "reply-in-fence",
    ],
    ["the oldest one", "\n```js\n**p** to agent\n```\n", "reply-in-fence"],
    ["a request heading in a fence", "\n```js\n### 🗣️agent to p\n1\n```\n", "reply-in-fence"],
    ["the same without FE0F", "\n```js\n### 🗣agent to p\n1\n```\n", "reply-in-fence"],
  ])("a draft: %s", (_, tail, reason) => {
    const parsed = parseRequests(log(tail), name);
    expect([parsed.blocks, parsed.draft]).toEqual([[], reason]);
    expect(accept(log(tail))).toBeUndefined();
  });
});

describe("request headings", () => {
  test.each([
    ["new", `### 🗣️bob to ${name} at 01:02:03`],
    ["new without FE0F", `### 🗣bob to ${name} at 01:02:03`],
    ["new with blanks", `### 🗣️bob  to ${name} at 01:02:03  `],
    ["new without a blank behind the signs", `###🗣️bob to ${name} at 01:02:03`],
    ["old", `> **bob** to ${name} at 01:02:03`],
    ["old without a blank", `>**bob** to ${name} at 01:02:03`],
    ["oldest", `**bob** to ${name} at 01:02:03`],
  ])("%s", (_, heading) => {
    const gaps = ["", "\n", "\n\n\n"];
    for (const gap of gaps)
      expect(parseRequest(log(`${gap}${heading}\n${js("x")}`), name)).toEqual({
        agent: "bob",
        target: name,
        time: "01:02:03",
        code: "x",
        hasFooter: true,
      });
    expect(accept(log(`\n${heading}\n${js("x")}`))).toContain(
      `Some history.\n\n### 🗣️bob to ${name} at 10:00:00\n${js("x")}`,
    );
  });

  test("the oldest form may lack its time where a heading is expected, and names this realm", () => {
    const text = log(`\n**bob** to ${name}\n${js("x")}`);
    expect(parseRequest(text, name)).toMatchObject({ agent: "bob", time: "" });
  });

  test.each([
    `### 🗣️bob to ${name}`,
    `> **bob** to ${name}`,
    "**hint** to everybody",
    `### bob to ${name} at 01:02:03`,
    `#### 🗣️bob to ${name} at 01:02:03`,
    `### 🗣️bob to ${name} at 1:02:03`,
  ])("ordinary text, which stays: %s", (line) => {
    const text = log(`\n${line}\n\n${js("x")}`);
    expect(parseRequest(text, name)).toMatchObject({ agent: "agent", target: name, time: "" });
    expect(accept(text)).toContain(`### 🗣️agent to ${name} at 10:00:00\n\n${line}\n\n${js("x")}`);
  });

  test("another target runs here, and this realm is named", () => {
    const text = log(`\n### 🗣️bob to elsewhere at 01:02:03\n${js("x")}`);
    expect(parseRequest(text, name)).toMatchObject({ target: "elsewhere" });
    expect(accept(text)).toContain(`### 🗣️bob to ${name} at 10:00:00\n`);
  });

  test("one below the agent's own turn is replaced, not doubled", () => {
    const text = log(`\n## Turn\n\n### 🗣️bob to ${name} at 01:02:03\n\nWhy?\n\n${js("x")}`);
    expect(accept(text)).toContain(
      `Some history.\n\n## Turn\n\n### 🗣️bob to ${name} at 10:00:00\n\nWhy?\n\n${js("x")}`,
    );
  });
});

describe("accepting", () => {
  const region = `#### 👍${name} to agent at 10:00:00\nexecuting (0s)\n`;
  const heading = `### 🗣️agent to ${name} at 10:00:00\n`;

  test.each<[string, string, string]>([
    ["the fence follows its heading", `\n\n${js("x")}\n\n`, `${heading}${js("x")}\n${region}\n`],
    ["prose is set off from it", `\nWhy?\n${js("x")}`, `${heading}\nWhy?\n${js("x")}\n${region}\n`],
    [
      "it stands below the last heading of level 1 or 2",
      `\n## A\n\nfirst\n\n# B\n\nsecond\n\n### c\n\n${js("x")}`,
      `## A\n\nfirst\n\n# B\n\n${heading}\nsecond\n\n### c\n\n${js("x")}\n${region}\n`,
    ],
    [
      "a heading in a prose fence is none",
      `\n\`\`\`sh\n# list\nls\n\`\`\`\n\n${js("x")}`,
      `${heading}\`\`\`sh\n# list\nls\n\`\`\`\n\n${js("x")}\n${region}\n`,
    ],
    [
      "what follows the first block stays below the region, unchanged",
      `\n${js("x")}then\n\n\n\n\`\`\` JS  eval \ny\n\`\`\`\n  end  \n\n`,
      `${heading}${js("x")}\n${region}\nthen\n\n\n\n\`\`\` JS  eval \ny\n\`\`\`\n  end  \n\n`,
    ],
    [
      "a footer that an agent has written below its chunk is taken away",
      `\n${js("x")}\n${footer}`,
      `${heading}${js("x")}\n${region}\n`,
    ],
  ])("%s", (_, tail, expected) => {
    expect(accept(log(tail), head + footer)).toBe(`${head}${expected}${footer}`);
    const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
    expect(accept(crlf(log(tail)), crlf(head + footer))).toBe(crlf(`${head}${expected}${footer}`));
  });

  test("blank lines and old anchors of the history are put right", () => {
    const text = `# Log\n\nA\n\n${above}\nB\n\n\n\n----\n${oldAnchorLine}\n${js("x")}`;
    expect(accept(text)).toBe(`# Log\n\nA\n\n\nB\n\n${heading}${js("x")}\n${region}\n${footer}`);
  });

  test("a byte order mark stays first, and only there", () => {
    const mark = "\uFEFF";
    for (const text of [
      `${mark}${js("x")}`,
      `${mark}${above}${js("x")}`,
      `${mark}### 🗣️bob to p at 01:02:03\n${js("x")}`,
      `${mark}# Log\n\n${above}${js("x")}`,
    ]) {
      const accepted = accept(text)!;
      expect(accepted.startsWith(`${mark}# `)).toBe(true);
      expect(accepted.lastIndexOf(mark)).toBe(0);
      expect(accepted).toContain(` to ${name} at 10:00:00\n${js("x")}\n#### 👍`);
    }
  });

  test("a waiting realm is told in the placeholder", () => {
    const { text } = acceptRequest(log(js("x")), { name, at: at("10:00:00"), waiting: true })!;
    expect(text).toContain("\nexecuting (0s) waiting for the realm to connect\n");
  });
});

describe("without an anchor", () => {
  const request = `### 🗣️agent to ${name} at 09:00:00\n${js("old")}\n`;
  const reply = `#### 👍${name} to agent at 09:00:00 (4ms)\n\`\`\`JSON\n4\n\`\`\`\n`;

  test.each<[string, string, string[]]>([
    ["the last fence of a new file", `note\n\n${js("a")}\n${js("b")}\nend\n`, ["b"]],
    ["below an earlier reply", `# Log\n\n${request}${reply}\n${js("x")}`, ["x"]],
    [
      "below an old reply",
      `> **p** to agent at 09:00:00 (4ms)\n\`\`\`JSON\n4\n\`\`\`\n\n${js("x")}`,
      ["x"],
    ],
    ["below an unbalanced fence", `\`\`\`\nlost\n\n${request}${reply}\n${js("x")}`, ["x"]],
    ["not a draft", `${js("x")}\n\`\`\`js\ny`, []],
    ["not a prose fence", `${js("x")}\n\`\`\`json\n1\n\`\`\`\n`, []],
    ["not an empty fence", `${js("x")}\n\`\`\`js\n\n\`\`\`\n`, []],
    ["not a result", `${request}${reply}`, []],
    [
      "not a result without info string",
      `${request}#### 👍p to agent at 09:00:00 (4ms)\n\n\`\`\`\n4\n\`\`\`\n`,
      [],
    ],
    ["not an old result", "> **p** to agent at 09:00:00 (**ERROR** after 4ms)\n```\nno\n```\n", []],
    ["not an event", `${request}##### ☑console.log\n\`\`\`\nx\n\`\`\`\n`, []],
    ["not a diagnostic", "### 🗣️System at 09:00:00\n```\nx\n```\n", []],
    ["not a background section", `### 🗣️${name} background at undefined\n\`\`\`\nx\n\`\`\`\n`, []],
    [
      "not an old background section",
      `> **${name}** background at 09:00:00\n\`\`\`\nx\n\`\`\`\n`,
      [],
    ],
    ["not the error of a test", "✗ a > b 09:00:00 (1ms)\n```\nx\n```\n", []],
    ["not below a placeholder", "executing (3s)\n\n```\nx\n```\n", []],
    ["not with a reply below", `${js("x")}\n#### 👍p to agent at 09:00:00 (1ms)\n`, []],
    ["not while it executes", `${js("x")}\n#### 👍p to agent at 09:00:00\nexecuting (0s)\n`, []],
  ])("%s", (_, text, expected) => {
    expect(codes(text)).toEqual(expected);
    const parsed = parseRequest(text, name);
    if (parsed !== null)
      expect(parsed).toEqual({
        agent: "agent",
        target: name,
        time: "",
        code: expected[0],
        hasFooter: false,
      });
  });

  test("the heading goes directly above the fence, and text below stays below", () => {
    expect(accept(`# Log\n\nWhy?\n${js("x")}because\n`)).toBe(
      `# Log\n\nWhy?\n\n### 🗣️agent to ${name} at 10:00:00\n${js("x")}\n#### 👍${name} to agent at 10:00:00\nexecuting (0s)\n\nbecause\n\n${footer}`,
    );
  });

  test("a heading above prose names the agent and is replaced", () => {
    expect(accept(`# Log\n\n### 🗣️bob to p at 01:02:03\n\nWhy?\n\n${js("x")}`)).toBe(
      `# Log\n\nWhy?\n\n### 🗣️bob to ${name} at 10:00:00\n${js("x")}\n#### 👍${name} to bob at 10:00:00\nexecuting (0s)\n\n${footer}`,
    );
  });

  test("the heading of an earlier request is not taken", () => {
    const text = accept(`# Log\n\n${request.replace("agent", "bob")}${reply}\n${js("x")}`);
    expect(text).toContain(`\n\n### 🗣️agent to ${name} at 10:00:00\n${js("x")}`);
    expect(text).toContain(`### 🗣️bob to ${name} at 09:00:00\n`);
  });

  test("what was answered does not run again", () => {
    const asked: unknown[] = [];
    const text = `# Log\n\n### 🗣️bob to p at 01:02:03\n${js("x")}`;
    const isAnswered = (one: unknown): boolean => asked.push(one) > 0;
    expect(acceptRequest(text, { name, at: 0, isAnswered })).toBeUndefined();
    expect(asked).toEqual([{ code: "x", heading: "### 🗣️bob to p at 01:02:03" }]);
  });
});
