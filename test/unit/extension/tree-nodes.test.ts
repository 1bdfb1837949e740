import { expect, test } from "vitest";
import {
  nodesBelow,
  parentId,
  rowOf,
  type TreeFacts,
  type TreeNode,
} from "../../../src/extension/tree-nodes.ts";
import { logsInOrder } from "../../../src/extension/logs/log-rows.ts";
import { log, name, repl, t } from "./logs.ts";
import { realm, session, shop } from "./sessions.ts";

const worker = log({ name: `${name}-webworker`, kind: "worker", parent: name });
const clock = (at: number): string => `${at / 1000} s`;

function facts(change: Partial<TreeFacts> = {}): TreeFacts {
  const live = session({ realms: [realm()] });
  return {
    projects: [shop],
    repls: [repl({ logs: [log({ name: "12-old", state: "offline" }), log(), worker] })],
    sessionOf: (root) => (root === shop.root ? live : undefined),
    devServerOf: () => undefined,
    ...change,
  };
}

/** The whole tree as it is drawn. */
function drawn(from: TreeFacts, parent?: TreeNode, indent = ""): string[] {
  return nodesBelow(from, parent).flatMap((node) => {
    const row = rowOf(from, node, { t, clock });
    return [
      `${indent}${row?.label} | ${row?.description} | ${row?.icon}`,
      ...drawn(from, node, `${indent}  `),
    ];
  });
}

test("logs stand below the projects, workers below their page, offline ones last", () => {
  expect(drawn(facts())).toEqual([
    "shop | 15173 · 1 realm · 84 MB | pass-filled",
    "  page /cart?id=3 | idle | circle-filled",
    "Logs | 2 live | book",
    "  7-zen-1201-03 | live | circle-filled",
    "    7-zen-1201-03-webworker | live | circle-filled",
    "  12-old | offline | circle-slash",
  ]);
});

test("logs to pick from come in the order of the tree", () => {
  const [first] = facts().repls;
  expect(first && logsInOrder(first).map((each) => each.name)).toEqual([
    name,
    `${name}-webworker`,
    "12-old",
  ]);
});

test("without a REPL there is no group", () => {
  expect(drawn(facts({ repls: [] }))).toHaveLength(2);
});

test("states of logs differ in word, shape and context", () => {
  const states = [
    log(),
    log({ lastFailed: true }),
    log({ state: "executing", active: { job: "j", agent: "alice", since: 5000, line: 3 } }),
    log({ state: "offline", lastFailed: true }),
  ];
  const rows = states.map((each) => {
    const from = facts({ repls: [repl({ logs: [each] })] });
    const [group] = nodesBelow(from).slice(-1);
    const [node] = nodesBelow(from, group);
    return node && rowOf(from, node, { t, clock });
  });
  expect(rows.map((row) => [row?.description, row?.icon, row?.contextValue])).toEqual([
    ["live", "circle-filled", "log.live"],
    ["live · last job failed", "warning", "log.live"],
    ["executing", "sync~spin", "log.executing"],
    ["offline · last job failed", "circle-slash", "log.offline"],
  ]);
  expect(rows[2]?.spoken).toBe("7-zen-1201-03, page, executing");
  expect(rows[2]?.facts).toEqual([
    ["Realm", "page"],
    ["Page", ""],
    ["Address", "http://127.0.0.1:15173/cart"],
    ["Last contact", "3600 s"],
    ["Request", "from alice since 5 s"],
    ["File", "/projects/shop/daebug/7-zen-1201-03.md"],
  ]);
});

test("logs of another process are marked, and several folders are named", () => {
  const elsewhere = repl({ state: { name: "elsewhere", owner: "process 4711" } });
  const from = facts({
    projects: [],
    repls: [elsewhere, repl({ root: "/projects/admin", logs: [] })],
  });
  expect(drawn(from)).toEqual([
    "Logs | shop · read-only: process 4711 | 1 live | lock".replace(" | 1 live", " · 1 live"),
    "  7-zen-1201-03 | live | circle-filled",
    "Logs | admin · 0 live | book",
  ]);
});

test("every line knows the line above it, and a line that is gone says nothing", () => {
  const from = facts();
  const walk = (parent?: TreeNode): void => {
    for (const node of nodesBelow(from, parent)) {
      expect(parentId(from, node)).toBe(parent?.id);
      walk(node);
    }
  };
  walk();
  const gone: TreeNode = { kind: "log", id: "x", root: "/projects/shop", log: "gone" };
  expect(rowOf(from, gone, { t, clock })).toBeUndefined();
});

test("a log whose page is not listed stands at the top, and one that names itself does not hide", () => {
  const lost = repl({
    logs: [{ ...worker, parent: "gone" }, log({ name: "self", parent: "self" })],
  });
  expect(drawn(facts({ projects: [], repls: [lost] }))).toEqual([
    "Logs | 2 live | book",
    "  7-zen-1201-03-webworker | live | circle-filled",
    "  self | live | circle-filled",
  ]);
});
