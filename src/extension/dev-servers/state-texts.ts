/** Pure: the state of a dev server in words, shapes and context values. */
import path from "node:path";
import type { BuildError, DevServerState } from "../../protocol/dev-server.ts";
import type { Project } from "../../protocol/model.ts";
import type { Row, Translate } from "../tree-texts.ts";

/** One word for people: what the aggregate says, except where nothing runs or somebody else runs it. */
export type StateName = "ready" | "building" | "error" | "stopped" | "connecting" | "external";

export function stateName({ mode, aggregate }: DevServerState): StateName {
  if (aggregate === "error") return "error";
  if (mode === "idle") return "stopped";
  return mode === "external" && aggregate === "ready" ? "external" : aggregate;
}

/** Whether something runs, is attached, or has died without being stopped. */
export function isActive(state: DevServerState | undefined): state is DevServerState {
  return state !== undefined && stateName(state) !== "stopped";
}

export function stateWord(state: DevServerState, t: Translate): string {
  const words: Readonly<Record<StateName, string>> = {
    ready: t("Ready"),
    building: t("Building"),
    error: t("Error"),
    stopped: t("Stopped"),
    connecting: t("Connecting"),
    external: t("External"),
  };
  return words[stateName(state)];
}

/** Shapes differ by state, not only colours (dev-servers 3.3). */
export function stateIcon(state: DevServerState): Pick<Row, "icon" | "color"> {
  return icons[stateName(state)];
}

const icons: Readonly<Record<StateName, Pick<Row, "icon" | "color">>> = {
  ready: { icon: "pass-filled", color: "testing.iconPassed" },
  building: { icon: "loading~spin", color: "charts.yellow" },
  error: { icon: "error", color: "list.errorForeground" },
  stopped: { icon: "circle-large-outline", color: "disabledForeground" },
  connecting: { icon: "plug", color: "charts.blue" },
  external: { icon: "link", color: "testing.iconPassed" },
};

/**
 * `devserver.<mode>.<aggregate>`, for menus, and behind it what can be done: `backend` can be built, `notInstalled` can be
 * installed. Empty for a project whose only server is its preview.
 */
export function devServerContext(project: Project, state: DevServerState | undefined): string {
  const backend = project.hasBackend ? " backend" : "";
  if (!state) return project.hasBackend ? `devserver.idle.stopped${backend}` : "";
  // What does not run is ready by the rules of 3.3, as nothing is wrong with it.
  const word = isActive(state) ? state.aggregate : "stopped";
  return `devserver.${state.mode}.${word}${backend}${notInstalled(state)}`;
}

/** A word of context values, with the blank before it. */
export function notInstalled({ failure }: DevServerState): string {
  return failure === "not_installed" ? " notInstalled" : "";
}

/** The whole project in a line: `Ready · 15173`, `Error · main.go:12`. */
export function stateLine(state: DevServerState, t: Translate, clock: Clock): string {
  const [first] = state.errors;
  return joined(
    stateWord(state, t),
    state.mode === "external" && state.external
      ? t("process {0}", state.external.pid)
      : state.vitePort > 0 && state.viteURL !== ""
        ? String(state.vitePort)
        : "",
    state.aggregate === "error" && first ? errorPlace(first) : "",
    restartText(state, t, clock),
  );
}

/** Epoch ms to the time of day. */
export type Clock = (at: number) => string;

/** When it is started again by itself; empty when it is not. */
export function restartText({ nextRestartAt }: DevServerState, t: Translate, clock: Clock): string {
  const at = Date.parse(nextRestartAt);
  return Number.isNaN(at) ? "" : t("again at {0}", clock(at));
}

/** `main.go:12:3`; without a column when it is only the first. */
export function errorPlace({ file, line, column }: BuildError): string {
  return `${path.basename(file)}:${line}${column > 1 ? `:${column}` : ""}`;
}

/** @param ns nanoseconds */
export function durationText(ns: number, t: Translate): string {
  const ms = ns / 1e6;
  return ms < 1000 ? t("{0} ms", Math.round(ms)) : t("{0} s", (ms / 1000).toFixed(1));
}

export function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" · ");
}
