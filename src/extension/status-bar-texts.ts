/** Pure: what the status bar item says. */
import type { Session } from "../protocol/model.ts";
import type { ServerState } from "./server-process.ts";
import type { Translate } from "./tree-texts.ts";

export interface StatusText {
  readonly text: string;
  readonly spoken: string;
  /** A background only when something that ran has died. */
  readonly background?: "error" | "warning";
}

/** Undefined hides the item: nothing was started in this window. */
export function statusText(
  sessions: readonly Session[],
  server: ServerState,
  t: Translate,
): StatusText | undefined {
  if (server.name === "failed") {
    return {
      text: "$(open-preview) $(error)",
      spoken: t("Vitrine: the server ended"),
      background: "error",
    };
  }
  const running = sessions.filter(({ state }) => state.name !== "stopped");
  if (running.length === 0) return undefined;
  const isStarting = running.some(
    ({ state }) => state.name === "starting" || state.name === "restarting",
  );
  const failed = running.filter(({ state }) => state.name === "error").length;
  const icon = isStarting ? "$(loading~spin)" : "$(open-preview)";
  return {
    text: failed > 0 ? `${icon} ${running.length} · ${failed}✗` : `${icon} ${running.length}`,
    spoken:
      running.length === 1 ? t("Vitrine: 1 preview") : t("Vitrine: {0} previews", running.length),
    ...(failed > 0 ? { background: "warning" as const } : {}),
  };
}
