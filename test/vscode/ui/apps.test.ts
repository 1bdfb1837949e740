/** The main job on real apps: the published create-vite templates, all in one workspace and one window. */
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { insertLine, replaceInFile } from "../../support/edits.ts";
import { eventually } from "../../support/eventually.ts";
import { createSampleApp, sampleApps } from "../../support/sample-apps.ts";
import { useWorkbench } from "./window.ts";

const workspace = mkdtempSync(path.join(tmpdir(), "vt-apps-"));

const window = useWorkbench(async () => {
  for (const { template } of sampleApps)
    await createSampleApp(template, path.join(workspace, template));
  return { workspace };
});

afterAll(() => rm(workspace, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

describe.each(sampleApps)("$template", ({ template, heading, keepsState, statement }) => {
  const file = (name: string): string => path.join(workspace, template, name);

  afterAll(() => window().closeAllEditors());

  test("a preview opens beside the code", async () => {
    await window().openFile(path.join(template, heading));
    await window().runCommand("Vitrine: Open Preview");
    const page = await window().preview("Get started");
    await page.locator("button.counter", { hasText: "Count is 0" }).waitFor();
  });

  test("a saved edit changes the page, and its state stays where the framework keeps it", async () => {
    const page = await window().preview("Get started");
    await page.locator("button.counter").click();
    await page.locator("button.counter", { hasText: "Count is 1" }).waitFor();
    await replaceInFile(file(heading), "Get started", "Hello again");
    await page.locator("h1", { hasText: "Hello again" }).waitFor();
    await page.locator("button.counter", { hasText: `Count is ${keepsState ? 1 : 0}` }).waitFor();
  });

  test("a syntax error is one problem at its place, the page stays as it was, and the fix clears it", async () => {
    const page = await window().preview("Hello again");
    const line = await insertLine(file(heading), statement, "const broken = ;");
    const rows = await window().problems("[Ln");
    try {
      await rows.first().waitFor();
      const place = expect.stringContaining(`[Ln ${line}, Col 16]`);
      expect(await rows.allTextContents()).toEqual([place]);
      expect(await page.locator("h1").textContent()).toContain("Hello again");
    } finally {
      await replaceInFile(file(heading), "const broken = ;\n", "");
    }
    await rows.first().waitFor({ state: "detached" });
    await page.locator("h1", { hasText: "Hello again" }).waitFor();
  });

  test("a block reads and changes the app's own state", async () => {
    const page = await window().preview("Hello again");
    const before = Number((await page.locator("#store").textContent())?.replace("clicks: ", ""));
    await page.locator("button.counter").click();
    await window().openFile(path.join(template, "notes.md"));
    await window().lens("Run").first().click();
    const text = await eventually("a result in the file", async () => {
      const written = await readFile(file("notes.md"), "utf8");
      return written.includes("vitrine:end") ? written : undefined;
    });
    expect(text).toMatch(/<!-- vitrine:result id=\S+ realm=\S+ state=ok /);
    expect(text).toContain(`"before": ${before + 1}`);
    expect(text).toContain(`"after": ${before + 42}`);
    await page.locator("#store", { hasText: `clicks: ${before + 42}` }).waitFor();
  });
});

test("two previews run at once in one window", async () => {
  const [one, other] = ["react-ts", "vue-ts"] as const;
  for (const template of [one, other]) {
    await window().openFile(path.join(template, "index.html"));
    await window().runCommand("Vitrine: Open Preview");
    await eventually(`the preview of ${template}`, async () => {
      const titles = await Promise.all(
        window()
          .previews()
          .map((frame) => frame.title().catch(() => "")),
      );
      return titles.includes(template);
    });
  }
  expect(
    new Set(
      window()
        .previews()
        .map((frame) => new URL(frame.url()).pathname),
    ).size,
  ).toBe(2);
});
