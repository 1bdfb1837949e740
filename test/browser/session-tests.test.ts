/** Tests in the pages of a real Vite session: files in TypeScript, blocks, hot updates after a run. */
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from "vitest";
import type { Session } from "../../src/protocol/model.ts";
import { eventually } from "../support/eventually.ts";
import { removeTree, startServer, writeTree, type TestServer } from "../support/server.ts";
import { createApp } from "../support/templates.ts";
import { launchBrowser } from "../vscode/browser.ts";

interface Results {
  passed: number;
  tests: { name: string; suite: string | null; passed?: boolean; error?: string | null }[];
}

let root = "";
let server: TestServer;
let browser: Browser;
let session: Session;
let page: Page;

beforeAll(async () => {
  root = await writeTree({
    "package.json": '{ "name": "shop", "type": "module" }',
    "vite.config.js": 'export default { base: "/shop/" };',
    "index.html":
      '<!doctype html><html><head><script type="importmap">{"imports":{"mapped":"/shop/src/mapped.js"}}</script></head><body><script type="module" src="/src/main.ts"></script></body></html>',
    "src/main.ts": `
      import { total } from "./cart";
      import { label } from "./label";
      const show = (text: string): void => { document.title = text; };
      show(label + total([1, 2]));
      document.body.dataset.loads = String(performance.timeOrigin);
      import.meta.hot?.accept("./label", (next) => show(next?.label + "!"));
    `,
    "src/cart.ts":
      "export const total = (items: readonly number[]): number => items.reduce((a, b) => a + b, 0);",
    "src/label.ts": 'export const label: string = "total ";',
    "src/mapped.js": "export const mapped = 1;",
    "src/worker.ts": `
      import { run } from "node:test";
      void run({ files: "**/*.worker-test.ts" }).then((results) => postMessage(results));
    `,
    "test/cart.test.ts": `
      import test, { describe } from "node:test";
      import assert from "node:assert/strict";
      import { total } from "../src/cart";
      import { label } from "../src/label.ts";
      describe("cart", () => {
        test("adds", () => assert.equal(total([1, 2, 3]), 6));
        test("fails", () => assert.deepEqual(total([1]) as number, 2));
      });
      test("label", () => assert.match(label, /total/));
    `,
    "test/broken.test.ts": "import './nothing';",
    "test/a.worker-test.ts": `
      import { it } from "node:test";
      import { ok } from "node:assert";
      import { total } from "../src/cart";
      it("adds in a worker", () => { ok(typeof document === "undefined"); ok(total([1, 2]) === 3); });
    `,
  });
  [server, browser] = await Promise.all([startServer({ folders: [root] }), launchBrowser()]);
  session = await server.sessionIs((await server.methods.openSession(root)).id, "live");
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await removeTree(root);
});
beforeEach(async () => {
  page = await browser.newPage();
  // Without its socket a page hears of no save.
  const connected = page.waitForEvent(
    "console",
    (message) => message.text() === "[vite] connected.",
  );
  await page.goto(session.url);
  await connected;
  await page.waitForFunction("document.title.startsWith('total 3')");
  await eventually("the page's realm", () =>
    server.sessions[0]?.realms.some(({ state }) => state === "idle"),
  );
});
afterEach(() => page.close());

const names = ({ tests }: Results): string[] =>
  tests.map(
    ({ name, suite, passed }) =>
      `${passed ? "+" : "-"} ${suite === null ? "" : `${suite} > `}${name}`,
  );

test("a page runs tests in TypeScript that import the project's sources", async () => {
  const results: Results = await page.evaluate(
    `(async () => (await import("node:test")).run({ files: "test/*.test.ts" }))()`,
  );
  expect(names(results)).toEqual([
    "- Import: test/broken.test.ts",
    "+ cart > adds",
    "- cart > fails",
    "+ label",
  ]);
  expect(results.tests[0]?.error).toMatch(/500 /);
  expect(results.tests[2]?.error).toMatch(/AssertionError: .*\n[^]*test\/cart\.test\.ts/);
  expect(await page.evaluate(`import("mapped").then(({ mapped }) => mapped)`)).toBe(1);
});

test("a block of a document imports node:test, and may run the tests", async () => {
  const file = path.join(root, "notes.md");
  const code = `import test, { run } from "node:test";\nimport assert from "node:assert";\nconst { passed, failed } = await run({ files: ["test/cart.test.ts"] });\nassert.equal(typeof test, "function");\n({ passed, failed })`;
  const text = `# Notes\n\n\`\`\`ts realm=page\n${code}\n\`\`\`\n`;
  await writeFile(file, text);
  const ended = await server.run({ file, text, block: 0 });
  expect(ended.state).toBe("ok");
  expect(await readFile(file, "utf8")).toMatch(/"passed": 2,\n\s+"failed": 1/);
});

