/** Goal 12: CPU time of the server and all its Vite hosts while ten open previews are left alone. */
import { cp } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { project } from "../scripts/bootstrap.mjs";
import { reportFigure } from "./harness.ts";
import { startWarmServer } from "./servers.ts";
import { cpuSeconds } from "./usage.ts";

const previews = 10;
/** Everything that starting caused has ended by then, in s. */
const settling = 15;

export async function benchIdle({
  browser,
  folder,
  seconds,
}: {
  browser: Browser;
  folder: string;
  seconds: number;
}): Promise<boolean> {
  if (process.platform !== "linux") {
    console.log("\nIdle cost: skipped, it is read from /proc");
    return true;
  }
  const apps = Array.from({ length: previews }, (_, index) => path.join(folder, `idle-${index}`));
  for (const app of apps) await cp(path.join(project, "demo"), app, { recursive: true });
  const mark = `bench-idle-${process.pid}`;
  process.env.VITRINE_TEST_RUN = mark;
  const server = await startWarmServer(apps, folder);
  const context = await browser.newContext();
  try {
    for (const app of apps) {
      const { url } = await server.open(app);
      const page = await context.newPage();
      await page.goto(url);
      await page.locator("article").first().waitFor();
    }
    await delay(settling * 1000);
    const before = cpuSeconds(mark);
    await delay(seconds * 1000);
    const share = ((cpuSeconds(mark) - before) / seconds) * 100;
    return reportFigure(`Idle with ${previews} previews open, over ${seconds} s`, share, {
      goal: 0.5,
      unit: "% of a core",
    });
  } finally {
    await context.close();
    await server.stop();
    delete process.env.VITRINE_TEST_RUN;
  }
}
