import { expect, test } from "vitest";
import { logFolds } from "../../../src/extension/logs/log-folds.ts";
import { readLog } from "../../../src/extension/logs/log-headings.ts";
import { linesOf, sample } from "./logs.ts";

/** Each fold as its first and its last line. */
function folds(text: string): string[] {
  const lines = linesOf(text);
  const brief = (line: number): string => lines.at(line).slice(0, 24);
  return logFolds(lines, readLog(lines)).map(({ start, end }) => `${brief(start)} … ${brief(end)}`);
}

test("a log folds by turn, request, reply, event and fence; notes and the anchor stay outside", () => {
  expect(folds(sample)).toMatchInlineSnapshot(`
    [
      "# 7-zen-1201-03 Session … (then I will look at the",
      "## Short Guide … ---",
      "## First look … (then I will look at the",
      "### 🗣️agent to 7-zen-12 … \`\`\`",
      "#### 👍7-zen-1201-03 to  … \`\`\`",
      "##### ☑️console.log … \`\`\`",
      "### 🗣️alice to 7-zen-12 … (then I will look at the",
      "#### 🚫7-zen-1201-03 to  … \`\`\`",
      "#### 👍7-zen-1201-03 to  … executing (5s)",
      "##### 🆘console.warn … \`\`\`",
      "\`\`\`js … \`\`\`",
      "\`\`\`JSON … \`\`\`",
      "\`\`\`Text console.log … \`\`\`",
      "\`\`\`js … \`\`\`",
      "\`\`\`Error … \`\`\`",
      "\`\`\`ts … \`\`\`",
      "\`\`\`Text console.warn … \`\`\`",
    ]
  `);
});

test("a reply in the middle of a request ends before the next block", () => {
  const lines = linesOf(sample);
  const reply = logFolds(lines, readLog(lines)).find(({ start }) =>
    lines.at(start).startsWith("#### 🚫"),
  );
  expect(reply && lines.at(reply.end + 2)).toBe("then");
});
