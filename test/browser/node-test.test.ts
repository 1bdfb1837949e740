/** Suites for `node:test` in a real page and in a worker, with the modules as they are built. */
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { nodeNumbers } from "../support/node-suite.ts";
import { startReplSite, type ReplSite, type ReplSiteOptions } from "../support/repl-site.ts";
import { removeTree, writeTree } from "../support/server.ts";
import { launchBrowser } from "../vscode/browser.ts";

interface Result {
  name: string;
  suite: string | null;
  passed?: boolean;
  skipped?: boolean;
  error?: string | null;
}
interface Results {
  passed: number;
  failed: number;
  skipped: number;
  total: number;
  duration: number;
  tests: Result[];
}

let browser: Browser;
const cleanups: (() => Promise<unknown>)[] = [];
const suite100 = path.resolve("test/fixtures/suite-100");

beforeAll(async () => {
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});
afterAll(() => browser?.close());

async function open(
  files: Readonly<Record<string, string>> | string,
  { at = "", ...options }: ReplSiteOptions & { at?: string } = {},
): Promise<{ site: ReplSite; page: Page }> {
  const root = typeof files === "string" ? files : await writeTree(files);
  if (typeof files !== "string") cleanups.push(() => removeTree(root));
  const site = await startReplSite(root, options);
  cleanups.push(() => site.close());
  const context = await browser.newContext();
  cleanups.push(() => context.close());
  const page = await context.newPage();
  await page.goto(site.origin + (options.base ?? "/") + at);
  return { site, page };
}

/** Runs in the page as a block would. */
async function run(page: Page, options: object = {}): Promise<Results> {
  return evaluate(page, `(await import("node:test")).run(${JSON.stringify(options)})`);
}

/** As text, because vitest replaces every import that stands in this file. */
async function evaluate(page: Page, expression: string): Promise<Results> {
  return page.evaluate(`(async () => await ${expression})()`);
}

function brief({ tests }: Results): string[] {
  return tests.map(({ name, suite, passed, skipped, error }) => {
    const sign = skipped ? "o" : passed ? "+" : "-";
    return `${sign} ${suite === null ? "" : `${suite} > `}${name} ${error?.split("\n")[0] ?? ""}`.trim();
  });
}

const index = { "index.html": "<!doctype html><title>page</title><h1>page</h1>" };

test("a suite runs in a frame of its own, with hooks, skips, time limits, broken files, and the page stays untouched", async () => {
  const { site, page } = await open({
    ...index,
    "a.test.js": `
      import test, { describe, it, before, afterEach } from "node:test";
      import assert from "node:assert";
      import { count } from "./lib.js";
      let ready = false;
      before(() => { ready = true; });
      afterEach(() => { document.body.textContent = ""; });
      describe("suite A", () => {
        it("adds", () => assert.equal(count(), 1));
        it("fails", () => assert.strictEqual(1, 2));
        // Skipped on purpose: that our runner counts it so is what is tested.
        it.skip("skipped", () => {});
      });
      test("sees a page of its own", () => {
        assert.notEqual(window, parent);
        assert.equal(document.querySelector("h1"), null);
        assert.ok(document.body.getBoundingClientRect().width > 500);
        assert.equal(new URL(document.baseURI).pathname, "/");
        assert.equal(ready, true);
        globalThis.leak = true;
      });
      test("draws", () => new Promise((resolve) => requestAnimationFrame(resolve)));
      test("has what Node has", async () => {
        assert.equal(global, window);
        assert.deepEqual(process.argv, []);
        assert.equal(Buffer.isBuffer(1), false);
        await new Promise((resolve) => process.nextTick(resolve));
        await new Promise((resolve) => setImmediate(resolve));
      });
      test("slow", { timeout: 30 }, () => new Promise(() => {}));
      test("unhandled", async () => {
        Promise.reject(new TypeError("nobody cares"));
        await new Promise((resolve) => setTimeout(resolve, 20));
      });
      test("uncaught", () => { setTimeout(() => { throw new RangeError("late"); }); return new Promise((resolve) => setTimeout(resolve, 20)); });
      test("says", (t) => { console.log("a line"); t.diagnostic("more"); });
    `,
    "lib.js": "let n = 0; export const count = () => ++n;",
    "b/broken.test.js": "import './nothing.js';",
    "b/throws.test.js": "throw new Error('at import');",
    "b/syntax.test.js": "const = 1;",
    "c/only name%.test.js": "import { it } from 'node:test'; it('here', () => {});",
  });
  const lines: string[] = [];
  page.on("console", (message) => lines.push(message.text()));
  await page.evaluate(() => sessionStorage.setItem("daebug-name", "7-zen-1201-03"));
  const results = await run(page);
  expect(brief(results)).toEqual([
    expect.stringMatching(/^- Import: b\/broken\.test\.js TypeError: Failed to fetch/),
    "- Import: b/syntax.test.js SyntaxError: Unexpected token '='",
    "- Import: b/throws.test.js Error: at import",
    "+ suite A > adds",
    "- suite A > fails AssertionError: Expected values to be strictly equal:",
    "o suite A > skipped",
    "+ sees a page of its own",
    "+ draws",
    "+ has what Node has",
    "- slow Error: test timed out after 30ms",
    "- unhandled TypeError: nobody cares",
    "- uncaught RangeError: late",
    "+ says",
    "+ here",
  ]);
  const { passed, failed, skipped, total, duration } = results;
  expect([passed, failed, skipped, total]).toEqual([6, 7, 1, 14]);
  expect(duration).toBeGreaterThan(30);
  expect(results.tests[4]?.error).toMatch(/a\.test\.js/);
  expect(lines).toEqual(expect.arrayContaining(["a line", "says: more"]));
  expect(
    await page.evaluate(() => [
      document.querySelectorAll("iframe").length,
      "leak" in window,
      document.title,
    ]),
  ).toEqual([0, false, "page"]);
  expect(await page.evaluate("globalThis.__daebug_test_results.total")).toBe(14);
  expect(await page.evaluate("Object.keys(globalThis.__daebug_test_registries)")).toEqual([
    "7-zen-1201-03",
  ]);
  // A page asks for its icon whenever it likes.
  expect(site.progress.at(-1)).toMatchObject({ realmName: "7-zen-1201-03", complete: true });
});

