/** Pure: what the status bar item says. */
import type { DevServerState } from "../protocol/dev-server.ts";
import type { Session } from "../protocol/model.ts";
import { isActive } from "./dev-servers/state-texts.ts";
import type { ServerState } from "./server-process.ts";
import type { Translate } from "./tree-texts.ts";

export interface StatusText {
  readonly text: string;
  readonly spoken: string;
  /** A background only when something that ran has died. */
  readonly background?: "error" | "warning";
}

export interface StatusFacts {
  readonly sessions: readonly Session[];
  readonly devServers: readonly DevServerState[];
  readonly server: ServerState;
}

/** Undefined hides the item: nothing was started in this window. */
export function statusText(
  { sessions, devServers, server }: StatusFacts,
  t: Translate,
): StatusText | undefined {
  if (server.name === "failed") {
    return {
      text: "$(open-preview) $(error)",
      spoken: t("Vitrine: the server ended"),
      background: "error",
    };
  }
  const parts = [previewText(sessions, t), devServerText(devServers, t)].filter(
    (part) => part !== undefined,
  );
  if (parts.length === 0) return undefined;
  return {
    text: parts.map(({ text }) => text).join("  "),
    spoken: parts.map(({ spoken }) => spoken).join(", "),
    ...(parts.some(({ failed }) => failed > 0) ? { background: "warning" as const } : {}),
  };
}

interface StatusPart {
  readonly text: string;
  readonly spoken: string;
  readonly failed: number;
}

function previewText(sessions: readonly Session[], t: Translate): StatusPart | undefined {
  const running = sessions.filter(({ state }) => state.name !== "stopped");
  if (running.length === 0) return undefined;
  const isStarting = running.some(
    ({ state }) => state.name === "starting" || state.name === "restarting",
  );
  const failed = running.filter(({ state }) => state.name === "error").length;
  return {
    text: counted(isStarting ? "$(loading~spin)" : "$(open-preview)", running.length, failed),
    spoken:
      running.length === 1 ? t("Vitrine: 1 preview") : t("Vitrine: {0} previews", running.length),
    failed,
  };
}

function devServerText(states: readonly DevServerState[], t: Translate): StatusPart | undefined {
  const active = states.filter(isActive);
  if (active.length === 0) return undefined;
  const isBuilding = active.some(({ aggregate }) => aggregate === "building");
  const failed = active.filter(({ aggregate }) => aggregate === "error").length;
  return {
    text: counted(isBuilding ? "$(sync~spin)" : "$(server)", active.length, failed),
    spoken:
      active.length === 1
        ? t("Vitrine: 1 dev server")
        : t("Vitrine: {0} dev servers", active.length),
    failed,
  };
}

function counted(icon: string, count: number, failed: number): string {
  return failed > 0 ? `${icon} ${count} · ${failed}✗` : `${icon} ${count}`;
}