test("a request in a log imports from the page's folder, whatever base stands before its address", async () => {
  const { logs } = await server.methods.startRepl(root);
  const { name } = logs.find(({ kind }) => kind === "page") ?? { name: "" };
  const chunk = '```js\n(await import("./src/cart.ts")).total([20, 22])\n```';
  await server.methods.appendToLog({ root, name, agent: "agent", chunk });
  const { file } = await server.methods.openLog(root, name);
  const text = await eventually("a reply", async () => {
    const now = await readFile(file, "utf8");
    return /^#### .* to agent at \d\d:\d\d:\d\d \(/m.test(now) ? now : undefined;
  });
  expect(text).toContain("```JSON\n42\n```");
  await server.methods.stopRepl(root);
});

test("after tests ran, saving what they use still updates the page without loading it again", async () => {
  await page.evaluate(
    `(async () => (await import("node:test")).run({ files: "test/cart.test.ts" }))()`,
  );
  const loaded = await page.evaluate("document.body.dataset.loads");
  const label = path.join(root, "src/label.ts");
  const before = await readFile(label, "utf8");
  await writeFile(label, 'export const label: string = "total, new";');
  await page.waitForFunction("document.title === 'total, new!'");
  await writeFile(
    path.join(root, "test/cart.test.ts"),
    (await readFile(path.join(root, "test/cart.test.ts"), "utf8")) + "\n",
  );
  await writeFile(label, before);
  await page.waitForFunction("document.title === 'total !'");
  expect(await page.evaluate("document.body.dataset.loads")).toBe(loaded);
});

test("while a test file is broken, new files and logs neither cover the page nor load it again", async () => {
  await page.evaluate(
    `(async () => (await import("node:test")).run({ files: "test/broken.test.ts" }))()`,
  );
  const broken = await eventually("the problem", () => server.sessions[0]?.problems[0]);
  expect(broken.file).toBe(path.join(root, "test/broken.test.ts"));
  const loaded = await page.evaluate("document.body.dataset.loads");
  await writeFile(path.join(root, "src/unused.ts"), "export {};");
  await server.methods.startRepl(root);
  await server.methods.stopRepl(root);
  const label = path.join(root, "src/label.ts");
  const before = await readFile(label, "utf8");
  await writeFile(label, 'export const label: string = "total, again";');
  await page.waitForFunction("document.title === 'total, again!'");
  await writeFile(label, before);
  await page.waitForFunction("document.title === 'total !'");
  expect(await page.evaluate("document.body.dataset.loads")).toBe(loaded);
  expect(await page.locator("vite-error-overlay").count()).toBe(0);

  await writeFile(path.join(root, "test/nothing.ts"), "export {};");
  await eventually("no problem", () => server.sessions[0]?.problems.length === 0);
  await rm(path.join(root, "test/nothing.ts"));
});

test("a worker of the page runs tests in place", async () => {
  const results: Results = await page.evaluate(
    `new Promise((resolve, reject) => {
      const worker = new Worker("/shop/src/worker.ts?worker_file&type=module", { type: "module", name: "w" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => reject(new Error("the worker broke"));
    })`,
  );
  expect(names(results)).toEqual(["+ adds in a worker"]);
});

test("what the channel serves is for its own pages, and a poll is never told what to run", async () => {
  const ask = (target: string, init: RequestInit = {}) => fetch(new URL(target, session.url), init);
  expect((await ask("-daebug-node:test.js")).headers.get("content-type")).toMatch(/javascript/);
  expect(await (await ask("-daebug-iframe.html")).text()).toContain('<base href="/shop/">');
  const json = { "content-type": "application/json" };
  const found = await ask("-daebug-discover-tests", {
    method: "POST",
    headers: json,
    body: '{"files":"**/cart.t*.ts"}',
  });
  expect(await found.json()).toEqual({ files: ["/test/cart.test.ts"] });
  const plain = await ask("-daebug-discover-tests", { method: "POST", body: "{}" });
  expect(plain.status).toBe(415);
  const foreign = { origin: "http://evil.example" };
  expect((await ask("-daebug-node:test.js", { headers: foreign })).status).toBe(403);
  const poll = await ask("-daebug-channel?name=a&url=b", { headers: foreign });
  expect([poll.status, await poll.text()]).toEqual([403, ""]);
  expect((await ask("-daebug-m/.env")).status).toBe(403);
  expect((await ask("-daebug-nothing")).status).toBe(404);
});

test("components of React load in the test frame, where nothing prepares them", async () => {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-react-")));
  const app = path.join(folder, "app");
  await createApp("react-ts", app);
  await writeFile(
    path.join(app, "app.test.tsx"),
    `import test from "node:test";
    import assert from "node:assert";
    import { createRoot } from "react-dom/client";
    import { flushSync } from "react-dom";
    import App from "./src/App.tsx";
    test("renders", () => {
      const root = document.body.appendChild(document.createElement("div"));
      flushSync(() => createRoot(root).render(<App />));
      root.querySelector("button")?.click();
      assert.match(root.textContent ?? "", /count is/i);
    });`,
  );
  const react = await startServer({ folders: [app] });
  try {
    const { url } = await react.sessionIs((await react.methods.openSession(app)).id, "live");
    await page.goto(url);
    await page.locator("h1").waitFor();
    const results: Results = await page.evaluate(
      `(async () => (await import("node:test")).run({ files: "*.test.tsx" }))()`,
    );
    expect(results.tests).toMatchObject([{ name: "renders", passed: true, error: null }]);
  } finally {
    await react.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
});