test("progress comes every two seconds with what is new, and ends with everything", async () => {
  const { site, page } = await open({
    ...index,
    "a.test.js": `
      import test, { describe } from "node:test";
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      describe("suite A", () => {
        test("adds", () => {});
        test("fails", () => { throw new Error("no"); });
        // Skipped on purpose: its place in the progress is what is tested.
        test.skip("later", () => {});
      });
      test("slow", () => wait(2500));
      test("slower", () => wait(2000));
    `,
  });
  await page.evaluate(() =>
    sessionStorage.setItem("daebug-name:/:", JSON.stringify({ name: "9-oak-1000-00" })),
  );
  const results = await run(page, { files: "./a.test.js" });
  expect(results.total).toBe(5);
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
  const duration = expect.any(Number);
  const row = (
    name: string,
    status: string,
    suite: string | null = null,
    error: unknown = null,
  ) => ({
    name,
    suite,
    status,
    duration,
    error,
    completedAt: at,
    file: "/a.test.js",
  });
  const adds = row("adds", "pass", "suite A");
  const fails = row("fails", "fail", "suite A", expect.stringContaining("Error: no"));
  const common = { realmName: "9-oak-1000-00", reportedAt: at, duration };
  expect(site.progress).toEqual([
    {
      ...common,
      complete: false,
      totals: { pass: 1, fail: 1, skip: 1, total: 3 },
      recentTests: [adds, fails],
    },
    {
      ...common,
      complete: false,
      totals: { pass: 2, fail: 1, skip: 1, total: 4 },
      recentTests: [row("slow", "pass")],
    },
    {
      ...common,
      complete: true,
      totals: { pass: 3, fail: 1, skip: 1, total: 5 },
      allTests: [
        adds,
        fails,
        row("later", "skip", "suite A"),
        row("slow", "pass"),
        row("slower", "pass"),
      ],
    },
  ]);
});

test("named tests run alone, and without files there is nothing to run", async () => {
  const { page, site } = await open({
    ...index,
    "a.test.js": `import test, { describe } from "node:test";
      describe("s", () => { test("a", () => {}); test("b", () => { throw 1; }); });
      test("a", () => { throw 2; });`,
  });
  expect(brief(await run(page, { files: ["a.test.js"], names: ["s > a"] }))).toEqual(["+ s > a"]);
  expect(await run(page, { files: ["no/*.js"] })).toMatchObject({ total: 0, tests: [] });
  expect(await run(page, { files: [] })).toMatchObject({ total: 0 });
  expect(site.progress.at(-1)).toMatchObject({ realmName: "main", complete: true, allTests: [] });
});

