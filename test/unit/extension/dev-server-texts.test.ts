/** What tree, status bar and notices say of dev servers. */
import { expect, test } from "vitest";
import { attachmentTexts, noticeText } from "../../../src/extension/dev-servers/notice-texts.ts";
import {
  devServerContext,
  durationText,
  errorPlace,
  isActive,
  stateIcon,
  stateLine,
  stateWord,
} from "../../../src/extension/dev-servers/state-texts.ts";
import { namesOf, toOffer } from "../../../src/extension/dev-servers/to-offer.ts";
import { idOf } from "../../../src/extension/dev-servers/targets.ts";
import {
  backEndTrouble,
  devServerAfterServerLoss,
  managedIds,
} from "../../../src/extension/mirror-facts.ts";
import { actionsOf, projectsToShow, wordOf } from "../../../src/extension/status-actions.ts";
import { tooltipTable } from "../../../src/extension/status-bar-table.ts";
import { statusText } from "../../../src/extension/status-bar-texts.ts";
import {
  nodesBelow,
  parentId,
  rowOf,
  type TreeFacts,
  type TreeNode,
} from "../../../src/extension/tree-nodes.ts";
import { errorCount, projectRow } from "../../../src/extension/tree-texts.ts";
import type { DevServerState } from "../../../src/protocol/dev-server.ts";
import { devServer, goError, maps, outside } from "./dev-servers.ts";
import { t } from "./logs.ts";
import { realm, session } from "./sessions.ts";

const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
const idle = devServer({
  mode: "idle",
  viteStatus: "idle",
  backendStatus: "idle",
  vitePort: 0,
  viteURL: "",
  backendConnected: false,
});
const states = {
  ready: devServer(),
  building: devServer({ backendStatus: "building" }),
  error: devServer({ backendStatus: "error", lastError: "undefined: x", errors: [goError] }),
  stopped: devServer({
    mode: "idle",
    viteStatus: "stopped",
    backendStatus: "stopped",
    backendConnected: false,
  }),
  connecting: devServer({ backendConnected: false }),
  external: devServer({
    mode: "external",
    viteStatus: "idle",
    hasUI: false,
    vitePort: 0,
    viteURL: "",
    external: outside,
  }),
};

function facts(state: DevServerState | undefined, change: Partial<TreeFacts> = {}): TreeFacts {
  return {
    projects: [maps],
    repls: [],
    sessionOf: () => undefined,
    devServerOf: (id) => (id === maps.id ? state : undefined),
    ...change,
  };
}

/** The whole tree as it is drawn. */
function drawn(from: TreeFacts, parent?: TreeNode, indent = ""): string[] {
  return nodesBelow(from, parent).flatMap((node) => {
    const row = rowOf(from, node, { t, clock });
    expect(parentId(from, node)).toBe(parent?.id);
    return [
      `${indent}${row?.label} | ${row?.description} | ${row?.icon} | ${row?.contextValue}`,
      ...drawn(from, node, `${indent}  `),
    ];
  });
}

test("each state has a word, a line, a shape of its own and a context value", () => {
  const shown = Object.values(states).map((state) => [
    stateWord(state, t),
    stateLine(state, t, clock),
    stateIcon(state).icon,
    devServerContext(maps, state),
  ]);
  expect(shown).toEqual([
    ["Ready", "Ready · 15173", "pass-filled", "devserver.managed.ready backend"],
    ["Building", "Building · 15173", "loading~spin", "devserver.managed.building backend"],
    ["Error", "Error · 15173 · main.go:12:3", "error", "devserver.managed.error backend"],
    ["Stopped", "Stopped · 15173", "circle-large-outline", "devserver.idle.stopped backend"],
    ["Connecting", "Connecting · 15173", "plug", "devserver.managed.connecting backend"],
    ["External", "External · process 123", "link", "devserver.external.ready backend"],
  ]);
  expect(new Set(shown.map(([, , icon]) => icon)).size).toBe(shown.length);
});

test("what does not run is stopped, whatever its parts are called", () => {
  expect([isActive(idle), stateWord(idle, t), isActive(undefined)]).toEqual([
    false,
    "Stopped",
    false,
  ]);
  expect(devServerContext(maps, idle)).toBe("devserver.idle.stopped backend");
  expect(devServerContext(maps, undefined)).toBe("devserver.idle.stopped backend");
  expect(devServerContext({ ...maps, hasBackend: false }, undefined)).toBe("");
});

test("during a back-off the line says when it goes on", () => {
  const waiting = devServer({
    viteStatus: "error",
    nextRestartAt: "2026-02-16T10:30:05Z",
    viteURL: "",
  });
  expect(stateLine(waiting, t, clock)).toBe("Error · again at 10:30:05");
});

test("places and durations are short", () => {
  expect(errorPlace(goError)).toBe("main.go:12:3");
  expect(errorPlace({ ...goError, column: 1 })).toBe("main.go:12");
  expect([durationText(1_250_000_000, t), durationText(87_400_000, t)]).toEqual(["1.3 s", "87 ms"]);
});

