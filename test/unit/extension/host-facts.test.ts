import { expect, test } from "vitest";
import { clamp, parsePortRange } from "../../../src/extension/config-values.ts";
import { afterServerLoss, openRoots } from "../../../src/extension/mirror-facts.ts";
import { plainText } from "../../../src/extension/plain-text.ts";
import { byFile, shifted, toPlace } from "../../../src/extension/problem-places.ts";
import { createState } from "../../../src/extension/state.ts";
import { stateDirectory } from "../../../src/extension/state-directory.ts";
import { isTreeTarget, projectAt } from "../../../src/extension/targets.ts";
import { session, shop } from "./sessions.ts";

const problem = {
  file: "/a.ts",
  line: 3,
  column: 5,
  severity: "error",
  message: "x",
  source: "vite",
} as const;

test("a port range is written with both ends and read with an exclusive end", () => {
  expect(parsePortRange("15173-15272")).toEqual([15_173, 15_273]);
  expect(["80-90", "9000-8000", "1-99999", "many", 15_173, undefined].map(parsePortRange)).toEqual(
    Array(6).fill(undefined),
  );
});

test("numbers of settings are bounded, whatever they are", () => {
  expect([clamp(-1, 0, 10), clamp(99, 0, 10), clamp("7", 0, 10), clamp(Number.NaN, 0, 10)]).toEqual(
    [0, 10, 0, 0],
  );
});

test("problems are shown 0-based, without an end before their start", () => {
  expect(toPlace(problem)).toEqual({ line: 2, column: 4 });
  expect(toPlace({ ...problem, endLine: 3, endColumn: 9 })).toEqual({
    line: 2,
    column: 4,
    end: { line: 2, column: 8 },
  });
  expect(toPlace({ ...problem, endColumn: 2 })).toEqual({ line: 2, column: 4 });
  expect(toPlace({ ...problem, line: 0, column: 0 })).toEqual({ line: 0, column: 0 });
});

test("the same problem is shown once, even from two sources", () => {
  const files = byFile([problem, { ...problem, source: "page" }, { ...problem, file: "/b.ts" }]);
  expect([...files].map(([file, found]) => [file, found.length])).toEqual([
    ["/a.ts", 1],
    ["/b.ts", 1],
  ]);
});

test("a problem moves with its block", () => {
  expect(shifted({ ...problem, endLine: 4 }, 2)).toMatchObject({ line: 5, endLine: 6 });
});

test("without its server a session restarts, or is in error once the server was given up", () => {
  const waiting = {
    name: "waiting",
    reason: "The server ended\nstack",
    at: 9,
    attempt: 2,
  } as const;
  expect(afterServerLoss(session(), waiting).state).toEqual({
    name: "restarting",
    fault: { code: "server_gone", message: "The server ended" },
    at: 9,
    attempt: 2,
  });
  expect(afterServerLoss(session(), { name: "failed", reason: "gone" }).state.name).toBe("error");
  expect(afterServerLoss(session({ state: { name: "stopped" } }), waiting).state.name).toBe(
    "stopped",
  );
});

test("sessions that were open are opened again, stopped and hosted ones are not", () => {
  const sessions = [
    session(),
    session({ state: { name: "stopped" } }),
    session({ kind: "hosted" }),
  ];
  expect(openRoots(sessions)).toEqual(["/projects/shop"]);
});

test("escape sequences, control characters and text direction overrides are not shown", () => {
  expect(
    plainText(
      "\u001B[31mred\u001B[0m \u001B]8;;http://x\u0007link\u001B]8;;\u0007 a\u202Eb\u0000\tc\r\nd",
    ),
  ).toBe("red link ab\tc\nd");
});

test("the state directory is per user and per platform", () => {
  expect(stateDirectory("linux", {}, "/home/u")).toBe("/home/u/.local/state/vitrine");
  expect(stateDirectory("linux", { XDG_STATE_HOME: "/state" }, "/home/u")).toBe("/state/vitrine");
  expect(stateDirectory("darwin", {}, "/Users/u")).toBe(
    "/Users/u/Library/Application Support/vitrine",
  );
});

test("the innermost project that contains a file is meant", () => {
  const folder = "/projects/shop/packages/admin";
  const inner = { ...shop, id: "inner", folder, root: `${folder}/ui` };
  expect(projectAt([shop, inner], "/projects/shop/packages/admin/src/a.ts")?.id).toBe("inner");
  expect(projectAt([shop, inner], "/projects/shop/index.html")?.id).toBe("shop");
  expect(projectAt([shop, inner], "/projects/shop-two/index.html")).toBeUndefined();
});

test("only an object with a root is a line of the tree", () => {
  expect([{ root: "/a" }, { root: 1 }, undefined, "x"].map(isTreeTarget)).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test("stored routes are checked when they are read", () => {
  let stored: unknown = { "/shop": "javascript:x", "/admin": "/users" };
  const state = createState({
    keys: () => [],
    get: () => stored as never,
    update: (_key, value: unknown) => {
      stored = value;
      return Promise.resolve();
    },
  });
  expect([state.route("/shop"), state.route("/admin"), state.route("/none")]).toEqual([
    "/",
    "/users",
    "/",
  ]);
  state.setRoute("/shop", "/cart");
  expect(state.route("/shop")).toBe("/cart");
  stored = "edited by hand";
  expect(state.route("/shop")).toBe("/");
});