test("a run that does not end is given up, with what it had", async () => {
  const { page } = await open({
    ...index,
    "a.test.js": `import test from "node:test"; test("a", () => {});
      test("endless", { timeout: Infinity }, () => { parent.begun = true; return new Promise(() => {}); });`,
  });
  await page.clock.install();
  await page.reload();
  const results = run(page, { timeout: 1 });
  await page.waitForFunction("globalThis.begun", undefined, { polling: 50 });
  // The shortest time that a run is given is 15 s, whatever it asks for.
  await page.clock.fastForward(14_000);
  expect(await page.evaluate(() => document.querySelectorAll("iframe").length)).toBe(1);
  await page.clock.fastForward(2000);
  expect(brief(await results)).toEqual([
    "+ a",
    "- Test Runner Error Error: the test run timed out after 15000ms",
  ]);
  expect(await page.evaluate(() => document.querySelectorAll("iframe").length)).toBe(0);
});

test("what breaks the run itself is one failed test", async () => {
  const { page } = await open({
    ...index,
    "a.test.js": `import test from "node:test"; test("a", () => {}); test("leaves", () => { location.reload(); return new Promise(() => {}); });`,
  });
  expect(brief(await run(page))).toEqual([
    "+ a",
    "- Test Runner Error Error: a test made its frame load again",
  ]);
  await page.route("**/-daebug-discover-tests", (route) =>
    route.fulfill({ status: 500, json: { error: "no such folder" } }),
  );
  expect(brief(await run(page))).toEqual([
    "- Test Runner Error Error: the test files could not be found: no such folder",
  ]);
});

test("what is registered in the page itself runs in place", async () => {
  const { page } = await open(index);
  const results = await evaluate(
    page,
    `(async () => {
      const api = await import("node:test");
      api.test("here", () => {
        if (!document.querySelector("h1")) throw new Error("not the page");
      });
      api.default.it("also", () => {});
      api.default("and this", () => {});
      return api.__daebugRunTests();
    })()`,
  );
  expect(brief(results)).toEqual(["+ here", "+ also", "+ and this"]);
});

test("below a public base, everything is asked for there", async () => {
  const { page, site } = await open(
    {
      ...index,
      "a.test.js": `import test from "node:test"; import { ok } from "node:assert/strict";
        test("base", () => ok(document.baseURI.endsWith("/proxy/80/")));`,
    },
    { base: "/proxy/80/" },
  );
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  expect(brief(await run(page))).toEqual(["+ base"]);
  expect(asked.filter((address) => !address.startsWith("/proxy/80/"))).toEqual([]);
  expect(site.progress).toHaveLength(1);
});

test("a worker runs test files in place", async () => {
  const { page, site } = await open({
    ...index,
    "a.test.js": `
      import test, { run } from "node:test";
      import assert from "node:assert";
      import { kind } from "./lib/kind.js";
      test("is a worker", () => assert.equal(kind, "worker"));
      test("assertions are the same ones", async () => {
        const { AssertionError } = await import('node:assert/strict');
        assert.throws(() => assert.ok(0), AssertionError);
      });
      test("fails", () => assert.deepEqual([1], [2]));
    `,
    "lib/kind.js": `import { ok } from "node:assert"; ok(typeof document === "undefined"); export const kind = "worker";`,
    "broken.test.js": "import './nothing.js';",
    "worker.js": `
      import { run } from "./-daebug-node:test.js";
      const results = await run();
      postMessage({ results, names: Object.keys(globalThis.__daebug_test_registries), kept: globalThis.__daebug_test_results.total });
    `,
  });
  const { results, names, kept } = await page.evaluate(
    () =>
      new Promise<{ results: Results; names: string[]; kept: number }>((resolve) => {
        new Worker("/worker.js", { type: "module", name: "7-zen-webworker" }).addEventListener(
          "message",
          ({ data }) => resolve(data as never),
        );
      }),
  );
  expect(brief(results)).toEqual([
    expect.stringMatching(/^- Import: broken\.test\.js TypeError/),
    "+ is a worker",
    "+ assertions are the same ones",
    "- fails AssertionError: Expected values to be loosely deep-equal:",
  ]);
  expect([names, kept]).toEqual([["7-zen-webworker"], 4]);
  expect(site.progress).toMatchObject([
    { realmName: "7-zen-webworker", complete: true, totals: { pass: 2, fail: 2 } },
  ]);
});

