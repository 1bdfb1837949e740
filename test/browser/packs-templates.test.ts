/** The published create-vite templates as packs: what the page shows and keeps is what plain Vite gives. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertLine, replaceInFile } from "../support/edits.ts";
import { eventually } from "../support/eventually.ts";
import { sampleApps, type SampleApp } from "../support/sample-apps.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { createApp } from "../support/templates.ts";
import { launchBrowser } from "../vscode/browser.ts";

const apps: readonly SampleApp[] = [
  ...sampleApps,
  {
    template: "preact-ts",
    heading: "src/app.tsx",
    keepsState: true,
    statement: "export function App()",
  },
];

let folder: string;
let browser: Browser;
let server: TestServer;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-packs-")));
  for (const { template } of apps) await createApp(template, path.join(folder, template));
  browser = await launchBrowser();
  server = await startServer({
    folders: apps.map(({ template }) => path.join(folder, template)),
  });
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

describe.each(apps)("$template", ({ template, heading, keepsState, statement }) => {
  const file = (name: string): string => path.join(folder, template, name);
  const requests: string[] = [];
  let page: Page;
  let id: string;
  let url: string;
  const problems = (): readonly unknown[] =>
    server.sessions.find((session) => session.id === id)?.problems ?? [];
  const heads = (text: string): Promise<void> =>
    page.locator("h1", { hasText: text }).waitFor({ timeout: 10_000 });

  beforeAll(async () => {
    ({ id } = await server.methods.openSession(path.join(folder, template)));
    ({ url } = await server.sessionIs(id, "live"));
    page = await browser.newPage();
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    await page.goto(url);
    await heads("Get started");
  });
  afterAll(async () => {
    await page?.close();
    await server.methods.stopSession(id);
  });

  test("shows what it shows over HTTP, without a request for a module", async () => {
    const plain = await browser.newPage();
    await plain.goto(`${url}?__vt=0`);
    await plain.locator("h1").waitFor();
    const body = (of: Page): Promise<string> =>
      of.evaluate(() => (document.querySelector("#app, #root") as HTMLElement).outerHTML);
    expect(await body(page)).toBe(await body(plain));
    await plain.close();
    expect(
      requests.filter(
        (name) =>
          /\.(?:[jt]sx?|vue|svelte|css)$|@vite|@react/.test(name) && !name.includes("-vitrine/"),
      ),
    ).toEqual([]);
  });

  test("takes an edit, and keeps the state where the framework does", async () => {
    await page.locator("button.counter").click();
    requests.length = 0;
    await replaceInFile(file(heading), "Get started", "Hello again");
    await heads("Hello again");
    await page.locator("button.counter", { hasText: `Count is ${keepsState ? 1 : 0}` }).waitFor();
    if (keepsState)
      expect(
        requests.filter(
          (name) => /\.(?:[jt]sx?|vue|svelte)$/.test(name) && !name.includes("-vitrine/"),
        ),
      ).toEqual([]);
  });

  test("takes an edit of a style sheet and keeps the state", async () => {
    await page.locator("button.counter").click();
    const count = await page.locator("button.counter").textContent();
    const sheet = file(
      template === "react-ts" || template === "preact-ts"
        ? "src/index.css"
        : template === "svelte-ts"
          ? "src/app.css"
          : "src/style.css",
    );
    await writeFile(
      sheet,
      `${await readFile(sheet, "utf8")}\nh1 { outline-color: rgb(1, 2, 3); }\n`,
    );
    await eventually(
      "the new style",
      async () =>
        (await page.locator("h1").evaluate((h1) => getComputedStyle(h1).outlineColor)) ===
        "rgb(1, 2, 3)",
    );
    expect(await page.locator("button.counter").textContent()).toBe(count);
  });

  test("stays as it is at a syntax error, which is one problem, and takes the fix", async () => {
    await insertLine(file(heading), statement, "const broken = ;");
    await eventually("the problem", () => problems().length === 1);
    expect(await page.locator("h1").textContent()).toContain("Hello again");
    await replaceInFile(file(heading), "const broken = ;\n", "");
    await eventually("no problem", () => problems().length === 0);
    await heads("Hello again");
  });
});
