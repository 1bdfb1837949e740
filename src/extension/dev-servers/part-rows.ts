/** Pure: the lines below a project: its UI, its back end, the process outside, and what the last build found. */
import type { BuildError, DevServerState } from "../../protocol/dev-server.ts";
import type { Row, Translate } from "../tree-texts.ts";
import {
  durationText,
  errorPlace,
  isActive,
  joined,
  notInstalled,
  restartText,
  type Clock,
} from "./state-texts.ts";

export type Part = "ui" | "backend" | "external" | "errors";

/** What stands below a project whose dev server runs; nothing for others. */
export function partsOf(state: DevServerState | undefined): readonly Part[] {
  if (!isActive(state)) return [];
  const parts: readonly (readonly [Part, boolean])[] = [
    ["ui", state.hasUI],
    ["backend", state.hasBackend],
    ["external", state.external !== null],
    ["errors", state.errors.length > 0],
  ];
  return parts.filter(([, isThere]) => isThere).map(([part]) => part);
}

export interface Words {
  readonly t: Translate;
  readonly clock: Clock;
}

export function partRow(part: Part, state: DevServerState, words: Words): Row {
  switch (part) {
    case "ui":
      return uiRow(state, words);
    case "backend":
      return backendRow(state, words);
    case "external":
      return externalRow(state, words);
    case "errors":
      return errorsRow(state, words);
  }
}

/** One finding of the last build; a click opens its place. */
export function buildErrorRow(error: BuildError): Row {
  const label = errorPlace(error);
  const [description = ""] = error.message.split("\n", 1);
  const icon = error.severity === "error" ? "error" : error.severity;
  const color = error.severity === "error" ? "list.errorForeground" : undefined;
  return {
    label,
    description,
    icon,
    ...(color === undefined ? {} : { color }),
    contextValue: "buildError",
    spoken: `${label}, ${description}`,
    facts: [[error.source, error.message]],
  };
}

function uiRow(state: DevServerState, { t, clock }: Words): Row {
  const description = joined(
    t(state.viteStatus),
    state.viteURL,
    state.viteStatus === "error" ? restartText(state, t, clock) : "",
  );
  return {
    label: t("UI"),
    description,
    ...partIcon(state.viteStatus),
    contextValue: `devserverUi.${state.viteStatus}${notInstalled(state)}`,
    spoken: `${t("UI")}, ${description}`,
    facts: [
      [t("Address"), state.viteURL],
      [t("Process"), pidText(state.uiPid)],
      [t("Restarts"), String(state.restarts.ui)],
    ],
  };
}

function backendRow(state: DevServerState, { t, clock }: Words): Row {
  const builtAt = Date.parse(state.lastBuildTime);
  const built = Number.isNaN(builtAt)
    ? ""
    : t("built in {0} at {1}", durationText(state.lastBuildDuration, t), clock(builtAt));
  const description = joined(
    t(state.backendStatus),
    state.backendPid > 0 ? t("process {0}", state.backendPid) : "",
    built,
    state.backendStatus === "error" ? restartText(state, t, clock) : "",
  );
  return {
    label: t("Backend"),
    description,
    ...partIcon(state.backendStatus),
    contextValue: `devserverBackend.${state.backendStatus}`,
    spoken: `${t("Backend")}, ${description}`,
    facts: [
      [t("Process"), pidText(state.backendPid)],
      [t("Last build"), built],
      [t("Builds taken over"), String(state.generation)],
      [t("Restarts"), String(state.restarts.backend)],
      [t("Fault"), state.lastError],
    ],
  };
}

function externalRow({ external, since: attachedAt }: DevServerState, { t, clock }: Words): Row {
  // A process that does not say when it began is known since it was attached.
  const startedAt = Date.parse(external?.startedAt ?? attachedAt);
  const since = Number.isNaN(startedAt) ? "" : t("since {0}", clock(startedAt));
  const description = joined(
    t("process {0}", external?.pid ?? 0),
    external?.addr ?? "",
    external?.version ?? "",
    since,
  );
  return {
    label: t("External"),
    description,
    icon: "link",
    contextValue: "devserverExternal",
    spoken: `${t("External")}, ${description}`,
    facts: [
      [t("Process"), String(external?.pid ?? "")],
      [t("Address"), external?.addr ?? ""],
      [t("Protocol"), external?.protocol ?? ""],
      [t("Version"), external?.version ?? ""],
    ],
  };
}

function errorsRow({ errors }: DevServerState, { t }: Words): Row {
  const description = String(errors.length);
  return {
    label: t("Errors"),
    description,
    icon: "list-unordered",
    contextValue: "devserverErrors",
    spoken: `${t("Errors")}, ${description}`,
    facts: [],
  };
}

function partIcon(status: DevServerState["viteStatus"]): Pick<Row, "icon" | "color"> {
  switch (status) {
    case "starting":
    case "building":
      return { icon: "loading~spin", color: "charts.yellow" };
    case "error":
      return { icon: "error", color: "list.errorForeground" };
    case "ready":
      return { icon: "circle-filled", color: "testing.iconPassed" };
    case "running":
      return { icon: "circle-filled", color: "charts.blue" };
    case "idle":
    case "stopped":
      return { icon: "circle-large-outline" };
  }
}

function pidText(pid: number): string {
  return pid > 0 ? String(pid) : "";
}