test.for<[name: string, html: string]>([
  ["no map", "<!doctype html><head></head><body>"],
  ["no head, body or doctype", "<p>$& $1 $$</p>"],
  [
    "an inline map",
    `<head><script type="importmap">{"imports":{"lib":"./lib/index.js"},"scopes":{"/lib/":{"inner":"/lib/inner.js"}}}</script></head><script type="module">import "lib"</script>`,
  ],
  [
    "a map of its own for node:assert",
    `<script type="importmap">{"imports":{"node:assert":"/mine.js"}}</script>`,
  ],
  ["a module script in front", `<head><script type="module" src="/lib/plain.js"></script></head>`],
  [
    "a policy without inline scripts",
    `<head><meta http-equiv="Content-Security-Policy" content="script-src 'self'; frame-src 'self'"></head>`,
  ],
  [
    "a policy with a nonce",
    `<head><meta http-equiv="Content-Security-Policy" content="script-src 'self' 'nonce-abc'"></head>`,
  ],
])("a page with %s imports node:test, and so does its frame", async ([name, html]) => {
  const client =
    "document.documentElement.dataset.client = `${document.currentScript.dataset.vitrineBase}$&`";
  const { page } = await open(
    {
      "index.html": html,
      "mine.js": "export default 'mine';",
      "lib/index.js": `export * from "inner";`,
      "lib/inner.js": "export const inner = 1;",
      "lib/plain.js": "export default 1;",
      "a.test.js": `import test from "node:test"; import assert from "node:assert";
        test("kind", (t) => t.diagnostic(typeof assert));
        test("lib", async (t) => { if (${name.includes("inline map")}) { const { inner } = await import("lib"); if (inner !== 1) throw new Error(); } });`,
    },
    { client },
  );
  const lines: string[] = [];
  page.on("console", (message) => lines.push(message.text()));
  expect(brief(await run(page))).toEqual(["+ kind", "+ lib"]);
  expect(lines).toContain(name.includes("node:assert") ? "kind: string" : "kind: function");
  const kept = await page.evaluate(() => document.documentElement.dataset["client"]);
  // As a file it is the real client, which marks nothing.
  expect(kept).toBe(name.includes("without inline") ? undefined : "/$&");
});

test("the frame understands an external map, which the browser itself does not", async () => {
  const { page } = await open({
    "index.html": `<script type="importmap" src="maps/all.json"></script>`,
    "maps/all.json": `{"imports":{"lib":"../lib.js"}}`,
    "lib.js": "export const a = 1;",
    "a.test.js": `import test from "node:test"; import { equal } from "node:assert"; import { a } from "lib";
      test("lib", () => equal(a, 1));`,
  });
  const map = await (await page.request.get(new URL("/maps/all.json", page.url()).href)).json();
  expect(map).toMatchObject({
    imports: { lib: "../lib.js", "node:test": "/-daebug-node:test.js" },
  });
  const results = await evaluate(page, '(await import("/-daebug-node:test.js")).run()');
  expect(brief(results)).toEqual(["+ lib"]);
});

test("the client as a file knows its base", async () => {
  const { page } = await open(
    { "index.html": "<script src='./-daebug-client.js'></script>" },
    { base: "/a/b/" },
  );
  expect(
    await page.evaluate(
      () => document.querySelector<HTMLElement>("script[src]")?.dataset["vitrineBase"],
    ),
  ).toBe("/a/b/");
});

test("a suite of over a hundred tests gives the numbers that Node gives, in a page that knows nothing of it", async () => {
  const expected = await nodeNumbers(suite100);
  const { page } = await open(suite100, { at: "package.json" });
  // No page of the project: what is tested needs none.
  await page.goto(new URL("/-daebug-iframe.html", page.url()).href);
  const results = await evaluate(page, '(await import("/-daebug-node:test.js")).run()');
  const { passed: pass, failed: fail, skipped: skip, total } = results;
  const failing = results.tests
    .filter((one) => one.passed === false)
    .map(({ suite, name }) => (suite === null ? name : `${suite} > ${name}`));
  expect({ pass, fail, skip, total, failing: failing.toSorted() }).toEqual(expected);
  expect(total).toBeGreaterThanOrEqual(100);
});
