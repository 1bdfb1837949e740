/** What dies or hangs while a preview is open, and how the window gets over it. */
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { project } from "../../../scripts/bootstrap.mjs";
import { replaceInFile } from "../../support/edits.ts";
import { eventually } from "../../support/eventually.ts";
import { useWorkbench } from "./window.ts";

/** Milliseconds in which a preview is back after the death of a process. */
const recovery = 5_000;

const window = useWorkbench(() => ({ copy: path.join(project, "demo") }));

test("a preview opens in a folder without Vite of its own, with no node_modules above it", async () => {
  await window().openFile("src/shelf.ts");
  await window().runCommand("Vitrine: Open Preview");
  const page = await window().preview("Fern & Clay");
  await page.locator("article").first().waitFor();
  const { server, viteHosts } = window().processes();
  expect([server.length, viteHosts.length >= 1]).toEqual([1, true]);
});

test("a Vite host that is killed comes back on its own within 5 s, with the page", async () => {
  const before = window().processes();
  await tagline("After the host");
  await expectRecovery("After the host", () => kill(before.viteHosts));
  expect(window().processes().server).toEqual(before.server);
});

test("a server that is killed takes its children with it and comes back within 5 s, with the page", async () => {
  const before = window().processes();
  await expectRecovery("After the server", () => kill(before.server), tagline);
  const after = window().processes();
  expect(after.server).toHaveLength(1);
  expect(after.viteHosts.filter((pid) => before.viteHosts.includes(pid))).toEqual([]);
});

test("while the extension host stands still for 10 s, a saved edit reaches the page within 1 s", async () => {
  const page = await window().preview("Fern & Clay");
  const [host] = window().processes().extensionHost;
  if (!host) throw new Error("no extension host was found");
  process.kill(host, "SIGSTOP");
  try {
    const hold = delay(10_000);
    await tagline("Nobody is watching");
    const saved = performance.now();
    await page.locator("#tagline", { hasText: "Nobody is watching" }).waitFor({ timeout: 9_000 });
    expect(performance.now() - saved).toBeLessThan(1_000);
    await hold;
  } finally {
    process.kill(host, "SIGCONT");
  }
  await (await window().tree("shop")).first().waitFor();
});

test("a window reload brings the panel back, and the old server is gone", async () => {
  const before = window().processes();
  await window().reload();
  const page = await window().preview("Fern & Clay");
  await page.locator("article").first().waitFor();
  await eventually("only the new server", () => {
    const { server } = window().processes();
    return server.length === 1 && server[0] !== before.server[0];
  });
});

test("closing everything and stopping the session leaves no Vite host of the project", async () => {
  await window().runCommand("Vitrine: Stop Session");
  await eventually("no page is served", () => window().processes().viteHosts.length <= 1, recovery);
});

let shown = "Plants that forgive you.";

async function tagline(text: string): Promise<void> {
  await replaceInFile(window().file("src/shelf.ts"), shown, text);
  shown = text;
}

/** Does `harm`, then expects that the page shows `text` again in time; `edit` makes the text appear only afterwards. */
async function expectRecovery(
  text: string,
  harm: () => void,
  edit?: (text: string) => Promise<void>,
): Promise<void> {
  if (!edit) await window().preview(text);
  const before = window().processes().viteHosts;
  harm();
  const started = performance.now();
  await edit?.(text);
  await eventually(
    "another Vite host",
    () =>
      window()
        .processes()
        .viteHosts.some((pid) => !before.includes(pid)),
    recovery,
  );
  const page = await window().preview(text);
  await page.locator("#tagline", { hasText: text }).waitFor();
  expect(performance.now() - started).toBeLessThan(recovery);
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, "SIGKILL");
}
