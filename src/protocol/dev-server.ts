/** Dev servers as everybody outside the server sees them (dev-servers sections 3, 6.1, 8 and 9). */
import type { Problem, SessionState } from "./model.ts";

/** Who owns the processes of a project. */
export type DevServerMode = "idle" | "managed" | "external";

export type PartStatus =
  | "idle"
  | "starting"
  | "building"
  | "running"
  | "ready"
  | "error"
  | "stopped";

/** One word for the whole project. */
export type AggregateStatus = "error" | "building" | "stopped" | "connecting" | "ready";

/** Content of a `.devinfo` file, defaults applied. Unknown fields are kept. */
export interface DevInfo {
  readonly pid: number;
  /** `grpc` when not said. */
  readonly protocol: string;
  readonly protocolVersion: number;
  /** `host:port` of the back end, empty when there is none. */
  readonly addr: string;
  /** 0 when there is no UI server. */
  readonly vitePort: number;
  readonly pluginId?: string;
  readonly version?: string;
  /** RFC 3339. */
  readonly startedAt?: string;
  /** Full address of the UI, when it is not `http://127.0.0.1:<vitePort>`. */
  readonly viteUrl?: string;
  readonly viteBase?: string;
  /** Start time of the process as its system tells it, for its identity. */
  readonly procStart?: string;
}

/**
 * One dev server. The first eleven fields are documented for other programs, names and units as they are; consumers
 * tolerate unknown fields.
 */
export interface DevServerState {
  /** Id of the project. */
  readonly pluginID: string;
  readonly mode: DevServerMode;
  /** Absolute root of the project. */
  readonly devPath: string;
  /** 0 when none. */
  readonly vitePort: number;
  /** `http://127.0.0.1:<port>`, empty unless the UI serves. */
  readonly viteURL: string;
  readonly viteStatus: PartStatus;
  /** Status of the back end, whatever its language. */
  readonly goStatus: PartStatus;
  /** Nanoseconds. */
  readonly lastBuildDuration: number;
  /** RFC 3339, empty before the first build. */
  readonly lastBuildTime: string;
  /** First line of the newest failure, empty after a success. */
  readonly lastError: string;
  /** The back end is connected, whatever its protocol. */
  readonly grpcConnected: boolean;

  readonly name: string;
  readonly hasUI: boolean;
  readonly hasBackend: boolean;
  /** The same as `goStatus`. */
  readonly backendStatus: PartStatus;
  /** The same as `grpcConnected`. */
  readonly backendConnected: boolean;
  readonly aggregate: AggregateStatus;
  /** 0 when none runs. */
  readonly uiPid: number;
  readonly backendPid: number;
  /** How often the back end was replaced by a new build. */
  readonly generation: number;
  readonly restarts: { readonly ui: number; readonly backend: number };
  /** RFC 3339 of the next attempt during a back-off, else empty. */
  readonly nextRestartAt: string;
  readonly external: DevInfo | null;
  readonly errors: readonly BuildError[];
  /** RFC 3339 of the last change of the aggregate. */
  readonly since: string;
  /** What kind of failure `lastError` tells of; absent without one. Notifications depend on it (section 14). */
  readonly failure?: DevServerFailure;
  /** A process outside offers itself while this project runs here, and the user has not chosen yet (section 6.2, 8). */
  readonly conflict?: DevInfo;
}

/** `gave_up`: crashed more often than section 11 allows. `not_installed`: its packages are missing and can be installed. */
export type DevServerFailure =
  | "build_failed"
  | "crashed"
  | "gave_up"
  | "not_installed"
  | "port_exhausted"
  | "start_failed"
  | "unresponsive";

/** A finding of a build. Places as in `Problem`: absolute file, 1-based, column 1 when unknown. */
export interface BuildError extends Problem {
  readonly related?: readonly RelatedPlace[];
}

export interface RelatedPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** One line that a dev server printed, or that was said about it. */
export interface DevServerLine {
  /** RFC 3339. */
  readonly timestamp: string;
  readonly source: DevServerSource;
  readonly level: "debug" | "info" | "warn" | "error";
  /** Without ANSI sequences, at most 16 KiB. */
  readonly message: string;
  readonly pluginID: string;
}

export type DevServerSource =
  | "vite"
  | "go-build"
  | "go-watch"
  | "build"
  | "watch"
  | "backend"
  | "manager";

/** Name and payload of each event (dev-servers section 8). */
export interface DevServerEvents {
  "plugin/devserver/status": DevServerState;
  "plugin/devserver/log": readonly DevServerLine[];
  /** An empty list clears. */
  "plugin/devserver/error": { readonly pluginID: string; readonly errors: readonly BuildError[] };
  "plugin/dev_reload_start": Reload;
  "plugin/dev_reload_complete": Reload & {
    /** Ms. */
    readonly durationMs: number;
  };
  "plugin/dev_reload_error": Reload & { readonly error: string };
}

/** A back end is replaced by the process of a new build. */
export interface Reload {
  /** The same as `pluginID`: consumers of the documented events know only this one. */
  readonly id: string;
  readonly pluginID: string;
  readonly generation: number;
}

/** What the aggregate is made of. */
export interface Parts {
  readonly hasUI: boolean;
  readonly hasBackend: boolean;
  readonly viteStatus: PartStatus;
  readonly backendStatus: PartStatus;
  readonly backendConnected: boolean;
}

/** The rules of dev-servers 3.3, in their order. */
export function aggregateOf(parts: Parts): AggregateStatus {
  const { hasUI, hasBackend, viteStatus, backendStatus, backendConnected } = parts;
  if (viteStatus === "error" || backendStatus === "error") return "error";
  if (backendStatus === "building" || viteStatus === "starting") return "building";
  const leading = hasUI ? viteStatus : backendStatus;
  if (leading === "stopped" && !backendConnected) return "stopped";
  if (hasBackend && !backendConnected) return "connecting";
  return "ready";
}

/** How the session of a project, which is its UI, reads as status of a part (dev-servers 3.2). */
export function uiStatusOf({ name }: SessionState): PartStatus {
  return uiStatuses[name];
}

const uiStatuses = {
  starting: "starting",
  live: "ready",
  restarting: "error",
  error: "error",
  stopped: "stopped",
} as const satisfies Record<SessionState["name"], PartStatus>;
