/** Which of the running projects is given up most easily when there are too many (dev-servers section 13). Pure. */
import type { DevServerState } from "../../protocol/dev-server.ts";
import type { Session } from "../../protocol/model.ts";

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
