/** The tour of the demo workspace as a newcomer takes it. The pictures of the README are made on the way. */
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { project } from "../../../scripts/bootstrap.mjs";
import { replaceInFile } from "../../support/edits.ts";
import { eventually } from "../../support/eventually.ts";
import { picture, useWorkbench } from "./window.ts";

const window = useWorkbench(() => ({
  copy: path.join(project, "demo"),
  openFile: "tour.md",
  settings: { "editor.minimap.enabled": false },
}));

test("the preview opens beside the tour", async () => {
  await window().runCommand("Vitrine: Open Preview");
  await window().preview("Plants that forgive you.");
  await replaceInFile(
    window().file("src/shelf.ts"),
    "Plants that forgive you.",
    "Plants that forgive everything.",
  );
  await window().preview("Plants that forgive everything.");
});

test("page blocks fill the shop's own basket, and their results stand in the file", async () => {
  await window().openFile("tour.md");
  await window().lens("Run").first().click();
  await window().preview("€64.00");
  const text = await result("€64.00");
  expect(text).toMatch(/<!-- vitrine:result id=\S+ realm=\S+ state=ok /);
  await window().lens("✓").first().waitFor();
  await picture(window(), "preview");
});

test("running all blocks stops at the one that fails, and its error is a problem at its line", async () => {
  await window().runCommand("Vitrine: Run All Blocks");
  await result("cactus");
  const line =
    (await readFile(window().file("tour.md"), "utf8"))
      .split("\n")
      .findIndex((one) => one.includes('add("cactus")')) + 1;
  const rows = await window().problems("cactus");
  await rows.first().waitFor();
  expect(await rows.first().textContent()).toContain(`[Ln ${line}, Col 8]`);
  await picture(window(), "problems");
  await window().runCommand("View: Toggle Panel Visibility");
});

test("a Node block sees files and the project's modules", async () => {
  const { page } = window();
  await window().openFile("tour.md");
  for (const key of ["Control+End", "ArrowUp", "ArrowUp"]) await page.keyboard.press(key);
  await window().runCommand("Vitrine: Run Block");
  await result('"name": "Aloe"');
});

test("the view lists the project with its realms", async () => {
  await (await window().tree("shop")).first().waitFor();
  await (await window().tree("page")).first().waitFor();
  await window().openFile("tour.md");
  await window().page.keyboard.press("Control+Home");
  await window().lens("✓").first().waitFor();
  await picture(window(), "tree");
});

test("what is appended to the page's log is answered there, and the page shows what it did", async () => {
  await window().runCommand("Vitrine: Start REPL");
  const name = await eventually("a log of the page in the registry", async () => {
    const file = window().file("daebug.md");
    const text = existsSync(file) ? await readFile(file, "utf8") : "";
    return /^\* \[[^\]]+\]\(daebug\/(\d(?:(?!webworker)[^)])+)\.md\) .*: live/m.exec(text)?.[1];
  });
  await (await window().tree(name)).filter({ hasText: "live" }).first().click();
  await window()
    .page.locator(".tab.active", { hasText: `${name}.md` })
    .waitFor();
  const code = [
    'const { basket } = await import("./src/basket.ts");',
    'basket.add("aloe");',
    'console.log("One more.");',
    "({ total: basket.total() });",
  ].join("\n");
  await appendFile(
    window().file(`daebug/${name}.md`),
    `Put an aloe into the basket.\n\n\`\`\`js\n${code}\n\`\`\`\n`,
  );
  await eventually("the reply", async () =>
    (await readFile(window().file(`daebug/${name}.md`), "utf8")).includes('"total": 14000'),
  );
  await window().preview("€140.00");
  await window().lens("▷ Re-run").first().waitFor();
  await picture(window(), "log");
});

async function result(part: string): Promise<string> {
  return eventually(`a result with ${part}`, async () => {
    const text = await readFile(window().file("tour.md"), "utf8");
    const regions = text.match(/<!-- vitrine:result[\s\S]*?<!-- vitrine:end/g) ?? [];
    return regions.some((region) => region.includes(part)) ? text : undefined;
  });
}
