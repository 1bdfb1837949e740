/** Servers that start together would only slow each other down (dev-servers section 13). */
import type { Slots } from "../../slots.ts";
import type { UiRun, UiServer } from "./ui-server.ts";

/**
 * @param step what is done now, in words for the waiting state
 * @returns undefined when it is no longer wanted before its turn came
 */
export async function startInTurn(
  ui: UiServer,
  slots: Slots,
  wish: AbortSignal,
  step: (text: string) => void,
): Promise<UiRun | undefined> {
  // It costs nothing to wait for what others run.
  if (ui.kind === "attached") return ui.start(wish);
  step("Waiting for other projects to start");
  const giveBack = await slots.take(wish);
  if (giveBack === undefined) return undefined;
  step("Starting");
  try {
    return await ui.start(wish);
  } finally {
    giveBack();
  }
}
