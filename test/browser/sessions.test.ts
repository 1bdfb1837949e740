/** Workspace sessions in a real Chromium: hot updates, bursts of saves, blocks that run in the page, crashes. */
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Session } from "../../src/protocol/model.ts";
import { PACKS_GLOBAL } from "../../src/protocol/packs.ts";
import type { PackRuntime } from "../../src/realm/packs/runtime.ts";
import { eventually } from "../support/eventually.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { createApp } from "../support/templates.ts";
import { launchBrowser } from "../vscode/browser.ts";

let folder: string;
let root: string;
let server: TestServer;
let session: Session;
let browser: Browser;
let page: Page;
const source = (name: string): string => path.join(root, name);
const edit = async (name: string, from: string | RegExp, to: string): Promise<void> =>
  writeFile(source(name), (await readFile(source(name), "utf8")).replace(from, to));

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-app-")));
  root = path.join(folder, "app");
  await createApp("react-ts", root);
  await writeFile(
    source("src/store.ts"),
    "export const cart = { items: [1, 2], loads: 0 };\ncart.loads++;\nexport let discount = 0;\nexport const setDiscount = (to: number): void => { discount = to; };\n",
  );
  await edit("src/App.tsx", /^/, 'import { cart } from "./store";\n');
  await edit("src/App.tsx", /Get started/, 'Get started <b id="cart">{cart.items.length}</b>');
  [server, browser] = await Promise.all([startServer({ folders: [root] }), launchBrowser()]);
  const { id } = await server.methods.openSession(root);
  session = await server.sessionIs(id, "live");
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});
beforeEach(async () => {
  page = await browser.newPage();
  await page.goto(session.url);
  await page.locator("h1").waitFor();
  await realmOf(page);
});
afterEach(() => page.close());

/** The live realm of the page that was opened last. */
async function realmOf(of: Page): Promise<string> {
  return eventually("the page's realm", async () => {
    const mine = await of.evaluate(() =>
      sessionStorage.getItem(
        Object.keys(sessionStorage).find((key) => key.startsWith("daebug-name:")) ?? "",
      ),
    );
    return server.sessions[0]?.realms.find(
      (realm) => realm.state === "idle" && mine?.includes(realm.name),
    )?.name;
  });
}

async function run(
  code: string,
  info: string,
): Promise<{ summary: string; state: string; text: string; problems: readonly unknown[] }> {
  const file = source("tour.md");
  const text = `# Tour\n\n\`\`\`${info}\n${code}\n\`\`\`\n`;
  await writeFile(file, text);
  const ended = await server.run({ file, text, block: 0 });
  return { ...ended, text: await readFile(file, "utf8") };
}

test("thirty saves of one component 25 ms apart end in the last one on the page, every time of twenty", async () => {
  const text = await readFile(source("src/App.tsx"), "utf8");
  const missed: string[] = [];
  const heard: string[] = [];
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => void heard.push(String(payload).slice(0, 300))),
  );
  await page.reload();
  await page.locator("h1").waitFor();
  for (let round = 0; round < 20; round++) {
    for (let save = 1; save <= 30; save++) {
      await writeFile(
        source("src/App.tsx"),
        text.replace("Get started", `Round ${round} save ${save}`),
      );
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const last = page.locator("h1", { hasText: `Round ${round} save 30` });
    await last.waitFor({ timeout: 15_000 }).catch(async () => {
      const shown = await page.locator("h1").textContent();
      missed.push(`round ${round} shows ${shown}, heard last ${heard.slice(-3).join("\n")}`);
    });
  }
  await writeFile(source("src/App.tsx"), text);
  await page.locator("h1", { hasText: "Get started" }).waitFor();
  expect(missed).toEqual([]);
});

test("a save keeps the component's state", async () => {
  const button = page.locator("button", { hasText: /count is/i });
  await button.click();
  await button.click();
  await edit("src/App.tsx", "Get started", "Hello again");
  await page.locator("h1", { hasText: "Hello again" }).waitFor();
  expect(await button.textContent()).toMatch(/count is 2/i);
  await edit("src/App.tsx", "Hello again", "Get started");
  await page.locator("h1", { hasText: "Get started" }).waitFor();
});

