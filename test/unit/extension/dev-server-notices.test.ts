/** Who is told of what, and how often. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createNotices, type Notices } from "../../../src/extension/dev-servers/notices.ts";
import { devServer, goError, outside } from "./dev-servers.ts";

let notices: Notices;
let told: string[];
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  notices = createNotices(
    ({ kind, state }) => told.push(`${kind} ${state.pluginID}`),
    () => Date.now(),
  );
});
afterEach(() => {
  notices.dispose();
  vi.useRealTimers();
});

const ready = devServer();
const building = devServer({ backendStatus: "building" });
const failed = devServer({ backendStatus: "error", errors: [goError], failure: "build_failed" });
const crashed = devServer({ viteStatus: "error", failure: "crashed" });
const gaveUp = devServer({ viteStatus: "error", failure: "gave_up" });

test("what was ready and failed is told once, also when a build lies between", () => {
  for (const state of [ready, building, failed, failed, building, failed]) notices.changed([state]);
  expect(told).toEqual(["failed maps"]);
});

test("packages that are missing are told at the first start, as somebody can have them installed", () => {
  const missing = devServer({ viteStatus: "error", failure: "not_installed" });
  for (const state of [devServer({ viteStatus: "starting" }), missing, missing])
    notices.changed([state]);
  expect(told).toEqual(["notInstalled maps"]);
});

test("what never was ready is told by the tree alone", () => {
  for (const state of [building, failed]) notices.changed([state]);
  expect(told).toEqual([]);
});

test("a project is told of at most once in 30 s, another one has its own time", () => {
  const other = { pluginID: "shop" };
  for (const state of [ready, failed, ready, failed]) notices.changed([state]);
  notices.changed([failed, { ...ready, ...other }]);
  notices.changed([failed, { ...failed, ...other }]);
  expect(told).toEqual(["failed maps", "failed shop"]);
  vi.advanceTimersByTime(30_000);
  for (const state of [ready, failed]) notices.changed([state]);
  expect(told).toEqual(["failed maps", "failed shop", "failed maps"]);
});

test("giving up within the time is told when it is over, if it still holds", () => {
  for (const state of [ready, crashed, gaveUp]) notices.changed([state]);
  expect(told).toEqual(["failed maps"]);
  vi.advanceTimersByTime(29_999);
  expect(told).toEqual(["failed maps"]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(["failed maps", "gaveUp maps"]);
});

test("giving up that was mended in time is not told", () => {
  for (const state of [ready, crashed, gaveUp, ready]) notices.changed([state]);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(["failed maps"]);
});

test("exhausted ports and conflicts are told when they are new", () => {
  const exhausted = devServer({ viteStatus: "error", failure: "port_exhausted" });
  notices.changed([exhausted]);
  notices.changed([exhausted]);
  vi.advanceTimersByTime(30_000);
  const conflict = devServer({ conflict: outside });
  for (const state of [ready, conflict, conflict]) notices.changed([state]);
  vi.advanceTimersByTime(30_000);
  notices.changed([devServer({ conflict: { ...outside, pid: 124 } })]);
  expect(told).toEqual(["portsExhausted maps", "conflict maps", "conflict maps"]);
});

test("a stop is no failure, and neither is the end of a project", () => {
  for (const states of [[ready], [devServer({ mode: "idle", viteStatus: "stopped" })], [failed]])
    notices.changed(states);
  notices.changed([ready]);
  notices.changed([]);
  notices.changed([failed]);
  expect(told).toEqual([]);
});
