/** One window for a test file, with a picture of it for every test that fails. */
import { afterAll, afterEach, beforeAll } from "vitest";
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
