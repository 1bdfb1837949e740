import type { Range, TestController, TestItem, TestItemCollection, Uri } from "vscode";
import { expect, test } from "vitest";
import { TestReporter } from "../../../src/extension/tests/test-reporter.ts";
import { TestTree } from "../../../src/extension/tests/test-tree.ts";
import type { SelectedRun } from "../../../src/extension/tests/test-names.ts";
import type { TestOutcome, TestRun } from "../../../src/protocol/model.ts";

const root = "/projects/shop";
const file = "/src/cart.test.js";
const text = `import { describe, test } from "node:test";
describe("cart", () => {
  test("adds", () => {});
  test("removes", () => {});
});
test("shows", () => {});
`;

/** Collections of items as VS Code keeps them, as far as a tree needs them. */
function collection(): TestItemCollection & Iterable<[string, TestItem]> {
  const items = new Map<string, TestItem>();
  return {
    get size() {
      return items.size;
    },
    add: (item) => void items.set(item.id, item),
    delete: (id) => void items.delete(id),
    get: (id) => items.get(id),
    replace: (next) => {
      items.clear();
      for (const item of next) items.set(item.id, item);
    },
    forEach: (callback) => items.forEach((item) => callback(item, collection())),
    [Symbol.iterator]: () => items[Symbol.iterator](),
  };
}

const createTestItem: TestController["createTestItem"] = (id, label, uri) =>
  ({ id, label, uri, children: collection(), range: undefined }) as unknown as TestItem;

function createTree(): { tree: TestTree; items: TestItemCollection } {
  const items = collection();
  const tree = new TestTree(root, items, {
    createTestItem,
    fileUri: (path) => ({ fsPath: path }) as Uri,
    range: (start, end) => [start, end] as unknown as Range,
  });
  return { tree, items };
}

/** The items as they are drawn, with the line each begins at. */
function drawn(items: TestItemCollection, indent = ""): string[] {
  return [...items].flatMap(([, item]) => {
    const range = item.range as unknown as [[number, number]] | undefined;
    return [
      `${indent}${item.label}${range ? `:${range[0][0]}` : ""}`,
      ...drawn(item.children, `${indent}  `),
    ];
  });
}

test("a file shows its suites and tests where they stand", () => {
  const { tree, items } = createTree();
  tree.update(file, text);
  expect(drawn(items)).toEqual([
    "src/cart.test.js",
    "  cart:1",
    "    adds:2",
    "    removes:3",
    "  shows:5",
  ]);
  expect(tree.files[0]?.item.uri?.fsPath).toBe("/projects/shop/src/cart.test.js");
});

test("a file of another runner is not shown, and goes when it becomes one", () => {
  const { tree, items } = createTree();
  tree.update(file, text.replace("node:test", "vitest"));
  expect(items.size).toBe(0);
  tree.update(file, text);
  tree.update(file, "");
  expect(items.size).toBe(0);
});

test("an item stays the same item while its name stays", () => {
  const { tree, items } = createTree();
  tree.update(file, text);
  const before = tree.test(file, "cart", "adds").item;
  tree.update(file, `\n${text.replace("removes", "empties")}`);
  expect(tree.test(file, "cart", "adds").item).toBe(before);
  expect(drawn(items).slice(1)).toEqual(["  cart:2", "    adds:3", "    empties:4", "  shows:6"]);
});

test("tests that only a run can name are added, and stay until the file changes", () => {
  const { tree, items } = createTree();
  tree.update(file, text);
  tree.test(file, "cart > each", "row 1");
  tree.update(file, text);
  expect(drawn(items).slice(4, 7)).toEqual(["    each", "      row 1", "  shows:5"]);
  tree.update(file, `${text}\n`);
  expect(drawn(items)).toHaveLength(5);
});

test("parts of a test stand below it, whichever is told first", () => {
  const { tree, items } = createTree();
  tree.update(file, text);
  const part = tree.test(file, "shows", "a part");
  expect(tree.test(file, "shows", "a part")).toBe(part);
  expect(drawn(items).slice(4)).toEqual(["  shows:5", "    a part"]);
  tree.test(file, "each row", "a part");
  const whole = tree.test(file, "", "each row");
  expect(drawn(items).slice(6)).toEqual(["  each row", "    a part"]);
  expect(whole.children.map(({ item }) => item.label)).toEqual(["a part"]);
  tree.update(file, `${text}\n`);
  expect(drawn(items)).toHaveLength(5);
});

