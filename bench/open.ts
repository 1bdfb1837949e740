/** Goal 6: from the command to the rendered page, a warm server against spawning `vite`. */
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { createApp } from "../test/support/templates.ts";
import { compare } from "./harness.ts";
import { startVite, startWarmServer } from "./servers.ts";

/** After a session was opened, the next host gets warm in this time, in ms. A user opens previews no faster. */
const rest = 3_000;

export async function benchOpen({
  browser,
  folder,
  rounds,
}: {
  browser: Browser;
  folder: string;
  rounds: number;
}): Promise<boolean> {
  const [ours, theirs] = [path.join(folder, "open-vitrine"), path.join(folder, "open-vite")];
  for (const app of [ours, theirs]) await createApp("react-ts", app);
  const server = await startWarmServer([ours], folder);
  try {
    return await compare({
      title: "Open a preview: command → rendered, react-ts, warm server",
      rounds,
      goal: 0.5,
      targets: [
        {
          name: "vitrine",
          measure: () =>
            rendered(browser, async () => {
              const { url, id } = await server.open(ours);
              return { url, stop: () => server.methods.stopSession(id) };
            }),
        },
        { name: "vite", measure: () => rendered(browser, () => startVite(theirs)) },
      ],
    });
  } finally {
    await server.stop();
  }
}

/** Time from the start of `open` until the app's heading is in a fresh page. */
async function rendered(
  browser: Browser,
  open: () => Promise<{ url: string; stop: () => Promise<void> }>,
): Promise<number> {
  await delay(rest);
  const context = await browser.newContext();
  const page = await context.newPage();
  const started = performance.now();
  const { url, stop } = await open();
  await page.goto(url, { waitUntil: "commit" });
  await page.locator("h1", { hasText: "Get started" }).waitFor();
  const ms = performance.now() - started;
  await context.close();
  await stop();
  return ms;
}
