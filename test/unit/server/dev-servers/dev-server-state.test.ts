/** The state of a dev server says what is so, in each mode (dev-servers section 3). */
import { expect, test } from "vitest";
import type { SessionState } from "../../../../src/protocol/model.ts";
import type { BackendFacts } from "../../../../src/server/dev-servers/backends/backend-record.ts";
import {
  devServerState,
  type DevServerParts,
  type OwnUi,
} from "../../../../src/server/dev-servers/dev-server-state.ts";
import type { ExternalPart } from "../../../../src/server/dev-servers/external/attachment.ts";

const project = {
  id: "shop",
  name: "The shop",
  root: "/srv/shop/ui",
  folder: "/srv/shop",
  hasUI: true,
  hasBackend: true,
  autostart: false,
  evidence: "vitrine-file",
} as const;
const since = "2026-11-20T10:00:00.000Z";

function ui(state: SessionState, more: Partial<OwnUi> = {}): OwnUi {
  return { state, serverUrl: "http://127.0.0.1:15173/", pid: 41, restarts: 0, ...more };
}

function backend(more: Partial<BackendFacts> = {}): BackendFacts {
  return {
    status: "ready",
    connected: true,
    pid: 42,
    address: "",
    failure: undefined,
    generation: 3,
    restarts: 2,
    lastBuildDuration: 5,
    lastBuildTime: "2026-11-20T09:59:00.000Z",
    lastError: "",
    nextRestartAt: "",
    errors: [],
    ...more,
  };
}

function stateOf(parts: Partial<DevServerParts>): ReturnType<typeof devServerState> {
  const config = { id: "shop", name: "The shop", root: "/srv/shop", autostart: false } as const;
  return devServerState({
    found: { project, config: { ...config, origin: "file" } },
    ui: undefined,
    backend: undefined,
    external: undefined,
    conflict: undefined,
    since,
    ...parts,
  });
}

test("what was never started is idle, without processes, ports and counts", () => {
  expect(stateOf({})).toMatchObject({
    mode: "idle",
    vitePort: 0,
    viteURL: "",
    uiPid: 0,
    backendPid: 0,
    restarts: { ui: 0, backend: 0 },
    nextRestartAt: "",
    since,
  });
});

test("what runs has the processes and the counts of its parts", () => {
  const running = stateOf({
    ui: ui({ name: "live", since: 0 }, { restarts: 1 }),
    backend: backend(),
  });
  expect(running).toMatchObject({
    mode: "managed",
    aggregate: "ready",
    uiPid: 41,
    backendPid: 42,
    generation: 3,
    restarts: { ui: 1, backend: 2 },
    nextRestartAt: "",
  });
  expect(running).not.toHaveProperty("failure");
});

test("of two restarts to come the nearer one is told, and a failed part keeps its own process alone", () => {
  const [near, far] = ["2026-11-20T10:00:01.000Z", "2026-11-20T10:00:09.000Z"];
  const waiting = (at: string): OwnUi =>
    ui(
      {
        name: "restarting",
        at: Date.parse(at),
        attempt: 1,
        fault: { code: "vite_crashed", message: "It ended.\nlast line" },
      },
      { pid: 0 },
    );
  const lost = (at: string): BackendFacts =>
    backend({ status: "error", connected: false, pid: 0, failure: "crashed", nextRestartAt: at });
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const)
    expect(stateOf({ ui: waiting(one), backend: lost(other) })).toMatchObject({
      aggregate: "error",
      failure: "crashed",
      lastError: "It ended.",
      uiPid: 0,
      backendPid: 0,
      nextRestartAt: near,
    });
  expect(stateOf({ ui: waiting(far), backend: backend() })).toMatchObject({
    uiPid: 0,
    backendPid: 42,
    nextRestartAt: far,
  });
});

test("an attached process is told alone: what ours did before counts for nothing", () => {
  const external: ExternalPart = {
    pluginID: "shop",
    mode: "external",
    devPath: "/srv/shop",
    vitePort: 0,
    viteURL: "",
    viteStatus: "idle",
    goStatus: "ready",
    lastError: "",
    grpcConnected: true,
    hasUI: false,
    hasBackend: true,
    backendStatus: "ready",
    backendConnected: true,
    aggregate: "ready",
    uiPid: 0,
    backendPid: 4711,
    external: {
      pid: 4711,
      addr: "127.0.0.1:80",
      protocol: "grpc",
      protocolVersion: 1,
      vitePort: 0,
    },
  };
  const attached = stateOf({
    external,
    ui: ui({ name: "stopped" }, { restarts: 4 }),
    backend: backend({ status: "stopped", failure: "gave_up", lastError: "It ended" }),
  });
  expect(attached).toMatchObject({
    ...external,
    name: "The shop",
    generation: 0,
    restarts: { ui: 0, backend: 0 },
    lastBuildTime: "",
    lastBuildDuration: 0,
    nextRestartAt: "",
    errors: [],
    since,
  });
  expect(attached).not.toHaveProperty("failure");
});