test("files that are gone are removed", () => {
  const { tree, items } = createTree();
  tree.update(file, text);
  tree.update("/b.test.js", text);
  tree.keep(new Set(["/b.test.js"]));
  expect([...items].map(([, { label }]) => label)).toEqual(["b.test.js"]);
  tree.remove("/never.test.js");
  expect(tree.files).toHaveLength(1);
});

function outcome(change: Partial<TestOutcome>): TestOutcome {
  return { name: "adds", suite: "cart", status: "pass", duration: 4, error: null, file, ...change };
}

function run(tests: readonly TestOutcome[], change: Partial<TestRun> = {}): TestRun {
  const totals = { pass: 1, fail: 0, skip: 0, total: 1 };
  return {
    id: "1",
    root,
    realm: "7-zen-1201-03",
    files: [file],
    state: "running",
    totals,
    tests,
    duration: 12,
    ...change,
  };
}

/** A reporter whose calls are written down. */
function reporter(tree: TestTree, selected: SelectedRun = { root, files: [file] }) {
  const calls: string[] = [];
  const output: string[] = [];
  const call =
    (what: string) =>
    (item: TestItem, ...rest: unknown[]): void =>
      void calls.push([what, item.label, ...rest].join(" "));
  return {
    calls,
    output,
    reporter: new TestReporter({
      shown: {
        started: call("started"),
        passed: call("passed"),
        failed: call("failed"),
        errored: call("errored"),
        skipped: call("skipped"),
        appendOutput: (line) => void output.push(line),
      },
      tree,
      selected,
      failure: ({ error }) => `<${error}>` as never,
      fault: (fault) => `<<${fault}>>` as never,
    }),
  };
}

test("each outcome is reported once, with its duration, and what did not run is skipped", () => {
  const { tree } = createTree();
  tree.update(file, text);
  const { calls, output, reporter: reports } = reporter(tree);
  const passed = outcome({});
  const failed = outcome({ name: "removes", status: "fail", error: "Error: no\n    at x" });
  reports.started();
  reports.update(run([passed]));
  reports.update(run([passed, failed]));
  reports.finished(run([passed, failed], { state: "done" }));
  expect(calls).toEqual([
    "started adds",
    "started removes",
    "started shows",
    "passed adds 4",
    "failed removes <Error: no\n    at x> 4",
    "skipped shows",
  ]);
  expect(output.join("")).toBe(
    "✓ cart > adds (4 ms)\r\n✗ cart > removes (4 ms)\r\n  Error: no\r\n      at x\r\n1 passed, 0 failed, 0 skipped in 12 ms\r\n",
  );
});

test("only what was asked for is started and skipped, and all that ran is reported", () => {
  const { tree } = createTree();
  tree.update(file, text);
  const { calls, reporter: reports } = reporter(tree, { root, files: [file], names: ["shows"] });
  reports.started();
  reports.finished(run([outcome({ name: "made up", suite: null })], { state: "done" }));
  expect(calls).toEqual(["started shows", "passed made up 4", "skipped shows"]);
});

test("a file that cannot be imported is an error of the file", () => {
  const { tree } = createTree();
  tree.update(file, text);
  const { calls, reporter: reports } = reporter(tree);
  const broken = outcome({
    name: "Import: src/cart.test.js",
    suite: null,
    status: "fail",
    error: "SyntaxError",
  });
  reports.update(run([broken]));
  expect(calls).toEqual(["errored src/cart.test.js <<SyntaxError>>"]);
});

test("a run that fails as a whole is an error of its files", () => {
  const { tree } = createTree();
  tree.update(file, text);
  const { calls, reporter: reports } = reporter(tree);
  reports.finished(run([], { state: "failed", error: "the page went away" }));
  expect(calls).toEqual([
    "errored src/cart.test.js <<the page went away>>",
    "skipped adds",
    "skipped removes",
    "skipped shows",
  ]);
});

test("of several tests with one name a failure is not covered up", () => {
  const { tree } = createTree();
  tree.update(file, text);
  const { calls, reporter: reports } = reporter(tree);
  reports.update(run([outcome({ status: "fail", error: "no" }), outcome({})]));
  expect(calls).toEqual(["failed adds <no> 4"]);
});

test("an outcome without a file belongs to the file that names the test", () => {
  const { tree } = createTree();
  tree.update(file, text);
  tree.update("/b.test.js", text.replace("shows", "hides"));
  const { calls, reporter: reports } = reporter(tree, { root, files: [file, "/b.test.js"] });
  const { file: _unknown, ...hides } = outcome({ name: "hides", suite: null });
  reports.update(run([hides]));
  expect(calls).toEqual(["passed hides 4"]);
  expect(tree.file(file)?.children.map(({ item }) => item.label)).toEqual(["cart", "shows"]);
});
