/** The state of one dev server from what its parts know. Pure: the same parts make the same state (dev-servers section 3). */
import {
  aggregateOf,
  uiStatusOf,
  type DevInfo,
  type DevServerFailure,
  type DevServerState,
} from "../../protocol/dev-server.ts";
import type { SessionFault, SessionState } from "../../protocol/model.ts";
import type { BackendFacts } from "./backends/backend-record.ts";
import type { ExternalPart } from "./external/attachment.ts";
import type { FoundProject } from "./combine.ts";

/** What a session says of a UI that is ours. */
export interface OwnUi {
  readonly state: SessionState;
  /** Where the server itself listens, which behind our proxy is not where its pages are; empty while it is not known. */
  readonly serverUrl: string;
  readonly pid: number;
  /** How often it was started again after a crash, since it was last stopped. */
  readonly restarts: number;
}

export interface DevServerParts {
  readonly found: FoundProject;
  /** Undefined while it was never opened. */
  readonly ui: OwnUi | undefined;
  /** Undefined while it was never started. */
  readonly backend: BackendFacts | undefined;
  readonly external: ExternalPart | undefined;
  readonly conflict: DevInfo | undefined;
  /** RFC 3339. */
  readonly since: string;
}

export function devServerState(parts: DevServerParts): DevServerState {
  const { found, external, since } = parts;
  if (external === undefined) return managedState(parts);
  // What is ours does not run, and its counts and failures say nothing of a process outside.
  const nothing = { found, since, ui: undefined, backend: undefined, conflict: undefined };
  return { ...managedState({ ...nothing, external }), ...external, name: found.project.name };
}

function managedState(parts: DevServerParts): DevServerState {
  const { found, ui, backend, conflict, since } = parts;
  const { id, name, folder, hasUI, hasBackend } = found.project;
  const viteStatus = ui === undefined ? "idle" : uiStatusOf(ui.state);
  const backendStatus = backend?.status ?? "idle";
  const backendConnected = backend?.connected ?? false;
  const failure = failureOf(parts);
  return {
    pluginID: id,
    mode: isRunning(parts) ? "managed" : "idle",
    devPath: folder,
    vitePort: viteStatus === "stopped" ? 0 : portOf(ui),
    viteURL: viteStatus === "ready" ? new URL(ui?.serverUrl ?? "").origin : "",
    viteStatus,
    goStatus: backendStatus,
    lastBuildDuration: backend?.lastBuildDuration ?? 0,
    lastBuildTime: backend?.lastBuildTime ?? "",
    lastError: uiFault(ui) || (backend?.lastError ?? ""),
    grpcConnected: backendConnected,
    name,
    hasUI,
    hasBackend,
    backendStatus,
    backendConnected,
    aggregate: aggregateOf({ hasUI, hasBackend, viteStatus, backendStatus, backendConnected }),
    uiPid: ui?.pid ?? 0,
    backendPid: backend?.pid ?? 0,
    generation: backend?.generation ?? 0,
    restarts: { ui: ui?.restarts ?? 0, backend: backend?.restarts ?? 0 },
    nextRestartAt: earlier(uiRestartAt(ui), backend?.nextRestartAt ?? ""),
    external: null,
    errors: backend?.errors ?? [],
    since,
    ...(failure === undefined ? {} : { failure }),
    ...(conflict === undefined ? {} : { conflict }),
  };
}

/** Whether a part of it is ours and was not stopped. */
function isRunning({ ui, backend }: DevServerParts): boolean {
  const hasUi = ui !== undefined && ui.state.name !== "stopped";
  return hasUi || (backend !== undefined && backend.status !== "stopped");
}

/** @returns 0 while it is not known */
export function portOf(ui: OwnUi | undefined): number {
  return ui === undefined || ui.serverUrl === "" ? 0 : Number(new URL(ui.serverUrl).port);
}

function uiFault(ui: OwnUi | undefined): string {
  const fault = ui !== undefined && "fault" in ui.state ? ui.state.fault.message : "";
  return fault.split("\n", 1)[0] ?? fault;
}

function uiRestartAt(ui: OwnUi | undefined): string {
  return ui?.state.name === "restarting" ? new Date(ui.state.at).toISOString() : "";
}

/** RFC 3339 in UTC, of one length: their order is that of their text. An empty one is no time. */
function earlier(one: string, other: string): string {
  return one === "" || (other !== "" && other < one) ? other : one;
}

function failureOf({ ui, backend }: DevServerParts): DevServerFailure | undefined {
  if (ui?.state.name === "restarting") return "crashed";
  if (ui?.state.name === "error") return uiFailureOf(ui.state.fault);
  return backend?.status === "error" ? backend.failure : undefined;
}

function uiFailureOf({ code, install }: SessionFault): DevServerFailure {
  return install === undefined ? (uiFailures[code] ?? "start_failed") : "not_installed";
}

/** By codes of faults of a session. */
const uiFailures: Readonly<Record<string, DevServerFailure>> = {
  port_exhausted: "port_exhausted",
  vite_crashed: "gave_up",
  unresponsive: "unresponsive",
};
