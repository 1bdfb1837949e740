/** How many projects may run, and which of them is given up most easily (dev-servers section 13). Pure. */
import type { DevServerState } from "../../protocol/dev-server.ts";
import { UserError } from "../../protocol/errors.ts";
import type { Session } from "../../protocol/model.ts";

/** @throws UserError `limit`, which names the project that is missed least */
export function checkLimit(
  maxRunning: number,
  states: readonly DevServerState[],
  sessions: readonly Session[],
): void {
  const running = states.filter(({ mode }) => mode === "managed");
  if (running.length < maxRunning) return;
  const { pluginID = "", name = "" } = leastUsed(running, sessions) ?? {};
  throw new UserError(
    "limit",
    `${running.length} projects run already, and the setting vitrine.devServers.maxRunning allows ${maxRunning}. Stop one, perhaps ${name}, or raise the setting`,
    { data: { running: running.length, maxRunning, leastUsed: pluginID, name } },
  );
}

/** One that no page shows, then the one that has been as it is for the longest time. */
export function leastUsed(
  running: readonly DevServerState[],
  sessions: readonly Session[],
): DevServerState | undefined {
  const shown = new Set(sessions.filter(({ realms }) => realms.length > 0).map(({ id }) => id));
  const rank = ({ pluginID }: DevServerState): number => (shown.has(pluginID) ? 1 : 0);
  return running.toSorted(
    (one, other) => rank(one) - rank(other) || Date.parse(usedAt(one)) - Date.parse(usedAt(other)),
  )[0];
}

function usedAt({ since, lastBuildTime }: DevServerState): string {
  return lastBuildTime > since ? lastBuildTime : since;
}