test("UI, back end and errors stand below their project", () => {
  expect(drawn(facts(states.error))).toEqual([
    "Maps | Error · 15173 · main.go:12:3 | error | project.stopped devserver.managed.error backend",
    "  UI | ready · http://127.0.0.1:15173 | circle-filled | devserverUi.ready",
    "  Backend | error · process 71 · built in 1.3 s at 10:30:00 | error | devserverBackend.error",
    "  Errors | 1 | list-unordered | devserverErrors",
    "    main.go:12:3 | undefined: x | error | buildError",
  ]);
});

test("a process outside has a line of its own", () => {
  expect(drawn(facts(states.external))).toEqual([
    "Maps | External · process 123 | link | project.stopped devserver.external.ready backend",
    "  Backend | ready · process 71 · built in 1.3 s at 10:30:00 | circle-filled | devserverBackend.ready",
    "  External | process 123 · 127.0.0.1:42367 · 0.1.0 · since 10:00:00 | link | devserverExternal",
  ]);
});

test("a project that does not run is one line, and its realms stay where they were", () => {
  expect(drawn(facts(undefined))).toEqual([
    "Maps |  | circle-large-outline | project.stopped devserver.idle.stopped backend",
  ]);
  const live = session({ project: maps, realms: [realm()] });
  expect(drawn(facts(states.building, { sessionOf: () => live }))).toEqual([
    "Maps | Building · 15173 · 1 realm · 84 MB | loading~spin | project.live devserver.managed.building backend",
    "  UI | ready · http://127.0.0.1:15173 | circle-filled | devserverUi.ready",
    "  Backend | building · process 71 · built in 1.3 s at 10:30:00 | loading~spin | devserverBackend.building",
    "  page /cart?id=3 | idle | circle-filled | realm.page",
  ]);
});

test("two back ends in one folder are two lines", () => {
  const api = { ...maps, hasUI: false, root: "/w", folder: "/w" };
  const from = facts(states.ready, {
    projects: [
      { ...api, id: "a", name: "A" },
      { ...api, id: "maps", name: "B" },
    ],
    sessionOf: () => session({ realms: [realm()] }),
  });
  expect(nodesBelow(from).map(({ id }) => id)).toEqual(["project\na", "project\nmaps"]);
  expect(drawn(from)[0]).toBe("A |  | circle-large-outline | devserver.idle.stopped backend");
});

test("a preview and its back end share one line, and the worse of both is its shape", () => {
  const row = projectRow(maps, { session: session(), devServer: states.error }, t, clock);
  expect(row).toMatchObject({
    description: "Error · 15173 · 0 realms · 84 MB",
    icon: "error",
    contextValue: "project.live devserver.managed.error backend",
    spoken: "Maps, live, Error · 15173 · 0 realms · 84 MB",
  });
  expect(row.facts).toContainEqual(["Fault", "undefined: x"]);
});

test("the badge counts what builds found", () => {
  expect(
    errorCount([], [states.error, devServer({ errors: [{ ...goError, severity: "warning" }] })]),
  ).toBe(1);
});

test("the status bar counts dev servers apart from previews", () => {
  const server = { name: "ready" } as const;
  const status = (devServers: readonly DevServerState[], sessions = [session()]) =>
    statusText({ sessions, devServers, server }, t);
  expect(status([idle], [])).toBeUndefined();
  expect(status([states.ready, states.external, states.error], [])).toEqual({
    text: "$(server) 3 · 1✗",
    spoken: "Vitrine: 3 dev servers",
    background: "warning",
  });
  expect(status([states.building])).toEqual({
    text: "$(open-preview) 1  $(sync~spin) 1",
    spoken: "Vitrine: 1 preview, Vitrine: 1 dev server",
  });
});

test("a notice says what happened with the value that matters", () => {
  const failed = noticeText({ kind: "failed", state: states.error }, t);
  expect(failed).toBe("The build of Maps failed: undefined: x");
  const crashed = devServer({
    viteStatus: "error",
    lastError: "exit code 1\nstack",
    failure: "crashed",
  });
  expect(noticeText({ kind: "failed", state: crashed }, t)).toBe(
    "Maps stopped working: exit code 1",
  );
  expect(noticeText({ kind: "gaveUp", state: crashed }, t)).toBe(
    "Maps crashed again and again and is not started any more: exit code 1",
  );
  expect(noticeText({ kind: "portsExhausted", state: crashed }, t)).toBe(
    "There is no port left for Maps: exit code 1",
  );
  expect(noticeText({ kind: "conflict", state: devServer({ conflict: outside }) }, t)).toBe(
    "Maps runs here, and process 123 offers itself for it. Attach to that process or keep ours?",
  );
});

test("commands take an id, a line of the tree, or the root of a project", () => {
  expect(idOf("maps", [])).toBe("maps");
  expect(idOf({ project: "maps", root: "/x" }, [])).toBe("maps");
  expect(idOf({ root: maps.root }, [maps])).toBe("maps");
  expect(idOf({ root: maps.folder }, [maps])).toBe("maps");
  expect(
    [undefined, null, 5, {}, { root: 5 }, { root: "/x" }].map((each) => idOf(each, [maps])),
  ).toEqual(Array.from({ length: 6 }).fill(undefined));
});

