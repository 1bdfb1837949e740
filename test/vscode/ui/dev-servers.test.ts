/** A project with a page and a back end, as the editor shows it: started, broken, mended, stopped (dev-servers section 14). */
import { readFile } from "node:fs/promises";
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

test("stopping it ends the back end and says so", async () => {
  const before = await backendPid();
  await window().runCommand("Vitrine: Stop Dev Server");
  await eventually("the end of the process", () => !isAlive(before));
  await eventually(
    "no back end in the view",
    async () => (await (await window().tree("Backend")).count()) === 0,
  );
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
