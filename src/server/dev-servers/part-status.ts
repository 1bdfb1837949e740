/**
 * How the two parts of a dev server change their status: the table of dev-servers 3.2, and nothing else may happen. Rows that
 * other sections ask for say so.
 */
import type { PartStatus } from "../../protocol/dev-server.ts";

export type UiEvent =
  /** By a person, or by the timer of a restart. */
  | "started"
  /** The address is known and the probe was answered. */
  | "served"
  /** Not ready in time, exited before that, or a configuration that does not load. */
  | "failed"
  | "exited"
  /** Three probes in a row without an answer. */
  | "unresponsive"
  /** A good probe. */
  | "probed"
  /** A `.devinfo` names a Vite port that was not probed yet. */
  | "attached"
  | "stopped";

export type BackendEvent =
  | "buildBegan"
  | "buildFailed"
  /** The build made what runs already. */
  | "unchanged"
  /** The new process is connected. */
  | "reloaded"
  | "reloadFailed"
  | "exited"
  /** Connected again after an exit, without a new build. */
  | "restarted"
  | "stopped";

/** Where an event leads: one status, or the one that the caller knows among several. */
interface Row {
  readonly from: readonly PartStatus[] | "any";
  readonly to: PartStatus | readonly PartStatus[];
}

const ui: Readonly<Record<UiEvent, readonly Row[]>> = {
  started: [{ from: ["idle", "stopped", "error"], to: "starting" }],
  served: [{ from: ["starting"], to: "ready" }],
  failed: [{ from: ["starting"], to: "error" }],
  exited: [{ from: ["ready"], to: "error" }],
  unresponsive: [{ from: ["ready"], to: "error" }],
  probed: [{ from: ["error", "running"], to: "ready" }],
  attached: [{ from: ["idle"], to: "running" }],
  stopped: [{ from: "any", to: "stopped" }],
};

const backend: Readonly<Record<BackendEvent, readonly Row[]>> = {
  buildBegan: [{ from: ["idle", "ready", "error"], to: "building" }],
  buildFailed: [{ from: ["building"], to: "error" }],
  unchanged: [{ from: ["building"], to: ["idle", "ready", "error"] }],
  reloaded: [{ from: ["building"], to: "ready" }],
  reloadFailed: [{ from: ["building"], to: "error" }],
  // `error`: the old process of a failed build may exit, too.
  exited: [{ from: ["ready", "error"], to: "error" }],
  // Section 11: after the back-off. It stays `error` while the newest build is a failed one.
  restarted: [{ from: ["ready", "error"], to: ["ready", "error"] }],
  stopped: [{ from: "any", to: "stopped" }],
};

/** Status of the UI after an event, undefined when the event cannot happen in this status. */
export function nextUiStatus(from: PartStatus, event: UiEvent): PartStatus | undefined {
  return next(ui[event], from, undefined);
}

/** @param wanted which of the statuses, where the table allows several */
export function nextBackendStatus(
  from: PartStatus,
  event: BackendEvent,
  wanted?: PartStatus,
): PartStatus | undefined {
  return next(backend[event], from, wanted);
}

function next(
  rows: readonly Row[],
  from: PartStatus,
  wanted: PartStatus | undefined,
): PartStatus | undefined {
  const row = rows.find((one) => one.from === "any" || one.from.includes(from));
  if (row === undefined) return undefined;
  return typeof row.to === "string" ? row.to : row.to.find((status) => status === wanted);
}