test("a page is told of its back end what its build found, else why it fails, else nothing", () => {
  const warning = { ...goError, severity: "warning" } as const;
  const lost = devServer({ backendStatus: "error", lastError: "It ended", errors: [warning] });
  expect(backEndTrouble(states.error)).toEqual({ problems: [goError], fault: "" });
  expect(backEndTrouble(lost)).toEqual({ problems: [warning], fault: "It ended" });
  const fine = [undefined, states.ready, devServer({ viteStatus: "error", lastError: "UI" })];
  expect(fine.map(backEndTrouble)).toEqual([undefined, undefined, undefined]);
});

test("a project whose packages are missing can have them installed from its line, its notice and the status bar", () => {
  const missing = devServer({
    viteStatus: "error",
    failure: "not_installed",
    lastError: "The packages of Maps are not installed: vite is missing",
  });
  expect(devServerContext({ ...maps, hasBackend: false }, missing)).toBe(
    "devserver.managed.error notInstalled",
  );
  expect(drawn(facts(missing))[1]).toMatch(/devserverUi\.error notInstalled$/);
  expect(noticeText({ kind: "notInstalled", state: missing }, t)).toBe(missing.lastError);
  const [shown] = projectsToShow({ projects: [maps], sessions: [], devServers: [missing] });
  expect(actionsOf(shown!, t)[0]?.command).toBe("vitrine.installDependencies");
});

test("the status bar offers what can be done with each project, once", () => {
  const docs = { ...maps, id: "docs", name: "Docs", hasBackend: false };
  const plain = { ...docs, id: "plain", name: "Plain" };
  const shown = projectsToShow({
    projects: [maps, docs, plain],
    sessions: [session({ id: "docs", project: docs })],
    devServers: [devServer({ pluginID: "docs", name: "Docs", hasBackend: false }), states.external],
  });
  const offered = shown.map((one) => [
    one.name,
    wordOf(one, t),
    actionsOf(one, t).map(({ label }) => label),
  ]);
  expect(offered).toEqual([
    ["Docs", "Ready", ["Open Preview", "Open in Browser", "Restart", "Stop", "Show Output"]],
    ["Maps", "External", ["Open Preview", "Open in Browser", "Detach", "Show Output"]],
  ]);
  const [stopped] = projectsToShow({ projects: [maps], sessions: [], devServers: [] });
  expect(actionsOf(stopped!, t).map(({ label }) => label)).toContain("Start");
  const [running] = projectsToShow({ projects: [maps], sessions: [], devServers: [states.ready] });
  expect(actionsOf(running!, t).map(({ label }) => label)).toContain("Rebuild");
});

test("the table of the status bar has port, last build and fault of what runs, and no markup from outside", () => {
  const broken = { ...states.error, lastError: "expected `|` or <b>\nmore" };
  const docs = session({
    id: "docs",
    state: { name: "error", fault: { code: "x", message: "no" } },
  });
  const table = tooltipTable({ sessions: [docs], devServers: [broken, states.stopped] }, t, clock);
  expect(table.split("\n")).toEqual([
    "| Project | State | Port | Last build | Fault |",
    "| --- | --- | --- | --- | --- |",
    "| Maps | Error | 15173 | 10\\:30\\:00 \\(1\\.3 s\\) | expected \\`\\|\\` or \\<b\\> |",
    "| shop | error | 15173 |  | no |",
  ]);
  expect(tooltipTable({ sessions: [], devServers: [] }, t, clock)).toBe("");
});

test("what is attached and let go of is said once each, also when another process takes over", () => {
  const said = (before: DevServerState[], after: DevServerState[]): readonly string[] =>
    attachmentTexts(before, after, t);
  const other = { ...states.external, external: { ...outside, pid: 456 } };
  expect(said([], [states.external])).toEqual(["Maps is attached to process 123"]);
  expect(said([states.external], [states.external])).toEqual([]);
  expect(said([states.external], [other])).toEqual(["Maps is attached to process 456"]);
  expect(said([states.external], [states.stopped])).toEqual(["Maps is no longer attached"]);
  expect(said([states.external], [])).toEqual(["Maps is no longer attached"]);
});

test("what ran before is offered unless it starts by itself, runs, or is gone", () => {
  const named = (id: string, autostart = false) => ({ ...maps, id, name: id, autostart });
  const projects = [named("a"), named("b", true), named("c"), named("d"), named("e"), named("f")];
  const offered = toOffer(["a", "b", "c", "e", "f", "gone"], projects, ["c"]);
  expect(offered.map(({ id }) => id)).toEqual(["a", "e", "f"]);
  expect([namesOf(offered), namesOf(projects), namesOf([])]).toEqual(["a, e, f", "a, b, c +3", ""]);
});

test("what ran here is started again after the server was lost, and nothing runs meanwhile", () => {
  const all = Object.values(states);
  expect(managedIds(all)).toHaveLength(4);
  expect(managedIds(all.map(devServerAfterServerLoss))).toEqual([]);
  expect(all.map(devServerAfterServerLoss).filter(isActive)).toEqual([]);
});
