/** One window for a test file, with a picture of it for every test that fails. */
import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { project } from "../../../scripts/bootstrap.mjs";
import { Workbench, type WorkbenchOptions } from "../workbench.ts";

/** Opens a window before the file's tests and closes it after them; `prepare` runs first. */
export function useWorkbench(
  prepare: () => WorkbenchOptions | Promise<WorkbenchOptions>,
): () => Workbench {
  let workbench: Workbench | undefined;
  beforeAll(async () => {
    workbench = await Workbench.open(await prepare());
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail")
      await workbench?.screenshot(task.name.replaceAll(/\W+/g, "-"));
  });
  afterAll(() => workbench?.close());
  return () => {
    if (!workbench) throw new Error("the window did not open");
    return workbench;
  };
}

/** A picture for the README. A run makes only those that are missing, or all with VITRINE_PICTURES=1. */
export async function picture(window: Workbench, name: string): Promise<void> {
  const media = path.join(project, "media");
  if (existsSync(path.join(media, `${name}.png`)) && !process.env.VITRINE_PICTURES) return;
  await window.screenshot(name, media);
}
