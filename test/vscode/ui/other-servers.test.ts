/** Servers of pages that are not our Vite host: a command of the project, and a process outside (dev-servers 4.1.5, 6.2, 14). */
import { mkdtempSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { isAlive } from "../../support/alive.ts";
import { eventually } from "../../support/eventually.ts";
import { startVite, viteProgram } from "../../support/ui-projects.ts";
import { pageFiles } from "../../support/shop.ts";
import { useWorkbench } from "./window.ts";

const workspace = mkdtempSync(path.join(tmpdir(), "vt-others-"));
const file = (name: string): string => path.join(workspace, name);
const window = useWorkbench(async () => {
  const site = {
    id: "site",
    root: "site",
    ui: { runner: "command", command: ["node", viteProgram] },
  };
  const docs = { id: "docs", root: "docs", ui: {} };
  const files = {
    "vitrine.json": JSON.stringify({ devServers: { projects: [site, docs] } }),
    ...pageFiles("site"),
    ...pageFiles("docs"),
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(file(name)), { recursive: true });
    await writeFile(file(name), text);
  }
  return { workspace };
});
afterAll(() => rm(workspace, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

const row = async (text: string): Promise<string> =>
  (await (await window().tree(text)).first().textContent()) ?? "";

test("the page of a command is shown with its realm, and the panel says that this is all", async () => {
  await window().openFile("site/index.html");
  await window().runCommand("Vitrine: Open Preview");
  await window().preview("site");
  await window()
    .panel()
    .locator("body", { hasText: /realm only: the command "node .*" serves site/ })
    .waitFor();
  // Its server has the project's port, its pages have the one of our proxy.
  const ports = /^siteReady · (\d+) · 1 realm/.exec(await row("site"));
  expect(await row("UI")).not.toContain(ports?.[1]);
});

test("a process that offers itself for a project that runs is asked about, and the answer is done", async () => {
  await window().openFile("docs/index.html");
  await window().runCommand("Vitrine: Open Preview");
  await window().preview("docs");
  const outside = await startVite(file("docs"));
  const offer = async (more: object = {}): Promise<void> => {
    const vitePort = Number(new URL(outside.address).port);
    await writeFile(file("docs/new"), JSON.stringify({ pid: outside.pid, vitePort, ...more }));
    await rename(file("docs/new"), file("docs/.devinfo"));
  };
  await offer();
  const question = window().toast(
    `docs runs here, and process ${outside.pid} offers itself for it`,
  );
  await question.waitFor();
  await window().answer("Keep Ours");
  await question.waitFor({ state: "detached" });
  expect(await row("docs")).toMatch(/^docsReady · \d+/);
  await window().runCommand("Vitrine: Attach to Dev Server");
  await eventually("the process outside in the tree", async () =>
    /External/.test(await row("docs")),
  );
  expect(await row(`process ${outside.pid}`)).toMatch(/^Externalprocess/);
  await window().panel().locator("body", { hasText: "realm only: process" }).waitFor();
  await window().runCommand("Vitrine: Stop All Dev Servers");
  await eventually("no line of it", async () => !/External/.test(await row("docs")));
  expect(isAlive(outside.pid)).toBe(true);
});
