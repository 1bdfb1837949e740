import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { countLines } from "../support/lines.ts";
import { startRealmPages, type RealmPages } from "../support/realm-pages.ts";

let pages: RealmPages;

beforeAll(async () => {
  pages = await startRealmPages();
});
afterEach(() => pages.closeAll());
afterAll(() => pages.stop());

const bind = (specifier: string, names: Record<string, string>): string =>
  `await __vitrine.bind(__scope, ${JSON.stringify(specifier)}, ${JSON.stringify(names)});`;

test("blocks run below the public base, share a scope, and declare again, under a policy of script-src 'self'", async () => {
  const { realm } = await pages.openRealm({
    base: "/proxy/5173/",
    headers: { "content-security-policy": "script-src 'self'" },
  });
  expect(await realm.value(`__vitrine.declare(__scope, ["a"]); a = { n: 1 }; return a`)).toEqual({
    n: 1,
  });
  expect(await realm.value("a.n += 1; return [a.n, typeof this, this === globalThis]")).toEqual([
    2,
    "object",
    true,
  ]);
  expect(await realm.value(`__vitrine.declare(__scope, ["a"]); a = 7; return a`)).toBe(7);
  expect(await realm.value("return typeof a", { scope: "other.md" })).toBe("undefined");
  expect(await realm.value("return document.querySelectorAll('script[src*=block]').length")).toBe(
    1,
  );
  expect((await realm.run("return undefined")).value).toEqual({ kind: "undefined" });
});

test("imports are the page's own instances, live, and resolved by the server when they were not resolved ahead", async () => {
  const { server, realm } = await pages.openRealm({
    head: `<script type="module" src="/store.js"></script>`,
  });
  server.files.set("/store.js", {
    type: "text/javascript",
    body: "export let n = 1; export const grow = () => { n += 1; }; globalThis.grow = grow;",
  });
  server.files.set("/cjs.js", {
    type: "text/javascript",
    body: "export default { useState: 's' };",
  });
  const imports = [{ specifier: "./store", url: "/store.js", interop: false }];
  expect(
    await realm.value(
      `${bind("./store", { n: "n", grow: "grow" })} return grow === globalThis.grow && n`,
      { imports },
    ),
  ).toBe(1);
  expect(await realm.value("globalThis.grow(); return n")).toBe(2);
  const value = realm.value(
    `${bind("react", { useState: "useState", React: "default" })} return [useState, React]`,
  );
  const ask = await realm.next("resolve");
  expect(ask).toMatchObject({ file: "/notes.md", specifier: "react" });
  realm.send({
    type: "resolved",
    ask: ask.ask,
    result: { specifier: "react", url: "/cjs.js", interop: true },
  });
  expect(await value).toEqual(["s", { useState: "s" }]);
  const missing = realm.run(bind("./nothing", {}));
  const second = await realm.next("resolve");
  realm.send({
    type: "resolved",
    ask: second.ask,
    result: { specifier: "./nothing", url: "", interop: false, error: "no such file" },
  });
  expect((await missing).error?.message).toBe("no such file");
});

test("errors of a block name its script: thrown, not parsed, not loaded", async () => {
  const { realm } = await pages.openRealm();
  const thrown = await realm.run("null.x");
  expect(thrown.error).toMatchObject({
    name: "TypeError",
    stack: expect.stringMatching(/\/-vitrine\/block\/job\d+\.js:1:\d+/),
  });
  const parsed = await realm.run("", { code: "let a = 1;\nlet b = = 2;" });
  expect(parsed.error).toMatchObject({
    name: "SyntaxError",
    stack: expect.stringMatching(/job\d+\.js:2:9$/),
  });
  expect((await realm.run("", { code: "" })).error?.message).toContain("could not be loaded");
  expect((await realm.run("", { code: "1" })).error?.message).toContain("did not run a block");
  expect(realm.messages.filter(({ type }) => type === "uncaught")).toEqual([]);
});

test("a page that allows inline scripts is not asked to load its blocks, and they keep their addresses", async () => {
  const { realm, page } = await pages.openRealm({ inline: true });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  expect(
    await realm.value(`__vitrine.declare(__scope, ["a"]); a = 7; return [a, typeof this]`),
  ).toEqual([7, "object"]);
  expect((await realm.run("return null.x")).error?.stack).toMatch(
    /\/\/127\.0\.0\.1:\d+\/-vitrine\/block\/job\d+\.js:1:\d+/,
  );
  expect(await realm.value("return document.querySelectorAll('head script').length")).toBe(2);
  expect(asked).toEqual([]);
  const parsed = await realm.run("", { code: "let a = 1;\nlet b = = 2;" });
  expect(parsed.error).toMatchObject({ name: "SyntaxError" });
  expect((await realm.run("", { code: "1" })).error?.message).toContain("did not run a block");
});

