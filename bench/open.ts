/** Goal 6: from the command to the rendered page, a warm server against spawning `vite`. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
  const blank = await startBlank();
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
            rendered(browser, blank.url, async () => {
              const { url, id } = await server.open(ours);
              return { url, stop: () => server.methods.stopSession(id) };
            }),
        },
        { name: "vite", measure: () => rendered(browser, blank.url, () => startVite(theirs)) },
      ],
    });
  } finally {
    await server.stop();
    await blank.stop();
  }
}

/**
 * An empty page of the same site: the browser's process for it exists, as it does in an editor with a panel, and its
 * start is in neither figure.
 */
async function startBlank(): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const server = createServer((_request, response) => response.end("<!doctype html>"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = (): Promise<unknown> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}/`, stop };
}

/** Time from the start of `open` until the app's heading is in a fresh page. */
async function rendered(
  browser: Browser,
  blank: string,
  open: () => Promise<{ url: string; stop: () => Promise<void> }>,
): Promise<number> {
  await delay(rest);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(observe, mark);
  await page.goto(blank);
  const shown = page.waitForEvent("console", (message) => message.text().startsWith(mark));
  const started = performance.timeOrigin + performance.now();
  const { url, stop } = await open();
  await page.goto(url, { waitUntil: "commit" });
  const ms = Number((await shown).text().slice(mark.length)) - started;
  await context.close();
  await stop();
  return ms;
}

/** What the page prints before the time at which it was rendered. */
const mark = "vitrine-bench-shown ";

/**
 * Runs in the page, before any script of it. By an observer and the page's own clock: a poll from outside would add its
 * interval, which here is the larger part.
 */
function observe(prefix: string): void {
  const seen = new MutationObserver(() => {
    if (!document.querySelector("h1")?.textContent.includes("Get started")) return;
    seen.disconnect();
    console.debug(prefix + (performance.timeOrigin + performance.now()));
  });
  seen.observe(document, { childList: true, subtree: true, characterData: true });
}
