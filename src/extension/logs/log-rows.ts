/** Pure: what the lines of the group *Logs* say, and what stands below what. */
import path from "node:path";
import type { Log, Repl } from "../../protocol/model.ts";
import type { Row, Translate } from "../tree-texts.ts";
import { logStateText } from "./log-lens-texts.ts";

/** The logs directly below the group, or below the log of a page: connected ones first, each by name. */
export function logsBelow({ logs }: Repl, parent?: string): readonly Log[] {
  const names = new Set(logs.map(({ name }) => name));
  const isBelow = (log: Log): boolean =>
    log.parent !== undefined && log.parent !== log.name && names.has(log.parent)
      ? log.parent === parent
      : parent === undefined;
  return logs
    .filter(isBelow)
    .toSorted(
      (one, other) =>
        Number(one.state === "offline") - Number(other.state === "offline") ||
        one.name.localeCompare(other.name, "en", { numeric: true }),
    );
}

/** All logs, each followed by those of its workers and frames. */
export function logsInOrder(repl: Repl, parent?: string): readonly Log[] {
  return logsBelow(repl, parent).flatMap((log) => [log, ...logsInOrder(repl, log.name)]);
}

/** The group of one folder; the folder is named where there are several. */
export function logsRow(repl: Repl, isOnly: boolean, t: Translate): Row {
  const live = repl.logs.filter(({ state }) => state !== "offline").length;
  const owner = repl.state.name === "elsewhere" ? repl.state.owner : undefined;
  const description = [
    isOnly ? "" : path.basename(repl.root),
    owner === undefined ? "" : t("read-only: {0}", owner),
    t("{0} live", live),
  ]
    .filter(Boolean)
    .join(" · ");
  return {
    label: t("Logs"),
    description,
    icon: owner === undefined ? "book" : "lock",
    contextValue: `logs.${repl.state.name}`,
    spoken: `${t("Logs")}, ${description}`,
    facts: [
      [t("Folder"), repl.root],
      [t("Registry"), path.join(repl.root, "daebug.md")],
      [t("Owner"), owner ?? ""],
    ],
  };
}

/** One log. `clock` writes an epoch as a time of day. */
export function logRow(log: Log, t: Translate, clock: (at: number) => string): Row {
  const description = logStateText(log, t);
  return {
    label: log.name,
    description,
    ...logIcon(log),
    contextValue: `log.${log.state}`,
    spoken: `${log.name}, ${log.kind}, ${description}`,
    facts: [
      [t("Realm"), log.kind],
      [t("Page"), log.parent ?? ""],
      [t("Address"), log.url],
      [t("Last contact"), log.lastSeen > 0 ? clock(log.lastSeen) : ""],
      [
        t("Request"),
        log.active ? t("from {0} since {1}", log.active.agent, clock(log.active.since)) : "",
      ],
      [t("File"), log.exists ? log.file : t("{0}, made when it is opened", log.file)],
    ],
  };
}

function logIcon({ state, lastFailed }: Log): Pick<Row, "icon" | "color"> {
  if (state === "offline") return { icon: "circle-slash" };
  if (state === "executing") return { icon: "sync~spin" };
  if (lastFailed) return { icon: "warning", color: "list.warningForeground" };
  return { icon: "circle-filled", color: "testing.iconPassed" };
}
