/** A person, a page and a log: the REPL as it is used from the editor, and the tests of the page in the Test Explorer. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { project } from "../../../scripts/bootstrap.mjs";
import { replaceInFile } from "../../support/edits.ts";
import { eventually } from "../../support/eventually.ts";
import { picture, useWorkbench } from "./window.ts";

const tests = `import { describe, test } from "node:test";
import assert from "node:assert";
import { basket } from "./basket.ts";

describe("basket", () => {
  test("adds", () => {
    assert.equal(basket.add("fern"), basket.total());
  });
  test("is never free", () => {
    assert.equal(basket.total(), 0);
  });
});
`;

const window = useWorkbench(() => ({
  copy: path.join(project, "demo"),
  // Otherwise the editor saves half a request by itself.
  settings: { "files.autoSave": "off", "editor.minimap.enabled": false },
}));

const registry = (): string => window().file("daebug.md");

/** The page's log in \`daebug/\`, once the registry lists it. */
async function logFile(): Promise<string> {
  return eventually("a log of the page in the registry", async () => {
    const text = existsSync(registry()) ? await readFile(registry(), "utf8") : "";
    const [, file] =
      /^\* \[[^\]]+\]\((daebug\/(?:(?!webworker)[^)])+\.md)\) .*: live/m.exec(text) ?? [];
    return file && window().file(file);
  });
}

async function logText(part: string | RegExp): Promise<string> {
  const file = await logFile();
  return eventually(`${part} in the log`, async () => {
    const text = existsSync(file) ? await readFile(file, "utf8") : "";
    return (typeof part === "string" ? text.includes(part) : part.test(text)) ? text : undefined;
  });
}

/** Waits until the end of the file in the editor is as wanted; says what stands there if it does not come to that. */
async function editorEnd(what: string, isThere: (shown: string) => boolean): Promise<void> {
  let shown = "";
  await eventually(what, async () => {
    // What is not on the screen is not drawn.
    await window().page.keyboard.press("Control+End");
    shown = (await window().editor().textContent())?.replaceAll("\u00a0", " ") ?? "";
    return isThere(shown);
  }).catch(async (error: unknown) => {
    const text = await readFile(await logFile(), "utf8");
    throw new Error(
      `the editor shows ${JSON.stringify(shown)}\nthe file ends ${text.slice(-600)}`,
      {
        cause: error,
      },
    );
  });
}

async function typeAtEnd(text: string): Promise<void> {
  const { page } = window();
  await window().editor().click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(text);
}

test("Start REPL says where the registry is, and offers the ignore file once", async () => {
  await mkdir(window().file(".git"));
  await writeFile(window().file(".gitignore"), "dist");
  await window().openFile("src/basket.ts");
  await window().runCommand("Vitrine: Start REPL");
  await window().statusBar("daebug.md lists its logs").waitFor();
  const offer = window().toast("Add /daebug.md and /daebug/");
  await offer.waitFor();
  await window().page.locator(".notifications-toasts .monaco-button", { hasText: "Add" }).click();
  await eventually("the lines in .gitignore", async () => {
    const text = await readFile(window().file(".gitignore"), "utf8");
    return text === "dist\n/daebug.md\n/daebug/\n";
  });
  expect(await readFile(registry(), "utf8")).toContain("## Active Sessions");
});

test("a page that is opened has a log in the view, and a click opens it", async () => {
  await window().runCommand("Vitrine: Open Preview");
  await window().preview("Plants that forgive you.");
  const name = path.basename(await logFile(), ".md");
  await (await window().tree("Logs")).first().waitFor();
  const row = (await window().tree(name)).filter({ hasText: "live" }).first();
  await row.click();
  await window()
    .page.locator(".tab.active", { hasText: `${name}.md` })
    .waitFor();
  await window().lens("● live").waitFor();
  expect(await window().lens("Run in…").count()).toBe(0);
  // What is typed before the editor has read what the page said is typed into an older file.
  await eventually("what the page said, in the editor", async () =>
    (await window().editor().textContent())?.includes("connecting..."),
  );
});

