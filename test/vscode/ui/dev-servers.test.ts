/** A project with a page and a back end, as the editor shows it: started, broken, mended, stopped (dev-servers section 14). */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { project } from "../../../scripts/bootstrap.mjs";
import { isAlive } from "../../support/alive.ts";
import { replaceInFile } from "../../support/edits.ts";
import { eventually } from "../../support/eventually.ts";
import { useWorkbench } from "./window.ts";

const window = useWorkbench(() => ({
  copy: path.join(project, "test/fixtures/services"),
  openFile: "shop/src/app.mjs",
  settings: { "editor.minimap.enabled": false },
}));
const source = (): string => window().file("shop/src/app.mjs");

test("starting a project shows its page's address and its back end's process", async () => {
  await window().runCommand("Vitrine: Start Dev Server");
  await (await window().tree("Ready")).first().waitFor();
  const rows = await window().tree("");
  await eventually("both parts", async () => {
    const text = (await rows.allTextContents()).join("\n");
    return /UI.*http:\/\/127\.0\.0\.1:\d+/.test(text) && /Backend.*process \d+/.test(text);
  });
  await window().statusBar("1").first().waitFor();
});

test("the status bar tells port and last build in a table, and offers each project once with what can be done", async () => {
  const { page } = window();
  const item = window().statusBar("1").first();
  await item.hover();
  const table = page.locator(".monaco-hover table", { hasText: "Last build" });
  await table.waitFor();
  expect(await table.locator("tbody tr").allTextContents()).toEqual([
    expect.stringMatching(/^\s*shop\s+Ready\s+\d{5}\s+\d.*\(\d[\d.]* m?s\)\s*$/),
  ]);
  await item.click();
  const rows = page.locator(".quick-input-list .monaco-list-row .label-name");
  await rows.first().waitFor();
  expect((await rows.allTextContents()).map((text) => text.trim())).toEqual([
    "Open Preview",
    "Open in Browser",
    "Restart",
    "Stop",
    "Rebuild",
    "Show Output",
  ]);
  await page.keyboard.press("Escape");
});

test("a build that fails is a problem at its place, and the old process goes on", async () => {
  const before = await backendPid();
  await replaceInFile(source(), "import", "oops;\nimport");
  const rows = await window().problems("oops is not defined");
  await rows.first().waitFor();
  expect(await rows.first().textContent()).toContain("[Ln 1, Col 1]");
  await (await window().tree("app.mjs:1")).first().waitFor();
  expect(isAlive(before)).toBe(true);
});

test("the correction clears it, and a new process answers", async () => {
  const before = await backendPid();
  await replaceInFile(source(), "oops;\n", "");
  await replaceInFile(source(), '"open"', '"open again"');
  const rows = await window().problems("oops is not defined");
  await eventually("no problem", async () => (await rows.count()) === 0);
  await eventually("another process", async () => (await backendPid()) !== before);
  expect(await readFile(source(), "utf8")).toContain("open again");
});

test("its preview opens beside the code", async () => {
  await window().runCommand("Vitrine: Open Preview");
  await window().preview("The shop is open");
});

test("a build of its back end that fails stands over the page, which goes on, until a good build", async () => {
  const page = await window().preview("The shop is open");
  await replaceInFile(source(), "import", "oops;\nimport");
  const cover = window()
    .panel()
    .locator(".cover", { hasText: "The back end of shop could not be built" });
  await cover.waitFor();
  expect(await cover.textContent()).toContain("oops is not defined");
  expect(await page.locator("h1").isVisible()).toBe(true);
  await cover.locator(".place a", { hasText: "app.mjs:1:1" }).click();
  await window().page.locator(".tab.active", { hasText: "app.mjs" }).waitFor();
  await replaceInFile(source(), "oops;\n", "");
  await cover.waitFor({ state: "hidden" });
});

test("stopping it ends the back end and says so", async () => {
  const before = await backendPid();
  await window().runCommand("Vitrine: Stop Dev Server");
  await eventually("the end of the process", () => !isAlive(before));
  await eventually(
    "no back end in the view",
    async () => (await (await window().tree("Backend")).count()) === 0,
  );
});

test("packages that are missing are installed from the panel, and the preview starts", async () => {
  const vite = path.join(project, "node_modules/vite/dist/node/index.js");
  const files = {
    ".npmrc": "audit=false\nfund=false\nfetch-retries=0\n",
    "index.html": "<!doctype html><h1>Packages are here</h1>",
    "vite/package.json": '{ "name": "vite", "version": "8.3.8", "type": "module" }',
    "vite/dist/node/index.js": `export * from ${JSON.stringify(vite)};`,
    "package.json": '{ "name": "packless", "devDependencies": { "vite": "file:vite" } }',
  };
  for (const [name, text] of Object.entries(files)) {
    const file = window().file(`packless/${name}`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await (await window().tree("packless")).first().click();
  const cover = window().panel().locator(".cover", { hasText: "packless has an error" });
  await cover.waitFor();
  await window().toast("The packages of packless are not installed").waitFor();
  await cover.locator("vscode-button", { hasText: "Install Dependencies" }).click();
  await window().preview("Packages are here");
});

test("kill -9 of the extension host leaves nothing of it alive after 5 s", async () => {
  await window().runCommand("Vitrine: Start Dev Server");
  const backend = await backendPid();
  const { extensionHost, server, viteHosts } = window().processes();
  expect([server.length, viteHosts.length > 0]).toEqual([1, true]);
  for (const pid of extensionHost) process.kill(pid, "SIGKILL");
  const all = [...server, ...viteHosts, backend];
  await eventually("the end of all it had started", () => !all.some(isAlive), 5_000);
});

async function backendPid(): Promise<number> {
  const rows = await window().tree("Backend");
  return eventually("the process of the back end", async () => {
    const text = (await rows.first().textContent()) ?? "";
    const pid = Number(/process ([\d,]+)/.exec(text)?.[1]?.replaceAll(",", ""));
    return pid > 0 ? pid : undefined;
  });
}
