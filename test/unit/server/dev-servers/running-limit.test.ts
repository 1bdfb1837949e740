import { expect, test } from "vitest";
import type { DevServerState } from "../../../../src/protocol/dev-server.ts";
import type { Session } from "../../../../src/protocol/model.ts";
import { leastUsed } from "../../../../src/server/dev-servers/running-limit.ts";

const state = (pluginID: string, since: string, lastBuildTime = ""): DevServerState =>
  ({ pluginID, since, lastBuildTime }) as DevServerState;
const shown = (id: string, pages: number): Session =>
  ({ id, realms: Array.from({ length: pages }, () => ({})) }) as unknown as Session;

test.for<[running: DevServerState[], sessions: Session[], id: string | undefined]>([
  [[], [], undefined],
  [[state("a", "2026-01-01T10:00:00Z"), state("b", "2026-01-01T09:00:00Z")], [], "b"],
  [
    [
      state("a", "2026-01-01T10:00:00Z"),
      state("b", "2026-01-01T09:00:00Z", "2026-01-01T11:00:00Z"),
    ],
    [shown("a", 0)],
    "a",
  ],
  [
    [state("a", "2026-01-01T10:00:00Z"), state("b", "2026-01-01T09:00:00Z")],
    [shown("b", 1), shown("a", 0)],
    "a",
  ],
])("the project that is missed least: %#", ([running, sessions, id]) => {
  expect(leastUsed(running, sessions)?.pluginID).toBe(id);
});
