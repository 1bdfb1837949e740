/** Module packs in a real Chromium, compared with the same app over plain HTTP. */
import { readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { PACK_ROUTE, PACKS_GLOBAL } from "../../src/protocol/packs.ts";
import { eventually } from "../support/eventually.ts";
import { installedPackage } from "../support/packages.ts";
import { semanticsApp } from "../support/semantics-app.ts";
import { removeTree, startServer, writeTree, type TestServer } from "../support/server.ts";
import { launchBrowser } from "../vscode/browser.ts";

let browser: Browser;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
});
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});
afterAll(() => browser?.close());

interface App {
  readonly root: string;
  readonly server: TestServer;
  readonly url: string;
  edit(name: string, from: string, to: string): Promise<void>;
}

async function openApp(
  files: Readonly<Record<string, string>>,
  config: Parameters<typeof startServer>[0]["config"] = {},
  vite?: string,
): Promise<App> {
  const root = await writeTree(files);
  if (vite !== undefined)
    await symlink(await installedPackage("vite", vite), path.join(root, "node_modules"));
  opened.push({ close: () => removeTree(root) });
  const server = await startServer({ folders: [root], config });
  opened.push({ close: () => server.stop() });
  const { id } = await server.methods.openSession(root);
  const { url } = await server.sessionIs(id, "live");
  const edit = async (name: string, from: string, to: string): Promise<void> => {
    const file = path.join(root, name);
    await writeFile(file, (await readFile(file, "utf8")).replace(from, to));
  };
  return { root, server, url, edit };
}

interface Visit {
  readonly page: Page;
  /** Paths with their queries of everything the page asked for. */
  readonly requests: string[];
}

async function visit(url: string, before?: (page: Page) => Promise<unknown>): Promise<Visit> {
  const page = await browser.newPage();
  opened.push({ close: () => page.close() });
  const requests: string[] = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    requests.push(pathname + search);
  });
  await before?.(page);
  await page.goto(url);
  return { page, requests };
}

const isPack = (request: string): boolean => request.includes(PACK_ROUTE);
const isModule = (request: string): boolean =>
  /\.(?:[jt]sx?|mjs|vue|css|json)(?:$|\?)|@vite\/client|@react-refresh/.test(request) &&
  !request.includes("-vitrine/") &&
  // Workers have modules of their own.
  !/worker|work\.ts|env\.mjs/.test(request);
const evaluated = (page: Page): Promise<string[]> =>
  page.evaluate(() => (globalThis as unknown as { evaluated: string[] }).evaluated);
const isPacked = (page: Page): Promise<boolean> =>
  page.evaluate(
    (name) =>
      (globalThis as unknown as Record<string, { started?: boolean } | undefined>)[name]
        ?.started === true,
    PACKS_GLOBAL,
  );

async function seen(page: Page): Promise<Record<string, unknown>> {
  await page.locator("#state", { hasText: "done" }).waitFor();
  // Scripts are done before the document is, and it notes that too.
  await page.waitForFunction(() => document.readyState === "complete");
  return page.evaluate(() => (globalThis as unknown as { seen: Record<string, unknown> }).seen);
}

