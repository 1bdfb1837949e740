/** The table of dev-servers 3.2: every row, and nothing that is not in it. */
import { expect, test } from "vitest";
import type { PartStatus } from "../../../../src/protocol/dev-server.ts";
import {
  nextBackendStatus,
  nextUiStatus,
  type BackendEvent,
  type UiEvent,
} from "../../../../src/server/dev-servers/part-status.ts";

const statuses: readonly PartStatus[] = [
  "idle",
  "starting",
  "building",
  "running",
  "ready",
  "error",
  "stopped",
];

test("the UI changes as the table says", () => {
  const events: readonly UiEvent[] = [
    "started",
    "served",
    "failed",
    "exited",
    "unresponsive",
    "probed",
    "attached",
  ];
  const possible = statuses.flatMap((from) =>
    events.flatMap((event) => {
      const to = nextUiStatus(from, event);
      return to === undefined ? [] : [`${from} ${event} ${to}`];
    }),
  );
  expect(possible).toEqual([
    "idle started starting",
    "idle attached running",
    "starting served ready",
    "starting failed error",
    "running probed ready",
    "ready exited error",
    "ready unresponsive error",
    "error started starting",
    "error probed ready",
    "stopped started starting",
  ]);
});

test("the back end changes as the table says", () => {
  const events: readonly BackendEvent[] = [
    "buildBegan",
    "buildFailed",
    "reloaded",
    "reloadFailed",
    "exited",
  ];
  const possible = statuses.flatMap((from) =>
    events.flatMap((event) => {
      const to = nextBackendStatus(from, event);
      return to === undefined ? [] : [`${from} ${event} ${to}`];
    }),
  );
  expect(possible).toEqual([
    "idle buildBegan building",
    "building buildFailed error",
    "building reloaded ready",
    "building reloadFailed error",
    "ready buildBegan building",
    "ready exited error",
    "error buildBegan building",
    "error exited error",
  ]);
});

test("a build that changed nothing leads back, and only to a status that it can have come from", () => {
  expect(nextBackendStatus("building", "unchanged", "ready")).toBe("ready");
  expect(nextBackendStatus("building", "unchanged", "stopped")).toBeUndefined();
  expect(nextBackendStatus("idle", "unchanged", "ready")).toBeUndefined();
});

test("everything can be stopped", () => {
  expect(statuses.map((from) => nextUiStatus(from, "stopped"))).toEqual(
    statuses.map(() => "stopped"),
  );
  expect(statuses.map((from) => nextBackendStatus(from, "stopped"))).toEqual(
    statuses.map(() => "stopped"),
  );
});
