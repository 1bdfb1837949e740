/** Blocks in every kind of realm of a page: companion worker, the app's own workers, frames. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import type { Realm, Run } from "../../src/protocol/model.ts";
import { eventually } from "../support/eventually.ts";
import { useSessionPages } from "../support/session-pages.ts";

const html = (body: string): string =>
  `<!doctype html><html><head><title>Shop</title></head><body>${body}</body></html>`;

const app = {
  "index.html": html(
    '<h1>Shop</h1><iframe src="/frame.html"></iframe><script type="module" src="/src/main.ts"></script>',
  ),
  "frame.html": html('<p>frame</p><iframe src="/inner.html"></iframe>'),
  "inner.html": html("<p>inner</p>"),
  "plain.html": html("<h1>Plain</h1>"),
  "public/sw.js": "",
  "src/store.ts": "export const store: { count: number } = { count: 40 };\n",
  "src/main.ts": `import Pool from "./pool.worker?worker";
const messages: unknown[] = [];
const counter = new Worker(new URL("./counter.ts", import.meta.url), { type: "module", name: "Counter One" });
counter.onmessage = ({ data }) => messages.push(data);
counter.postMessage("first");
new Worker(new URL("./old.js", import.meta.url));
new SharedWorker(new URL("./hub.ts", import.meta.url), { type: "module" });
new Pool();
Object.assign(globalThis, { messages, isWorker: counter instanceof Worker });
`,
  "src/counter.ts": `import { store } from "./store";
const early = "-vitrine" in globalThis;
console.log("counter is here");
self.onmessage = ({ data }) => self.postMessage({ data, count: ++store.count, early });
new Worker(new URL("./nested.ts", import.meta.url), { type: "module" });
`,
  "src/nested.ts": "export {};\n",
  "src/pool.worker.ts": "export const pool: number = 1;\n",
  "src/old.js": "var old = 7;\n",
  "src/hub.ts": "self.addEventListener('connect', () => {});\n",
};

const shop = useSessionPages(app, "shop");
const { realms } = shop;

async function open(address = ""): Promise<Realm> {
  const known = new Set(realms().map(({ id }) => id));
  await shop.page.goto(shop.session.url + address);
  return eventually("the page's realm", () =>
    realms().find(({ id, kind, state }) => kind === "page" && state === "idle" && !known.has(id)),
  );
}

function realmNamed(name: string): Promise<Realm> {
  return eventually(`the realm ${name}`, () =>
    realms().find((realm) => realm.name === name && realm.state !== "away"),
  );
}

async function run(code: string, realm: string): Promise<Run & { text: string }> {
  const file = path.join(shop.root, "tour.md");
  const text = `# Tour\n\n\`\`\`ts realm=${realm}\n${code}\n\`\`\`\n`;
  await writeFile(file, text);
  const ended = await shop.server.run({ file, text, block: 0 });
  return { ...ended, text: await readFile(file, "utf8") };
}

test("a block in the companion worker: made when it is asked for, with scope, imports, console and error places", async () => {
  const { name } = await open("plain.html");
  expect(realms().filter(({ state }) => state === "idle")).toHaveLength(1);
  const first = await run(
    'import { store } from "./src/store";\nconst kept: number = store.count + 2;\nconsole.debug("in worker");\n[kept, typeof document, location.href.endsWith("-vitrine/worker.js"), new URL(import.meta.url).pathname]',
    "worker",
  );
  expect(first).toMatchObject({ state: "ok", realm: `${name}-webworker`, realmKind: "worker" });
  expect(first.text).toMatch(/42,\s+"undefined",\s+true/);
  expect(first.text).toContain("realm=worker");
  expect(first.text).toContain("in worker");
  expect(await realmNamed(`${name}-webworker`)).toMatchObject({
    kind: "worker",
    parent: name,
    url: `worker://${name}-webworker`,
  });
  expect(await run("kept", `${name}-webworker`)).toMatchObject({ state: "ok", summary: "42" });
  const failed = await run("const a: number = 1;\n(undefined as any).boom();", "worker");
  expect(failed).toMatchObject({
    state: "error",
    problems: [
      expect.objectContaining({ file: path.join(shop.root, "tour.md"), line: 5, column: 20 }),
    ],
  });
  await run('setTimeout(() => { throw new Error("late in worker") });', "worker");
  const line = await eventually("the uncaught error", () =>
    shop.server.console.find(({ text }) => text.includes("late in worker")),
  );
  expect(line.realm).toBe(`${name}-webworker`);
});

test("the app's own workers are realms of their page, without a trace for the app", async () => {
  const { name } = await open();
  const counter = await realmNamed(`${name}-counter-one`);
  expect(counter).toMatchObject({ kind: "worker", parent: name, title: "Counter One" });
  expect(
    await run(
      'import { store } from "./src/store";\n[store.count, typeof importScripts]',
      counter.name,
    ),
  ).toMatchObject({ state: "ok", summary: "[" });
  expect((await run('(await import("./src/store")).store.count += 10', counter.name)).summary).toBe(
    "51",
  );
  await shop.page.waitForFunction("messages.length > 0");
  expect(await shop.page.evaluate("[isWorker, messages]")).toEqual([
    true,
    [{ data: "first", count: 41, early: true }],
  ]);
  expect(shop.server.console).toContainEqual(
    expect.objectContaining({ realm: counter.name, text: "counter is here" }),
  );
  expect(await realmNamed(`${name}-pool-worker`)).toMatchObject({ parent: name });
  expect(await realmNamed(`${name}-counter-one-nested`)).toMatchObject({ parent: counter.name });
  await realmNamed(`${name}-old`);
  expect(await run("old", `${name}-old`)).toMatchObject({ state: "ok", summary: "7" });
  const hub = await realmNamed("hub");
  expect(hub.parent).toBeUndefined();
  expect(await run('"onconnect" in globalThis', "hub")).toMatchObject({ summary: "true" });
});

test("frames of the app are children of their page, nested ones too", async () => {
  const { name } = await open();
  const frames = await eventually("both frames", () => {
    const found = realms().filter(({ kind, state }) => kind === "iframe" && state === "idle");
    return found.length === 2 ? found : undefined;
  });
  expect(frames.map((frame) => [frame.name, frame.parent]).toSorted()).toEqual([
    [`${name}-frame-1`, name],
    [`${name}-frame-2`, name],
  ]);
  for (const frame of frames) {
    const { pathname } = new URL(frame.url);
    expect(await run("location.pathname", frame.name)).toMatchObject({
      realm: frame.name,
      summary: JSON.stringify(pathname),
    });
  }
  expect(await run("[parent === top, document.title]", "iframe")).toMatchObject({ state: "ok" });
  expect((await run("document.body.textContent", "iframe")).realm).toMatch(/-frame-[12]$/);
});

test("a reload keeps name and instance of page and workers; a duplicated tab has another name", async () => {
  const { name, id } = await open();
  const before = [await realmNamed(`${name}-counter-one`), await realmNamed(`${name}-frame-1`)];
  await shop.page.reload();
  await shop.page.waitForFunction("globalThis.messages?.length > 0");
  const after = await eventually("the realms to come back", () => {
    const found = [name, `${name}-counter-one`, `${name}-frame-1`].map((one) =>
      realms().find((realm) => realm.name === one && realm.state === "idle"),
    );
    return found.every((one) => one !== undefined) ? found : undefined;
  });
  expect(after.map((realm) => realm?.id)).toEqual([id, ...before.map((realm) => realm.id)]);
  await shop.page.evaluate("void window.open('/plain.html')");
  const copy = await eventually("the copy", () =>
    realms().find((realm) => realm.kind === "page" && realm.id !== id && realm.state === "idle"),
  );
  expect(copy.name).toBe(`${name}-2`);
  expect(await run("location.pathname", "page")).toMatchObject({ realm: copy.name });
  expect(await run("1", "worker")).toMatchObject({ realm: `${name}-2-webworker` });
});

test("service workers are listed, and a block in one is refused", async () => {
  await open("plain.html");
  await shop.page.evaluate("navigator.serviceWorker.register('/sw.js')");
  const worker = await realmNamed("service-worker-sw");
  expect(worker).toMatchObject({ kind: "service-worker", url: `${shop.session.url}sw.js` });
  expect(await run("1", worker.name)).toMatchObject({
    state: "error",
    summary:
      "service-worker-sw is a service worker, and blocks do not run in one. Choose a page or a worker",
  });
  await shop.page.evaluate(
    "navigator.serviceWorker.getRegistration().then((found) => found.unregister())",
  );
  await eventually("the worker to go", () =>
    realms().every(({ kind }) => kind !== "service-worker"),
  );
});

test("a name that nobody has is answered with the names that are live", async () => {
  const { name } = await open("plain.html");
  expect((await run("1", "no-such-realm")).summary).toBe(
    `There is no realm no-such-realm. Live now: ${name}`,
  );
  expect((await run("1", "iframe")).summary).toBe(
    `No page shows a frame of the application. Live now: ${name}`,
  );
});
