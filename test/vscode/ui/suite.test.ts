/** The Test Explorer on a whole suite: the numbers of Node, every profile, an end when it is asked for, lines in TypeScript. */
import { cp, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { project } from "../../../scripts/bootstrap.mjs";
import { eventually } from "../../support/eventually.ts";
import { nodeNumbers } from "../../support/node-suite.ts";
import { useWorkbench } from "./window.ts";

const fixture = path.join(project, "test/fixtures/suite-100");
let source = "";

const window = useWorkbench(async () => {
  source = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-suite-")));
  await cp(fixture, source, { recursive: true });
  const page = "<!doctype html><title>suite</title><h1>The page of the suite</h1>";
  await writeFile(path.join(source, "index.html"), page);
  return { copy: source };
});
afterAll(() => rm(source, { recursive: true, force: true }));

/** The row of a test file; what else is there leaves the view. */
async function fileRow(name: string): Promise<Locator> {
  await window().tests("");
  await window().filterTests(name);
  const row = (await window().tests(name)).first();
  await row.waitFor();
  return row;
}

/** Full names in the Test Explorer, files and what only holds others left out. */
async function shownNames(): Promise<string[]> {
  const rows = await window()
    .page.locator(".test-explorer [role=treeitem]")
    .evaluateAll((all) =>
      all.map((row) => ({
        level: Number(row.getAttribute("aria-level")),
        label: (row.getAttribute("aria-label") ?? "").replace(/ \([A-Z]\w+\).*$/, ""),
      })),
    );
  const names: string[] = [];
  return rows.flatMap(({ level, label }) => {
    names.splice(level - 1, Infinity, label);
    return level === 1 ? [] : [names.slice(1).join(" > ")];
  });
}

test("all tests of a suite of over a hundred give Node's numbers, and the same ones fail", async () => {
  const { pass, fail, total, failing } = await nodeNumbers(fixture);
  expect(total).toBeGreaterThanOrEqual(100);
  await window().runCommand("Vitrine: Open Preview");
  await window().preview("The page of the suite");
  await (await window().tests("text.test.js")).waitFor();
  await window().runCommand("Test: Run All Tests");
  await window()
    .testSummary(`${pass}/${pass + fail}`)
    .waitFor();
  await window().filterTests("@failed");
  const names = await eventually("the failing ones", async () => {
    const shown = await shownNames();
    return failing.every((name) => shown.includes(name)) ? shown : undefined;
  });
  const isMeant = (name: string): boolean =>
    failing.some((one) => one === name || one.startsWith(`${name} > `));
  expect(names.filter((name) => !isMeant(name))).toEqual([]);
});

test("a failure stands at its own line of a TypeScript file", async () => {
  const text = `import test from "node:test";
import assert from "node:assert";

/** Nothing of this is left when it is JavaScript. */
interface Sum {
  readonly of: readonly number[];
  readonly is: number;
}

const sums: readonly Sum[] = [
  { of: [1, 2], is: 3 },
];

test("adds", () => {
  for (const { of, is } of sums) assert.equal(of.reduce((a: number, b: number): number => a + b), is);
});

test("is wrong", () => {
  const [sum] = sums as readonly [Sum];
  assert.equal(sum.is satisfies number, 4);
});
`;
  await writeFile(window().file("sums.test.ts"), text);
  await window().openFile("sums.test.ts");
  const row = await fileRow("sums.test.ts");
  await window().runTest(row, "Run in Page");
  await window().testSummary("1/2").waitFor();
  const line = text.split("\n").findIndex((one) => one.includes("satisfies")) + 1;
  expect(await window().failureLines()).toEqual([line]);
});

test("Run in Worker runs in the worker of the page, Run in Fresh Page in one that is closed again", async () => {
  const text = `import test from "node:test";
import assert from "node:assert";
test("knows no document", () => assert.equal(typeof document, "undefined"));
test("nobody touched the page", () => assert.equal((globalThis as any).parent?.touched, undefined));
`;
  await writeFile(window().file("place.test.ts"), text);
  const page = await window().preview("The page of the suite");
  await page.evaluate("globalThis.touched = true");
  const row = await fileRow("place.test.ts");
  await window().runTest(row, "Run in Page");
  await window().testSummary("0/2").waitFor();
  await window().runTest(row, "Run in Worker");
  await window().testSummary("2/2").waitFor();
  await window().runTest(row, "Run in Fresh Page");
  await window().testSummary("1/2").waitFor();
  await eventually("the fresh page to be closed", () => window().previews().length === 1);
  expect(await page.evaluate("globalThis.touched")).toBe(true);
});

test("a run that is cancelled ends in its page as well, and the next one begins at once", async () => {
  const text = `import test from "node:test";
test("ends", () => {});
test("never ends", { timeout: Infinity }, () => {
  parent.begun = true;
  return new Promise(() => {});
});
`;
  await writeFile(window().file("endless.test.js"), text);
  const page = await window().preview("The page of the suite");
  const row = await fileRow("endless.test.js");
  await window().runTest(row, "Run in Page");
  await page.waitForFunction("globalThis.begun");
  await window().runCommand("Test: Cancel Test Run");
  await page.waitForFunction("document.querySelector('iframe') === null");
  await window().runTest(await fileRow("sums.test.ts"), "Run in Page");
  await window().testSummary("1/2").waitFor();
});

test("a test that never ends in a worker or a fresh page ends with its run", async () => {
  const row = await fileRow("endless.test.js");
  for (const profile of ["Run in Worker", "Run in Fresh Page"]) {
    await window().runTest(row, profile);
    await window().page.locator(".test-explorer .codicon-loading").first().waitFor();
    await window().runCommand("Test: Cancel Test Run");
    await window()
      .page.locator(".test-explorer .codicon-loading")
      .first()
      .waitFor({ state: "detached" });
    await eventually("no other page", () => window().previews().length === 1);
  }
  await window().runTest(await fileRow("sums.test.ts"), "Run in Worker");
  await window().testSummary("1/2").waitFor();
});
