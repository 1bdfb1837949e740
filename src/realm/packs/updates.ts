/** Hot updates of a packed page: Vite's own client does them all; here the new code is put where it looks. */
import { PAGE_EVENT, UPDATE_FIELD, type UpdateCode } from "../../protocol/packs.ts";
import { builtAt } from "./native-entries.ts";
import type { RefreshTimers } from "./timers.ts";

interface ViteClient {
  createHotContext(owner: string): {
    on(event: string, listener: (payload: Record<string, unknown>) => unknown): void;
    send(event: string, data: unknown): void;
  };
}

/**
 * Listens through the client's own interface for modules: it waits for those who listen before it updates.
 * @param client namespace of `/@vite/client`
 * @param receive registers the code of an update, if it has any; the update begins when it has resolved
 */
export function listenForUpdates(
  client: Partial<ViteClient> | undefined,
  timers: RefreshTimers,
  receive: (code: UpdateCode | undefined) => Promise<void>,
): void {
  const hot = client?.createHotContext?.("/-vitrine/packs");
  hot?.on("vite:beforeUpdate", async (payload) => {
    timers.begin();
    removeOverlay();
    // Code that cannot be run is asked for by whoever imports it.
    await receive(payload[UPDATE_FIELD] as UpdateCode | undefined).catch(() => {});
  });
  hot?.on("vite:afterUpdate", () => timers.end());
  // It waits for the connection by itself.
  hot?.send(PAGE_EVENT, { builtAt: builtAt() });
}

/**
 * At the first update Vite's client loads a page with an error overlay again, because its modules may never have run. Those of
 * a packed page did, or it would be none: the overlay is about something that came later, and the page keeps its state.
 */
function removeOverlay(): void {
  for (const overlay of document.querySelectorAll("vite-error-overlay")) overlay.remove();
}
