/** Pure: the table that the status bar item shows on hover: what runs, where, built when, and what is wrong. */
import type { DevServerState } from "../protocol/dev-server.ts";
import type { Session } from "../protocol/model.ts";
import { durationText, isActive, stateWord, type Clock } from "./dev-servers/state-texts.ts";
import type { StatusFacts } from "./status-bar-texts.ts";
import type { Translate } from "./tree-texts.ts";

/** Markdown. Nothing from outside is markup in it (W-06). */
export function tooltipTable(
  { sessions, devServers }: Pick<StatusFacts, "sessions" | "devServers">,
  t: Translate,
  clock: Clock,
): string {
  const active = devServers.filter(isActive);
  const alone = sessions.filter(
    ({ id, state }) => state.name !== "stopped" && !active.some(({ pluginID }) => pluginID === id),
  );
  const rows = [
    ...active.map((state) =>
      devServerCells(
        state,
        sessions.find(({ id }) => id === state.pluginID),
        t,
        clock,
      ),
    ),
    ...alone.map((session) => sessionCells(session, t)),
  ];
  if (rows.length === 0) return "";
  const head = [t("Project"), t("State"), t("Port"), t("Last build"), t("Fault")];
  return [head, head.map(() => "---"), ...rows.map((row) => row.map(escaped))]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function devServerCells(
  state: DevServerState,
  session: Session | undefined,
  t: Translate,
  clock: Clock,
): string[] {
  // Where pages are, which behind our proxy is not where their server listens.
  const port = session && session.state.name !== "stopped" ? session.port : state.vitePort;
  return [
    state.name,
    stateWord(state, t),
    portText(port),
    builtText(state, t, clock),
    state.lastError,
  ];
}

function sessionCells({ project, state, port }: Session, t: Translate): string[] {
  const fault = "fault" in state ? state.fault.message : "";
  return [project.name, t(state.name), portText(port), "", fault];
}

function builtText(
  { lastBuildTime, lastBuildDuration }: DevServerState,
  t: Translate,
  clock: Clock,
): string {
  const at = Date.parse(lastBuildTime);
  return Number.isNaN(at) ? "" : `${clock(at)} (${durationText(lastBuildDuration, t)})`;
}

function portText(port: number): string {
  return port > 0 ? String(port) : "";
}

const longestCell = 120;

function escaped(text: string): string {
  const [line = ""] = text.split("\n", 1);
  const cut = line.length > longestCell ? `${line.slice(0, longestCell)}…` : line;
  return cut.replace(/[!-/:-@[-`{-~]/g, "\\$&");
}