describe("the semantics of modules", () => {
  test("are those of the same page over HTTP, every module is evaluated once, and none is asked for", async () => {
    const app = await openApp(semanticsApp());
    const packed = await visit(app.url);
    const plain = await visit(`${app.url}?__vt=0`);
    const [ours, theirs] = [await seen(packed.page), await seen(plain.page)];
    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject({
      cycle: ["a", "ba"],
      live: [1, 2, true],
      waited: [3, "begin,sibling,end,parent"],
      names: ["default", "hello!"],
      template: "named",
      missingName: { name: "SyntaxError" },
      failingAgain: { name: "RangeError" },
      worker: 21,
    });
    expect(await isPacked(packed.page)).toBe(true);
    const modules = await evaluated(packed.page);
    expect(modules).toHaveLength(new Set(modules).size);
    expect(modules.toSorted()).toEqual((await evaluated(plain.page)).toSorted());
    expect(
      packed.requests.filter(isModule).filter((name) => !name.startsWith("/src/absent.ts")),
    ).toEqual([]);
    expect(plain.requests.filter(isPack)).toEqual([]);
  });

  test.each(["6.4.6", "7.3.8"])("are the same in packs of Vite %s", async (version) => {
    const app = await openApp(semanticsApp(), {}, version);
    const packed = await visit(app.url);
    const plain = await visit(`${app.url}?__vt=0`);
    expect(await seen(packed.page)).toEqual(await seen(plain.page));
    expect(await isPacked(packed.page)).toBe(true);
  });

  test("hold below a base", async () => {
    const app = await openApp(
      semanticsApp({ "vite.config.js": "export default { base: '/below/' };" }),
    );
    const packed = await visit(app.url);
    const plain = await visit(`${app.url}?__vt=0`);
    expect(await seen(packed.page)).toEqual(await seen(plain.page));
    expect(await isPacked(packed.page)).toBe(true);
    expect(packed.requests.filter(isPack).every((name) => name.startsWith("/below/"))).toBe(true);
  });
});

const lazyApp = {
  "package.json": '{ "name": "lazy", "type": "module" }',
  "index.html": '<!doctype html><p id="out"></p><script type="module" src="/src/main.ts"></script>',
  "src/main.ts": `
(globalThis.evaluated ??= []).push("main");
import { shared } from "./shared.ts";
import { label } from "./label.ts";
const show = (text) => { document.querySelector("#out").textContent = text; };
show(label + shared.count);
globalThis.lazy = () => import("./lazy.ts").then(({ value }) => value);
import.meta.hot.accept("./label.ts", (next) => next && show(next.label + shared.count));
`,
  "src/shared.ts":
    '(globalThis.evaluated ??= []).push("shared");\nexport const shared = { count: 0 };',
  "src/label.ts": 'export const label = "one ";',
  "src/lazy.ts":
    'import { shared } from "./shared.ts";\n(globalThis.evaluated ??= []).push("lazy");\nexport const value = "lazy " + ++shared.count;',
};
const lazy = (page: Page): Promise<string> =>
  page.evaluate(() => (globalThis as unknown as { lazy(): Promise<string> }).lazy());

describe("updates", () => {
  test("reach a page that was made before the save and connected after it", async () => {
    const app = await openApp(lazyApp);
    const witness = await visit(app.url);
    await witness.page.locator("#out", { hasText: "one 0" }).waitFor();
    const page = await browser.newPage();
    // The page is there, and hears nothing yet.
    await page.routeWebSocket(
      ({ search }) => search.includes("token="),
      async (socket) => {
        await page.locator("#out", { hasText: "one 0" }).waitFor();
        await app.edit("src/label.ts", "one", "two");
        await witness.page.locator("#out", { hasText: "two 0" }).waitFor();
        socket.connectToServer();
      },
    );
    await page.goto(app.url);
    await page.locator("#out", { hasText: "two 0" }).waitFor();
    await page.close();
  });

  test("carry their code, keep the instances of what did not change, and reach pages of every age", async () => {
    const app = await openApp(lazyApp);
    const old = await visit(app.url);
    await old.page.locator("#out", { hasText: "one 0" }).waitFor();
    expect(await lazy(old.page)).toBe("lazy 1");
    old.requests.length = 0;
    await app.edit("src/label.ts", "one", "two");
    await old.page.locator("#out", { hasText: "two 1" }).waitFor();
    const young = await visit(app.url);
    await young.page.locator("#out", { hasText: "two 0" }).waitFor();
    await app.edit("src/label.ts", "two", "three");
    await old.page.locator("#out", { hasText: "three 1" }).waitFor();
    await young.page.locator("#out", { hasText: "three 0" }).waitFor();
    expect(old.requests.filter(isModule)).toEqual([]);
    expect(await lazy(young.page)).toBe("lazy 1");
    expect(await evaluated(old.page)).toEqual(["shared", "main", "lazy"]);
    expect(await evaluated(young.page)).toEqual(["shared", "main", "lazy"]);
  });

  test("of a module that the page has not loaded yet are in what it loads later", async () => {
    const app = await openApp(lazyApp);
    const { page } = await visit(app.url);
    await page.locator("#out", { hasText: "one 0" }).waitFor();
    await app.edit("src/lazy.ts", '"lazy "', '"later "');
    await eventually("the new text", async () =>
      (await page.request.get(`${app.url}src/lazy.ts`))
        .text()
        .then((text) => text.includes("later")),
    );
    expect(await lazy(page)).toBe("later 1");
  });

  test("with an error change nothing, and the one after it is shown", async () => {
    const app = await openApp(lazyApp);
    const { page } = await visit(app.url);
    await page.locator("#out", { hasText: "one 0" }).waitFor();
    await app.edit("src/label.ts", "export const", "export const = ");
    await eventually("the problem", () => app.server.sessions[0]?.problems.length === 1);
    await app.edit("src/label.ts", "export const = ", "export const");
    await app.edit("src/label.ts", "one", "two");
    await page.locator("#out", { hasText: "two 0" }).waitFor();
    expect(await evaluated(page)).toEqual(["shared", "main"]);
    await eventually("no problem", () => app.server.sessions[0]?.problems.length === 0);
  });
});