test.for(["script-src 'self'", "require-trusted-types-for 'script'; script-src 'self'"])(
  "a page whose server sends another policy than its HTML says loads its blocks after the first try: %s",
  async (policy) => {
    const { realm, page } = await pages.openRealm({
      inline: true,
      headers: { "content-security-policy": policy },
    });
    const refused: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") refused.push(message.text());
    });
    if (policy.startsWith("require")) {
      expect((await realm.run("return 1")).error?.message).toContain("the page refused");
      return;
    }
    expect(await realm.value("return 1")).toBe(1);
    expect(await realm.value("return 2")).toBe(2);
    expect(refused.filter((text) => text.includes("inline"))).toHaveLength(1);
  },
);

test("the console is heard as it is written and works as before, also for a page that patches the platform", async () => {
  const server = await pages.openServer({
    head: `<script>
      const log = console.log;
      console.log = (...args) => log("patched", ...args);
      fetch = XMLHttpRequest = WebSocket = setTimeout = null;
      WebSocket_send = null;
      JSON.parse = () => { throw new Error("no JSON"); };
    </script>`,
  });
  const connected = server.connection();
  const page = await pages.openPage("about:blank");
  const shown = page.waitForEvent("console", {
    predicate: (message) => message.text() === "%s is %d%% it 42 true",
  });
  await page.goto(server.origin);
  const realm = await connected;
  const code = `console.log("%s is %d%%", "it", 42.7, { a: [1] }); console.error(new TypeError("bad")); console.assert(false, "so"); console.info(document.body)`;
  const { events } = await realm.run(code);
  expect(events.map(({ level }) => level)).toEqual(["log", "error", "error", "info"]);
  expect(events[0]?.text).toBe('patched %s is %d%% it 42.7 { "a": [1] }');
  expect(events[1]?.text).toMatch(/^TypeError: bad\n\s+at /);
  expect(events.slice(2).map(({ text }) => text)).toEqual(["Assertion failed so", "<body></body>"]);
  expect(await realm.value(`console.info("%s is %d%%", "it", 42.7, true); return 1`)).toBe(1);
  const lines = realm.messages.flatMap((message) =>
    message.type === "console" ? message.entries : [],
  );
  expect(lines.at(-1)).toMatchObject({
    level: "info",
    text: "it is 42% true",
    job: expect.any(String),
  });
  expect(lines.at(-1)?.stack).toMatch(/^\s+at .*block\/job\d+\.js/);
  await shown;
});

test("100,000 lines are bounded, and every one is shown or counted", async () => {
  // What the browser's tools do with a line takes far longer than what the client does.
  const { realm } = await pages.openRealm({ before: "<script>console.debug = () => {}</script>" });
  const ended = realm.run("for (let line = 0; line < 1e5; line += 1) console.debug(line)");
  for (let told = 0; told < 100_000;) {
    told += countLines(await realm.next("console"));
    expect(told).toBeLessThanOrEqual(100_000);
  }
  const { events, missing } = await ended;
  expect([events[0]?.text, events[1]?.text, events.at(-1)?.text]).toEqual(["0", "1", "99999"]);
  expect(events.length + missing).toBe(100_000);
});

test("a large value is cut and counted", async () => {
  const { realm } = await pages.openRealm();
  const { value } = await realm.run(`return "x".repeat(1e6)`);
  expect(value).toMatchObject({ kind: "json", missing: 1e6 - 256 * 1024 + 2 });
  expect(await realm.value("return [window, document, document.body, new Map([[1, 2]])]")).toEqual([
    "[Window]",
    "[#document]",
    "<body></body>",
    { "[Map]": [[1, 2]] },
  ]);
});

test("uncaught errors, rejections and files that did not load are told", async () => {
  const { realm } = await pages.openRealm({
    head: `<script>setTimeout(() => { throw new RangeError("late") }); Promise.reject("why")</script>`,
    body: `<img src="/none.png">`,
  });
  const errors = [await realm.next("uncaught"), await realm.next("uncaught")].map(
    ({ error, source }) => `${source} ${error.name}: ${error.message}`,
  );
  expect(errors.toSorted()).toEqual([
    "unhandledrejection Unhandled rejection: why",
    "window.onerror RangeError: late",
  ]);
  const { entries } = await realm.next("console");
  expect(entries[0]).toMatchObject({ level: "error", text: "Failed to load <img> /none.png" });
});
