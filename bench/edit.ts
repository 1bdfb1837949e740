/** Component edit: save → DOM, on two copies of the same app, ours against plain `vite`. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { createApp } from "../test/support/templates.ts";
import { clockOffset, whenText } from "./clock.ts";
import { compare, type Target } from "./harness.ts";
import { startVite, startVitrine, type Serving } from "./servers.ts";

/** Between two edits, so that one never waits for the rest of the other. */
const pause = 150;

export async function benchEdit({
  browser,
  folder,
  rounds,
}: {
  browser: Browser;
  folder: string;
  rounds: number;
}): Promise<boolean> {
  const apps = { vitrine: path.join(folder, "edit-vitrine"), vite: path.join(folder, "edit-vite") };
  for (const app of Object.values(apps)) await createApp("react-ts", app);
  const servers = [await startVitrine(apps.vitrine, folder), await startVite(apps.vite)] as const;
  try {
    const targets = [
      await editTarget("vitrine", { app: apps.vitrine, server: servers[0], browser }),
      await editTarget("vite", { app: apps.vite, server: servers[1], browser }),
    ];
    return await compare({
      title: "Component edit: save → DOM, react-ts",
      targets,
      rounds,
      goal: 1.05,
    });
  } finally {
    for (const server of servers) await server.stop();
  }
}

async function editTarget(
  name: string,
  { app, server, browser }: { app: string; server: Serving; browser: Browser },
): Promise<Target> {
  const page = await openCounter(browser, server.url);
  const offset = await clockOffset(page);
  const file = path.join(app, "src/App.tsx");
  const source = await readFile(file, "utf8");
  return {
    name,
    measure: async (round) => {
      await delay(pause);
      const { arrived } = await whenText(page, "h1", `Edit ${round}.`);
      const started = performance.now();
      await writeFile(file, source.replace("Get started", `Edit ${round}.`));
      const ms = (await arrived) + offset - started;
      // A figure counts only for an update that kept the component's state.
      if (!(await page.locator("button.counter").textContent())?.includes("1"))
        throw new Error(`${name} lost the state of the page`);
      return ms;
    },
  };
}

async function openCounter(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.locator("button.counter").click();
  await page.locator("button.counter", { hasText: "1" }).waitFor();
  return page;
}