test("a block below the anchor runs in the page when the file is saved", async () => {
  await typeAtEnd("```js\ndocument.title.length + 1000\n```\n");
  await window().page.keyboard.press("Control+s");
  const title = await (await window().preview("Plants that forgive you.")).title();
  const text = await logText(/^#### 👍.* to agent at \d\d:\d\d:\d\d \(/m);
  expect(text).toContain(`\`\`\`JSON\n${title.length + 1000}\n\`\`\``);
});

test("the lens above a request asks for the same again, as the user", async () => {
  await window().lens("▷ Re-run").first().click();
  const text = await logText(/^#### 👍.* to user at \d\d:\d\d:\d\d \(/m);
  await window().editor().click();
  expect(text.match(/document\.title\.length/g)).toHaveLength(2);
  // The editor follows the file a little later; whoever typed before that would meet a newer file on saving.
  await editorEnd(
    "the reply in the editor",
    (shown) => shown.includes("to user at") && !shown.includes("executing ("),
  );
});

test("the outline follows requests and replies", async () => {
  const { page } = window();
  await window().runCommand("Explorer: Focus on Outline View");
  const level = async (text: RegExp): Promise<number> => {
    const row = page.locator(".outline-tree .monaco-list-row").filter({ hasText: text }).last();
    await row.waitFor();
    return Number(await row.getAttribute("aria-level"));
  };
  // The pane is low: what does not fit is not drawn.
  await page.keyboard.press("Home");
  const turn = await level(/Short Guide/);
  await page.keyboard.press("End");
  const request = await level(/user to/);
  expect(await level(/to user/)).toBe(request + 1);
  expect(request).toBeGreaterThanOrEqual(turn);
});

test("a reply goes into a log with unsaved changes, and the half-typed request stays unsaved", async () => {
  const { page } = window();
  const before = await logText("to user at");
  await typeAtEnd("```js\nhalf a request");
  await page.locator(".tab.active.dirty").waitFor();
  await window().runCommand("Vitrine: Re-run Request");
  await editorEnd("another reply in the editor, above the half request", (shown) => {
    const replies = shown.match(/to user at/g) ?? [];
    return (
      replies.length === 2 && !shown.includes("executing (") && shown.includes("half a request")
    );
  });
  await page.locator(".tab.active.dirty").waitFor();
  expect(await readFile(await logFile(), "utf8")).toBe(before);
  await page.keyboard.press("Control+s");
  const text = await logText("half a request");
  expect(text.match(/^### .*user to/gm)).toHaveLength(2);
  expect(text.trimEnd().endsWith("```js\nhalf a request")).toBe(true);
});

test("tests of the page are found, run in it, and fail at their line", async () => {
  const { page } = window();
  await writeFile(window().file("src/basket.test.js"), tests);
  await window().runCommand("Testing: Focus on Test Explorer View");
  const rows = page.locator(".test-explorer .monaco-list-row");
  await rows.filter({ hasText: "basket.test.js" }).waitFor();
  await window().runCommand("Test: Run All Tests");
  const results = page.locator(".test-output-peek-tree .monaco-list-row");
  await results.filter({ hasText: "adds" }).first().waitFor();
  await results.filter({ hasText: "is never free" }).first().waitFor();
  await window().openFile("basket.test.js");
  await page.locator(".test-error-content-widget").first().waitFor();
  for (const level of [1, 2])
    await page
      .locator(`.test-explorer [role=treeitem][aria-level="${level}"] .monaco-tl-twistie`)
      .click();
  await rows.filter({ hasText: "is never free" }).waitFor();
  await picture(window(), "tests");
  await replaceInFile(
    window().file("src/basket.test.js"),
    "basket.total(), 0",
    'basket.count("palm"), 0',
  );
  await window().runCommand("Test: Run All Tests");
  await page.locator(".test-explorer .result-summary", { hasText: "2/2" }).waitFor();
});

test("after a window reload the REPL is on again by itself", async () => {
  await window().closeAllEditors();
  await window().reload();
  await (await window().tree("Logs")).first().waitFor();
});

test("Stop REPL takes the logs from the view and says so in the registry", async () => {
  await window().runCommand("Vitrine: Stop REPL");
  await (await window().tree("Logs")).first().waitFor({ state: "detached" });
  await eventually("the end in the registry", async () =>
    (await readFile(registry(), "utf8")).includes("SERVER SHUT DOWN"),
  );
});
