/**
 * One suite of over a hundred tests, the same numbers whoever asks: a request in a log, the HTTP API, the command line,
 * and Node itself. The fourth way, the Test Explorer, is in `test/vscode/ui/suite.test.ts`.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFile, cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { nodeNumbers, type SuiteNumbers } from "../support/node-suite.ts";
import { dist } from "../support/server.ts";
import { freePort } from "../vscode/code-server.ts";
import { launchBrowser } from "../vscode/browser.ts";

/** Of `run()` (REPL specification 12.5). */
interface Results {
  passed: number;
  failed: number;
  skipped: number;
  total: number;
  tests: { name: string; suite: string | null; passed?: boolean; skipped?: boolean }[];
}

interface Program {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code. */
  readonly ended: Promise<number | null>;
}

const fixture = path.resolve("test/fixtures/suite-100");
let expected: SuiteNumbers;
let browser: Browser;
let context: BrowserContext;
let folder: string;
let root: string;
const programs: Program[] = [];

beforeAll(async () => {
  [expected, browser] = await Promise.all([nodeNumbers(fixture), launchBrowser()]);
  folder = await realpath(await mkdtemp(path.join(tmpdir(), "vtr-suite-")));
  root = path.join(folder, "suite");
  await cp(fixture, root, { recursive: true });
  await writeFile(path.join(root, "index.html"), "<!doctype html><title>suite</title>");
});
beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  for (const { child, ended } of programs.splice(0)) {
    child.kill("SIGINT");
    await ended;
  }
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** `vitrine repl` with the state of a user of its own. */
function repl(...args: readonly string[]): Program {
  const child = spawn(process.execPath, [path.join(dist, "server/cli.js"), "repl", ...args], {
    cwd: root,
    env: { ...process.env, XDG_STATE_HOME: path.join(folder, "state") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = once(child, "close").then(([code]) => code as number | null);
  const program = { child, out: () => out, err: () => err, ended };
  programs.push(program);
  return program;
}

function fromResults({ passed, failed, skipped, total, tests }: Results): SuiteNumbers {
  const failing = tests
    .filter((one) => one.skipped !== true && one.passed !== true)
    .map(({ suite, name }) => (suite === null ? name : `${suite} > ${name}`));
  return { pass: passed, fail: failed, skip: skipped, total, failing: failing.toSorted() };
}

/** From the Markdown of a run (12.6). */
function fromMarkdown(text: string): SuiteNumbers {
  const heading = /^## Test Results: (\d+) pass, (\d+) fail, (\d+) skip \([\d.,]+m?s\)$/m.exec(
    text,
  );
  const [pass = 0, fail = 0, skip = 0] = (heading ?? []).slice(1).map(Number);
  const items = [...text.matchAll(/^([✓✗○]) (.*) \d\d:\d\d:\d\d \(\d+ms\)$/gm)];
  const failing = items.filter(([, sign]) => sign === "✗").map(([, , name = ""]) => name);
  return { pass, fail, skip, total: items.length, failing: failing.toSorted() };
}

test("the suite has over a hundred tests, some of which fail on purpose", () => {
  const { pass, fail, skip, total, failing } = expected;
  expect([total, fail]).toEqual([pass + fail + skip, failing.length]);
  expect(total).toBeGreaterThanOrEqual(100);
  expect(failing.filter((name) => !name.includes("FAILS ON PURPOSE"))).toEqual([
    "a failing part fails the whole",
  ]);
});

describe("with a server that runs and a page that shows it", () => {
  let ready: { url: string; token: string };
  let name: string;

  beforeEach(async () => {
    const server = repl("--json", "--port", String(await freePort()));
    const line = await eventually("the ready line", () => /^.*\n/.exec(server.out())?.[0]);
    ready = JSON.parse(line) as typeof ready;
    await (await context.newPage()).goto(ready.url);
    name = await eventually("the page", async () => {
      const { instances } = (await api("/instances")) as {
        instances: { name: string; kind: string; state: string }[];
      };
      return instances.find(({ kind, state }) => kind === "page" && state === "live")?.name;
    });
  });

  async function api(target: string, body?: object): Promise<unknown> {
    const answer = await fetch(new URL(target, ready.url), {
      headers: { authorization: `Bearer ${ready.token}`, "content-type": "application/json" },
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
    expect(answer.ok).toBe(true);
    return answer.json();
  }

  test("a request in the page's log runs it, and both section and reply say so", async () => {
    const file = path.join(root, "daebug", `${name}.md`);
    await appendFile(file, '\n```js\nawait (await import("node:test")).run()\n```\n');
    const text = await eventually("a reply", async () => {
      const now = await readFile(file, "utf8");
      return /^#### 👍.* to agent at \d\d:\d\d:\d\d \(/m.test(now) ? now : undefined;
    });
    expect(fromMarkdown(text)).toEqual(expected);
    const reply = /^#### 👍[^]*?^```JSON\n([^]*?)\n```$/m.exec(text)?.[1] ?? "{}";
    expect(fromResults(JSON.parse(reply) as Results)).toEqual(expected);
  });

  test("POST /tests/run answers with the results when it may wait", async () => {
    const { results } = (await api("/tests/run", { waitMs: 50_000 })) as { results: Results };
    expect(fromResults(results)).toEqual(expected);
  });

  test("GET /tests/{runId} tells the progress and, at the end, the results", async () => {
    const begun = (await api("/tests/run", { instance: name })) as {
      runId: string;
      files: string[];
    };
    expect(begun.files).toEqual([
      "/money.test.js",
      "/nested.test.js",
      "/queue.test.js",
      "/text.test.js",
    ]);
    const { results } = await eventually("the end of the run", async () => {
      const run = (await api(`/tests/${begun.runId}`)) as { state: string; results: Results };
      return run.state === "done" ? run : undefined;
    });
    expect(fromResults(results)).toEqual(expected);
  });

  test("the command line finds the server, prints the results and ends with 1 for the failures", async () => {
    const tests = repl("--test");
    expect(await tests.ended).toBe(1);
    expect(fromMarkdown(tests.out())).toEqual(expected);
    const { pass, fail, skip } = expected;
    expect(tests.out().trimEnd().split("\n").at(-1)).toMatch(
      new RegExp(`^✓ ${pass} pass, ✗ ${fail} fail, ⊙ ${skip} skip \\([\\d.,]+m?s\\)$`),
    );
    expect(tests.err()).toBe("");
    expect(await readFile(path.join(root, "daebug", `${name}.md`), "utf8")).toContain(
      `## Test Results: ${pass} pass, ${fail} fail, ${skip} skip`,
    );
  });

  test("the command line ends with 0 for a part that passes", async () => {
    await writeFile(
      path.join(root, "good.test.js"),
      "import test from 'node:test';\ntest('good', () => {});\n",
    );
    const tests = repl("--test", "good.test.js", "--page", name.slice(0, 5));
    expect(await tests.ended).toBe(0);
    await rm(path.join(root, "good.test.js"));
    expect(tests.out()).toMatch(/^✓ 1 pass, ✗ 0 fail, ⊙ 0 skip \(\d+ms\)\n$/m);
  });
});

test("Ctrl-C ends the server at once, also while a page is connected", async () => {
  const server = repl("--port", String(await freePort()));
  const url = await eventually("the address", () => /^ +pages +(\S+)$/m.exec(server.out())?.[1]);
  await (await context.newPage()).goto(url);
  await eventually("the page", () => server.out().includes(`${root}/daebug/`));
  const began = performance.now();
  server.child.kill("SIGINT");
  expect(await server.ended).toBe(0);
  // A page that was lost is waited for five seconds, but not by a server that ends.
  expect(performance.now() - began).toBeLessThan(4000);
});

test("a second server of a folder takes over, and the first one says why it ends", async () => {
  const port = String(await freePort());
  const first = repl("--port", port);
  await eventually("the first server", () => first.out().includes("pages"));
  const second = repl("--port", port);
  expect(await first.ended).toBe(0);
  expect(first.out()).toContain("Stopped by the marker in daebug.md");
  await eventually("the second server", () => second.out().includes("pages"));
  const answer = await fetch(`http://localhost:${port}/nothing/`);
  expect([answer.status, await answer.text()]).toEqual([
    404,
    expect.stringMatching(/^There is no index\.html here/),
  ]);
});

test("without a page the command line can be ended in order, and without files it starts nothing", async () => {
  const port = String(await freePort());
  const waiting = repl("--test", "--port", port);
  await eventually("the address", () => waiting.out().includes("Open http"));
  const began = performance.now();
  waiting.child.kill("SIGINT");
  expect(await waiting.ended).toBe(1);
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(await readFile(path.join(root, "daebug.md"), "utf8")).toContain("SERVER SHUT DOWN");
  const nothing = repl("--test", "none/*.js", "--port", port);
  expect(await nothing.ended).toBe(1);
  expect([nothing.out(), nothing.err()]).toEqual([
    "",
    `No test file matches none/*.js in ${root}\n`,
  ]);
});

test("without a server the command line starts one, waits for a page and gives the same numbers", async () => {
  const tests = repl("--test", "--port", String(await freePort()));
  const [, url = ""] = await eventually("the address", () =>
    /^Open (http:\S+) in a browser within 30 s/m.exec(tests.out()),
  );
  await (await context.newPage()).goto(url);
  expect(await tests.ended).toBe(1);
  expect(fromMarkdown(tests.out())).toEqual(expected);
  const { pass, fail, skip } = expected;
  expect(tests.out()).toMatch(
    new RegExp(`^✓ ${pass} pass, ✗ ${fail} fail, ⊙ ${skip} skip \\([\\d.,]+m?s\\)\n$`, "m"),
  );
  expect(await readFile(path.join(root, "daebug.md"), "utf8")).toContain("SERVER SHUT DOWN");
});