describe("a page runs over HTTP as a whole", () => {
  const works = async ({ page, requests }: Visit): Promise<void> => {
    await page.locator("#out", { hasText: "one 0" }).waitFor();
    expect(await evaluated(page)).toEqual(["shared", "main"]);
    expect(requests.filter(isModule)).toContain("/src/label.ts");
    expect(await isPacked(page)).toBe(false);
  };

  test("when it asks for it, and when the setting says so", async () => {
    const app = await openApp(lazyApp);
    const asking = await visit(`${app.url}?__vt=0`);
    await works(asking);
    expect(asking.requests.filter(isPack)).toEqual([]);
    const off = await openApp(lazyApp, { streaming: "off" });
    const plain = await visit(off.url);
    await works(plain);
    expect(plain.requests.filter(isPack)).toEqual([]);
  });

  test("when its packs do not arrive or do not run", async () => {
    const app = await openApp(lazyApp);
    await works(
      await visit(app.url, (page) => page.route(`**/${PACK_ROUTE}*`, (route) => route.abort())),
    );
    const broken = { contentType: "text/javascript", body: "this is no script" };
    await works(
      await visit(app.url, (page) =>
        page.route(`**/${PACK_ROUTE}*`, (route) => route.fulfill(broken)),
      ),
    );
  });

  test("when its policy forbids scripts of its own origin that have no nonce", async () => {
    const policy = "script-src 'nonce-abc' 'strict-dynamic'";
    const html = lazyApp["index.html"].replace(
      "<p",
      `<meta http-equiv="Content-Security-Policy" content="${policy}"><p`,
    );
    const app = await openApp({
      ...lazyApp,
      "index.html": html,
      "vite.config.js": "export default { html: { cspNonce: 'abc' } };",
    });
    const { page } = await visit(app.url);
    await page.locator("#out", { hasText: "one 0" }).waitFor();
    expect(await evaluated(page)).toEqual(["shared", "main"]);
  });

  test("when a module of it cannot be transformed, and is packed again when it can", async () => {
    const app = await openApp({ ...lazyApp, "src/label.ts": "export const = 1;" });
    const { page, requests } = await visit(app.url);
    await eventually("the module's request", () => requests.includes("/src/label.ts"));
    await app.edit("src/label.ts", "export const = 1;", lazyApp["src/label.ts"]);
    await page.reload();
    await page.locator("#out", { hasText: "one 0" }).waitFor();
    expect(await isPacked(page)).toBe(true);
  });
});
