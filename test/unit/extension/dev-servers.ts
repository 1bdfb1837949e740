/** States of dev servers for tests: complete objects, changed where a test says so. */
import { aggregateOf, type DevServerState } from "../../../src/protocol/dev-server.ts";
import type { Project } from "../../../src/protocol/model.ts";

export const maps: Project = {
  id: "maps",
  name: "Maps",
  root: "/plugins/maps/ui",
  folder: "/plugins/maps",
  hasUI: true,
  hasBackend: true,
  autostart: false,
  evidence: "plugin",
};

/** A managed one that is ready; the aggregate follows from the parts. */
export function devServer(change: Partial<DevServerState> = {}): DevServerState {
  const parts = {
    hasUI: true,
    hasBackend: true,
    viteStatus: "ready",
    backendStatus: "ready",
    backendConnected: true,
    ...change,
  } as const;
  return {
    pluginID: "maps",
    mode: "managed",
    devPath: "/plugins/maps",
    vitePort: 15_173,
    viteURL: "http://127.0.0.1:15173",
    goStatus: parts.backendStatus,
    lastBuildDuration: 1_250_000_000,
    lastBuildTime: "2026-02-16T10:30:00Z",
    lastError: "",
    grpcConnected: parts.backendConnected,
    name: "Maps",
    aggregate: aggregateOf(parts),
    uiPid: 70,
    backendPid: 71,
    generation: 2,
    restarts: { ui: 0, backend: 1 },
    nextRestartAt: "",
    external: null,
    errors: [],
    since: "2026-02-16T10:30:00Z",
    ...parts,
  };
}

export const goError = {
  file: "/plugins/maps/pkg/main.go",
  line: 12,
  column: 3,
  severity: "error",
  message: "undefined: x\nand more",
  source: "go",
} as const;

export const outside = {
  pid: 123,
  protocol: "grpc",
  protocolVersion: 1,
  addr: "127.0.0.1:42367",
  vitePort: 0,
  version: "0.1.0",
  startedAt: "2026-02-16T10:00:00Z",
} as const;
