import { expect, test } from "vitest";
import { isFromPanel, toPanelState } from "../../../src/extension/panel-messages.ts";

test("every message of the contract is accepted", () => {
  const messages = [
    ...["ready", "openExternal", "openDevTools", "showLog", "restart", "start", "manageTrust"].map(
      (type) => ({ type }),
    ),
    { type: "moved", route: "/cart?id=3#top", title: "Cart" },
    { type: "openProblem", problem: { file: "/shop/vite.config.ts", line: 12, column: 1 } },
  ];
  expect(messages.filter((message) => !isFromPanel(message))).toEqual([]);
});

test.each([
  ["nothing", undefined],
  ["a string", "ready"],
  ["an array", ["ready"]],
  ["an unknown type", { type: "runCode", code: "1" }],
  ["a name of the prototype", { type: "constructor" }],
  ["a further key", { type: "ready", extra: 1 }],
  ["an inherited type", Object.create({ type: "ready" })],
  ["a route that is no path", { type: "moved", route: "javascript:alert(1)", title: "" }],
  ["an endless route", { type: "moved", route: `/${"a".repeat(10_000)}`, title: "" }],
  ["a huge title", { type: "moved", route: "/", title: "x".repeat(10 * 1024 * 1024) }],
  ["a title that is an object", { type: "moved", route: "/", title: { toString: () => "" } }],
  ["a place without a column", { type: "openProblem", problem: { file: "/a", line: 1 } }],
  ["a line below one", { type: "openProblem", problem: { file: "/a", line: 0, column: 1 } }],
  ["an endless line", { type: "openProblem", problem: { file: "/a", line: Infinity, column: 1 } }],
  [
    "a place with a further key",
    { type: "openProblem", problem: { file: "/a", line: 1, column: 1, command: "x" } },
  ],
])("%s is refused", (_name, message) => {
  expect(isFromPanel(message)).toBe(false);
});

test("restored state keeps its root and a route that is one", () => {
  expect(toPanelState({ root: "/shop", route: "/cart" })).toEqual({
    root: "/shop",
    route: "/cart",
  });
  expect(toPanelState({ root: "/shop", route: "https://evil.example/" })).toEqual({
    root: "/shop",
    route: "/",
  });
  expect(toPanelState({ root: 3 })).toBeUndefined();
  expect(toPanelState({ root: "" })).toBeUndefined();
  expect(toPanelState(null)).toBeUndefined();
});
