import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { project } from "../../../scripts/bootstrap.mjs";
import { useWorkbench } from "./window.ts";

const window = useWorkbench(() => ({
  copy: path.join(project, "demo"),
  openFile: "tour.md",
  untrusted: true,
}));

test("in Restricted Mode nothing runs, and the view says so", async () => {
  const before = await readFile(window().file("tour.md"), "utf8");
  await window().runCommand("Vitrine: Open Preview");
  const view = window().page.locator(".sidebar", { hasText: "Restricted Mode" });
  await window().page.locator('.activitybar a[aria-label^="Vitrine"]').click();
  await view.getByText("Previews and runs are off in Restricted Mode").waitFor();
  const { server, viteHosts, nodeRealms } = window().processes();
  expect([server, viteHosts, nodeRealms]).toEqual([[], [], []]);
  expect(await readFile(window().file("tour.md"), "utf8")).toBe(before);
});
