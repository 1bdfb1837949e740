/**
 * Pure but for its clock and timers: which changes of dev servers a person must be told of, beyond the tree and the log
 * (dev-servers section 14). At most one notice per project in 30 s; what matters then is told when they are over.
 */
import type { DevServerState } from "../../protocol/dev-server.ts";

/** `failed`: what was ready failed. `notInstalled`: a person can have its packages installed. */
export type NoticeKind = "failed" | "gaveUp" | "notInstalled" | "portsExhausted" | "conflict";

export interface Notice {
  readonly kind: NoticeKind;
  readonly state: DevServerState;
}

export interface Notices {
  /** Takes the states as they are now. */
  changed(states: readonly DevServerState[]): void;
  dispose(): void;
}

const quietMs = 30_000;

/** @param now monotonic ms */
export function createNotices(
  tell: (notice: Notice) => void,
  now: () => number = () => performance.now(),
): Notices {
  let known = new Map<string, DevServerState>();
  /** Projects that were ready and have neither failed nor been stopped since. */
  const ready = new Set<string>();
  const toldAt = new Map<string, number>();
  const waiting = new Map<string, NodeJS.Timeout>();

  const consider = (kind: NoticeKind, state: DevServerState): void => {
    const id = state.pluginID;
    const left = (toldAt.get(id) ?? -Infinity) + quietMs - now();
    if (left <= 0) {
      toldAt.set(id, now());
      return tell({ kind, state });
    }
    // A second failure within the time says nothing new.
    if (kind === "failed" || waiting.has(id)) return;
    const timer = setTimeout(() => {
      waiting.delete(id);
      const current = known.get(id);
      if (current && stillHolds(kind, current)) consider(kind, current);
    }, left);
    waiting.set(id, timer);
  };

  return {
    changed(states) {
      const before = known;
      known = new Map(states.map((state) => [state.pluginID, state]));
      for (const id of ready) if (!known.has(id)) ready.delete(id);
      for (const state of states) {
        const kind = kindOf(before.get(state.pluginID), state, ready.has(state.pluginID));
        if (state.mode === "idle" || state.aggregate === "error") ready.delete(state.pluginID);
        else if (state.aggregate === "ready") ready.add(state.pluginID);
        if (kind) consider(kind, state);
      }
    },
    dispose() {
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}

function kindOf(
  before: DevServerState | undefined,
  state: DevServerState,
  wasReady: boolean,
): NoticeKind | undefined {
  const isNew = state.failure !== before?.failure;
  if (state.failure === "gave_up" && isNew) return "gaveUp";
  if (state.failure === "port_exhausted" && isNew) return "portsExhausted";
  if (state.failure === "not_installed" && isNew) return "notInstalled";
  if (state.conflict && state.conflict.pid !== before?.conflict?.pid) return "conflict";
  return state.aggregate === "error" && wasReady ? "failed" : undefined;
}

function stillHolds(kind: NoticeKind, state: DevServerState): boolean {
  switch (kind) {
    case "gaveUp":
      return state.failure === "gave_up";
    case "portsExhausted":
      return state.failure === "port_exhausted";
    case "notInstalled":
      return state.failure === "not_installed";
    case "conflict":
      return state.conflict !== undefined;
    case "failed":
      return state.aggregate === "error";
  }
}
