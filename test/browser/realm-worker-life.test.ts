/** Companion workers that hang, are stopped, or cannot be made. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import type { Realm, Run } from "../../src/protocol/model.ts";
import { eventually } from "../support/eventually.ts";
import { useSessionPages } from "../support/session-pages.ts";

/** Ms: ping, silence, good. A browser on a busy machine still answers within the silence. */
const heartbeat = "200 800 60000";

const shop = useSessionPages({
  "index.html": "<!doctype html><html><head></head><body><h1>Shop</h1></body></html>",
  "strict.html":
    "<!doctype html><html><head><meta http-equiv='content-security-policy' content=\"worker-src 'none'\"></head><body></body></html>",
});
const { realms } = shop;
let files = 0;

/** Opens a page whose heart beats as fast as a test wants it. */
async function open(beat: string, address = ""): Promise<Realm> {
  // A changed document would not count as one of this machine, and the browser would refuse its sockets.
  await shop.page.addInitScript((value) => {
    const { getAttribute } = Element.prototype;
    Element.prototype.getAttribute = function (name) {
      return name === "data-vitrine-heartbeat" ? value : getAttribute.call(this, name);
    };
  }, beat);
  await shop.page.goto(shop.session.url + address);
  return eventually("the page's realm", () =>
    realms().find(({ kind, state }) => kind === "page" && state === "idle"),
  );
}

async function start(code: string, realm: string): Promise<string> {
  const file = path.join(shop.root, `${files++}.md`);
  const text = `\`\`\`js realm=${realm}\n${code}\n\`\`\`\n`;
  await writeFile(file, text);
  return (await shop.server.methods.runBlock({ file, text, block: 0 })).id;
}

function ended(id: string): Promise<Run> {
  return eventually("the run to end", () => {
    const run = shop.server.runs.get(id);
    return run === undefined || run.state === "running" ? undefined : run;
  });
}

const run = async (code: string, realm: string): Promise<Run> => ended(await start(code, realm));

test("a hung worker is ended and made anew under its name, and its block is not run again", async () => {
  const { name } = await open(heartbeat);
  expect(await run("globalThis.first = true", "worker")).toMatchObject({ state: "ok" });
  const worker = realms().find(({ kind }) => kind === "worker");
  const begin = performance.now();
  const hung = await start("console.log('once'); for (;;);", "worker");
  const waiting = await start("[typeof first, self.name]", "worker");
  expect(await ended(hung)).toMatchObject({
    state: "error",
    realm: `${name}-webworker`,
    summary: expect.stringMatching(/^worker unresponsive for \d+ms, restarted$/),
  });
  expect(performance.now() - begin).toBeLessThan(15_000);
  // The next block was accepted for the worker of that name, and runs in it.
  expect(await ended(waiting)).toMatchObject({ state: "ok", realm: `${name}-webworker` });
  expect(realms().find(({ kind }) => kind === "worker")).toMatchObject({
    id: worker?.id,
    name: worker?.name,
  });
  expect(shop.server.console.filter(({ text }) => text === "once")).toHaveLength(1);
});

test("stopping a block restarts its worker", async () => {
  await open("10000 20000 60000");
  await run("globalThis.first = true", "worker");
  const endless = await start("for (;;);", "worker");
  await eventually("the worker to run", () =>
    realms().some(({ kind, state }) => kind === "worker" && state === "running"),
  );
  await shop.server.methods.stopRun(endless);
  expect(await ended(endless)).toMatchObject({
    state: "cancelled",
    summary: "Stopped. The worker was restarted; its bindings are gone",
  });
  expect(await run("typeof first", "worker")).toMatchObject({
    state: "ok",
    summary: '"undefined"',
  });
});

test("a worker that hangs five times is gone, with a sentence that says why", async () => {
  const { name } = await open("100 500 60000");
  for (let creation = 1; creation <= 4; creation++) {
    expect(await run("for (;;);", "worker")).toMatchObject({
      summary: expect.stringMatching(/restarted$/),
    });
  }
  expect(await run("for (;;);", "worker")).toMatchObject({
    state: "error",
    summary: expect.stringMatching(
      /^worker unresponsive for \d+ms, not restarted again before its page is reloaded$/,
    ),
  });
  await eventually("no worker", () => realms().every(({ kind }) => kind !== "worker"));
  expect(await run("1", "worker")).toMatchObject({
    summary: "The worker of this page stopped answering 5 times. Reload the page to start it again",
  });
  expect(shop.server.logs.map(({ message }) => message)).toContain(
    `${name}-webworker was restarted 3 times in a minute`,
  );
  await shop.page.reload();
  expect(await run("1", "worker")).toMatchObject({ state: "ok", realm: `${name}-webworker` });
});

test("a worker that answers is left alone, and long enough forgets earlier restarts", async () => {
  await open("50 300 400");
  for (let hang = 0; hang < 6; hang++) {
    expect(await run("for (;;);", "worker")).toMatchObject({
      summary: expect.stringMatching(/restarted$/),
    });
    expect(
      await run("await new Promise((done) => setTimeout(done, 700)); self.name", "worker"),
    ).toMatchObject({ state: "ok" });
  }
});

test("a page that may not have workers says so and works on", async () => {
  await open(heartbeat, "strict.html");
  expect(await run("1", "worker")).toMatchObject({
    state: "error",
    summary:
      "The worker of this page could not be started. Check worker-src and script-src of the page's content policy",
  });
  expect(await run("1 + 1", "page")).toMatchObject({ state: "ok", summary: "2" });
});
