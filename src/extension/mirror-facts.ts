/** Pure: what follows for sessions and runs from what the host sees. */
import type { DevServerState } from "../protocol/dev-server.ts";
import type { BackEndTrouble } from "../protocol/panel.ts";
import type { Repl, Run, Session, SessionState, TestRun } from "../protocol/model.ts";
import type { ServerState } from "./server-process.ts";

/** A newer state of the same run, or a newer run of the same block in the same realm. */
export function isSameRun(older: Run, newer: Run): boolean {
  return (
    older.id === newer.id ||
    (older.state !== "running" && older.block === newer.block && older.realm === newer.realm)
  );
}

/** A session as it stands while its server is gone: nobody else can say so. */
export function afterServerLoss(
  session: Session,
  server: Extract<ServerState, { name: "waiting" | "failed" }>,
): Session {
  if (session.state.name === "stopped") return session;
  return { ...session, state: lostState(server), pid: 0, memory: 0, realms: [] };
}

/** A dev server while our server is gone: its processes went along, and nobody watches one outside. */
export function devServerAfterServerLoss({
  failure: _failure,
  conflict: _conflict,
  ...state
}: DevServerState): DevServerState {
  return {
    ...state,
    lastError: "",
    mode: "idle",
    vitePort: 0,
    viteURL: "",
    viteStatus: "stopped",
    goStatus: "stopped",
    backendStatus: "stopped",
    grpcConnected: false,
    backendConnected: false,
    aggregate: "stopped",
    uiPid: 0,
    backendPid: 0,
    nextRestartAt: "",
    external: null,
    errors: [],
  };
}

/** What a page has to say of its back end; undefined when that is as it should be. */
export function backEndTrouble(devServer: DevServerState | undefined): BackEndTrouble | undefined {
  if (!devServer) return undefined;
  const { backendStatus, errors: problems, lastError } = devServer;
  const isTold = problems.some(({ severity }) => severity === "error");
  const fault = backendStatus === "error" && !isTold ? lastError : "";
  return problems.length > 0 || fault !== "" ? { problems, fault } : undefined;
}

/** Projects that are started again when a new server is ready; what is outside attaches itself. */
export function managedIds(states: readonly DevServerState[]): string[] {
  return states
    .filter(({ mode, aggregate }) => mode === "managed" && aggregate !== "stopped")
    .map(({ pluginID }) => pluginID);
}

/** A REPL while its server is gone: its logs stay where they are, and nobody answers in them. */
export function replAfterServerLoss(repl: Repl): Repl {
  return {
    ...repl,
    logs: repl.logs.map(({ active: _ended, ...log }) => ({ ...log, state: "offline" })),
  };
}

/** A test run that its server took along. */
export function testsAfterServerLoss(run: TestRun): TestRun {
  return run.state === "running" ? { ...run, state: "failed", error: "The server ended" } : run;
}

/** Folders whose sessions are opened again when a new server is ready. */
export function openRoots(sessions: readonly Session[]): string[] {
  return sessions
    .filter(({ kind, state }) => kind === "workspace" && state.name !== "stopped")
    .map(({ project }) => project.root);
}

function lostState(server: Extract<ServerState, { name: "waiting" | "failed" }>): SessionState {
  const firstLine = server.reason.split("\n", 1)[0] ?? server.reason;
  const fault = { code: "server_gone", message: firstLine };
  if (server.name === "failed") return { name: "error", fault };
  return { name: "restarting", fault, at: server.at, attempt: server.attempt };
}