test("a syntax error becomes one problem at its place, the page keeps its last good state, and the fix clears it", async () => {
  const good = await readFile(source("src/App.tsx"), "utf8");
  const button = page.locator("button", { hasText: /count is/i });
  await button.click();
  await writeFile(
    source("src/App.tsx"),
    good.replace("function App() {\n", "function App() {\n  const = 3;\n"),
  );
  const problem = await eventually("the problem", () => server.sessions[0]?.problems[0]);
  const line = good.split("\n").findIndex((text) => text.startsWith("function App()")) + 2;
  expect(server.sessions[0]?.problems).toHaveLength(1);
  expect(problem).toMatchObject({
    file: source("src/App.tsx"),
    line,
    column: 9,
    severity: "error",
  });
  expect(await button.textContent()).toMatch(/count is 1/i);
  await writeFile(source("src/App.tsx"), good.replace("Get started", "Mended"));
  await page.locator("h1", { hasText: "Mended" }).waitFor();
  await eventually("no problem", () => server.sessions[0]?.problems.length === 0);
  expect(await button.textContent()).toMatch(/count is 1/i);
  await writeFile(source("src/App.tsx"), good);
  await page.locator("h1", { hasText: "Get started" }).waitFor();
});

test("a block gets the very instance of a module that the page uses, and changes the app's state", async () => {
  const first = await run(
    'import { cart } from "./src/store";\ncart.items.push(3);\n[cart.items.length, cart.loads]',
    "ts realm=page",
  );
  expect(first).toMatchObject({ state: "ok" });
  expect(first.summary).toBe("[3, 1]");
  await page.locator("button", { hasText: /count is/i }).click();
  await page.locator("#cart", { hasText: "3" }).waitFor();
});

test("after a hot update a block gets the page's current instance", async () => {
  const registered = (): Promise<number> =>
    page.evaluate(
      (name) => (globalThis as unknown as Record<string, PackRuntime>)[name]?.size() ?? 0,
      PACKS_GLOBAL,
    );
  const first = await registered();
  await edit("src/store.ts", "loads: 0 }", "loads: 0, edited: true }");
  await eventually(
    "the new store and its importer",
    async () => (await registered()) === first + 2,
  );
  const result = await run(
    'import { cart } from "./src/store";\n"edited" in cart',
    "ts realm=page",
  );
  expect(result.summary).toBe("true");
  expect(await registered(), "the block loaded no copy of its own").toBe(first + 2);
});

test("packages import as the page's own instances, CommonJS ones with their names", async () => {
  const result = await run(
    'import { useState, version } from "react";\n[typeof useState, typeof version]',
    "ts realm=page",
  );
  expect(result.text).toMatch(/"function",\s+"string"/);
});

test("an error in a page block is a problem at its line and column", async () => {
  const result = await run("const a: number = 1;\n(undefined as any).boom();", "ts realm=page");
  expect(result).toMatchObject({
    state: "error",
    problems: [expect.objectContaining({ file: source("tour.md"), line: 5 })],
  });
});

test("an uncaught error of the page is a warning at its source, gone after a reload", async () => {
  await edit(
    "src/App.tsx",
    "export default App",
    'window.addEventListener("boom", () => { throw new Error("the shelf broke"); });\nObject.assign(window, { isArmed: true });\nexport default App',
  );
  await page.reload();
  // A page that is faster than the watcher gets it by a hot update.
  await page.waitForFunction("globalThis.isArmed");
  await realmOf(page);
  await page.evaluate(() => setTimeout(() => dispatchEvent(new Event("boom")), 0));
  const warning = await eventually("the warning", () =>
    server.sessions[0]?.problems.find((problem) => problem.source === "page"),
  );
  expect(warning).toMatchObject({
    file: source("src/App.tsx"),
    severity: "warning",
    message: expect.stringContaining("the shelf broke"),
  });
  await page.reload();
  await eventually("no warning", () =>
    server.sessions[0]?.problems.every((problem) => problem.source !== "page"),
  );
});

test("a Vite host that is killed under an open page comes back, and the page takes edits again within five seconds", async () => {
  const { pid } = server.sessions[0] as Session;
  const killed = performance.now();
  process.kill(pid, "SIGKILL");
  await eventually(
    "another host",
    () => server.sessions[0]?.state.name === "live" && server.sessions[0].pid !== pid,
  );
  expect(performance.now() - killed).toBeLessThan(5000);
  await edit("src/App.tsx", /Get started/, "After the crash");
  await page.locator("h1", { hasText: "After the crash" }).waitFor();
  await edit("src/App.tsx", /After the crash/, "Get started");
  await realmOf(page);
});

test("console lines of the page reach the output", async () => {
  await page.evaluate(() => console.warn("shelf %s", "three", { a: 1 }));
  await eventually("the line", () =>
    server.console.find((entry) => entry.level === "warn" && entry.text.includes("shelf three")),
  );
});
