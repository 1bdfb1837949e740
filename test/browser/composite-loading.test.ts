/** How plugins get into the page that shows them: from their dev servers, from what was built of them, or not at all. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openComposite, visit, type Composite } from "../support/composites.ts";
import { eventually } from "../support/eventually.ts";
import { installedPackages } from "../support/packages.ts";
import { viteProgram } from "../support/ui-projects.ts";
import { launchBrowser } from "../vscode/browser.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

const mount = (text: string): string =>
  `export function mount(element) {
  element.textContent = ${JSON.stringify(text)} + " " + (globalThis.mounts = (globalThis.mounts ?? 0) + 1);
}
`;

const files = {
  "shop/index.html":
    '<!doctype html><title>Shop</title><vitrine-plugin name="sales"></vitrine-plugin><script type="module">globalThis.kept = "page";</script>',
  "sales/index.html": "<!doctype html><title>Sales</title>",
  "sales/src/entry.js": 'export { mount } from "./panel.js";\n',
  "sales/src/panel.js": mount("dev one"),
};

const uis = (sales: object = {}): Record<string, object> => ({
  shop: { plugins: ["sales"] },
  sales: { entry: "src/entry.js", ...sales },
});

const kept = (page: Page): Promise<unknown> =>
  page.evaluate(() => (globalThis as unknown as { kept?: string }).kept);

async function stopped(composite: Composite, id: string): Promise<void> {
  await composite.server.methods.stopDevServer(id);
  await composite.server.sessionIs(id, "stopped");
}

/** The same bundle in each format. */
const bundles = {
  esm: mount("built"),
  iife: `var SalesPlugin = (function () { ${mount("built").replace("export", "")} return { mount }; })();`,
  system: `System.register([], function (_export) { return { execute: function () { ${mount("built").replace("export function mount", '_export("mount", function ').replace(/\}\n$/, "})")} } } });`,
};

async function systemLoader(): Promise<string> {
  const modules = await installedPackages(["systemjs@6.15.1"]);
  return readFile(path.join(modules, "systemjs/dist/system.min.js"), "utf8");
}

test.each(["esm", "iife", "system"] as const)(
  "17. Dev import refused (server down) → built bundle (%s) shown; server up → dev version after one action",
  async (format) => {
    const index = files["shop/index.html"].replace(
      "<title>",
      format === "system" ? '<script src="/system.js"></script><title>' : "<title>",
    );
    const composite = await openComposite({
      files: {
        ...files,
        "shop/index.html": index,
        "shop/public/_/sales/entry.js": bundles[format],
        ...(format === "system" ? { "shop/public/system.js": await systemLoader() } : {}),
      },
      projects: uis({ built: { entry: "/_/${id}/entry.js", format } }),
    });
    const url = await composite.open("shop");
    await composite.server.sessionIs("sales", "live");
    await stopped(composite, "sales");
    const { page } = await visit(browser, url);
    await page.getByText("built 1").waitFor();
    await page.getByText("sales: built version. The dev server of sales does not run").waitFor();

    await composite.server.methods.startDevServer("sales");
    await page.getByRole("button", { name: "Show dev version" }).click();
    await page.getByText("dev one 2").waitFor();
    expect(await page.getByText("built").count()).toBe(0);
    expect(await kept(page)).toBe("page");
  },
);

test("the dev server of a built version is started by the same one action", async () => {
  const composite = await openComposite({
    files: { ...files, "shop/public/sales.js": bundles.esm },
    projects: uis({ built: { entry: "/sales.js", format: "esm" } }),
  });
  const url = await composite.open("shop");
  await composite.server.sessionIs("sales", "live");
  await stopped(composite, "sales");
  const { page } = await visit(browser, url);
  await page.getByRole("button", { name: "Start dev server" }).click();
  await page.getByText("dev one 2").waitFor();
});

describe("without a built version", () => {
  test("a broken entry says where it is broken, and is shown when it is mended", async () => {
    const composite = await openComposite({
      files: {
        ...files,
        "sales/src/entry.js": 'export { mount } from "./panel.ts";\n',
        "sales/src/panel.ts": "export const = 1;\n",
      },
      projects: uis(),
    });
    const { page } = await visit(browser, await composite.open("shop"));
    const place = path.join(composite.root, "sales/src/panel.ts");
    await page.getByText(`sales cannot be shown`).waitFor();
    await page.getByText(`${place}:1:`).waitFor();
    expect(await page.getByRole("button", { name: "Restart" }).count()).toBe(1);
    await composite.edit("sales/src/panel.ts", "export const = 1;\n", mount("dev mended"));
    await page.getByText("dev mended 1").waitFor();
    expect(await kept(page)).toBe("page");
  });

  test("a server that does not run is started by the button", async () => {
    const composite = await openComposite({ files, projects: uis() });
    const url = await composite.open("shop");
    await composite.server.sessionIs("sales", "live");
    await stopped(composite, "sales");
    const { page } = await visit(browser, url);
    await page.getByText("The dev server of sales does not run").waitFor();
    await page.getByRole("button", { name: "Restart" }).click();
    await page.getByText("dev one 1").waitFor();
  });

  test("a server that does not answer in time is asked again", async () => {
    const composite = await openComposite({ files, projects: uis() });
    const url = await composite.open("shop");
    const { pid } = await composite.server.sessionIs("sales", "live");
    process.kill(pid, "SIGSTOP");
    const { page } = await visit(browser, url);
    await page.getByText("src/entry.js does not answer").waitFor();
    process.kill(pid, "SIGCONT");
    await page.getByText("dev one 1").waitFor();
  });

  test("a plugin that is no project is named", async () => {
    const composite = await openComposite({ files, projects: { shop: { plugins: ["sales"] } } });
    const { page } = await visit(browser, await composite.open("shop"));
    await page.getByText("There is no project sales; correct ui.plugins").waitFor();
  });
});

describe("a plugin from its dev server", () => {
  test("is shown when the loader comes later than what the server says", async () => {
    const composite = await openComposite({ files, projects: uis() });
    const url = await composite.open("shop");
    await composite.server.sessionIs("sales", "live");
    const realms = () => composite.server.sessions.find(({ id }) => id === "shop")?.realms ?? [];
    const { page } = await visit(browser, url, (opened) =>
      opened.route("**/-vitrine/plugins.js", async (route) => {
        await eventually("the realm", () => realms().some(({ state }) => state === "idle"));
        await route.continue();
      }),
    );
    await page.getByText("dev one 1").waitFor();
  });

  test("that cannot be updated in place is loaded anew, and the page is not", async () => {
    const composite = await openComposite({ files, projects: uis() });
    const { page } = await visit(browser, await composite.open("shop"));
    await page.getByText("dev one 1").waitFor();
    await composite.edit("sales/src/panel.js", "dev one", "dev two");
    await page.getByText("dev two 2").waitFor();
    await composite.edit("sales/src/panel.js", "dev two", "dev three");
    await page.getByText("dev three 3").waitFor();
    expect(await kept(page)).toBe("page");
  });

  test("that is lost stays and is marked, also when its server is there again, until the page is loaded again", async () => {
    const composite = await openComposite({ files, projects: uis() });
    const { page } = await visit(browser, await composite.open("shop"));
    await page.getByText("dev one 1").waitFor();
    // Heard after ours, and whether or not that has held it up.
    await page.evaluate(() => {
      const { navigation } = globalThis as unknown as { navigation: EventTarget };
      navigation.addEventListener("navigate", () => {
        Object.assign(globalThis, { navigated: true });
      });
    });
    const session = await composite.server.sessionIs("sales", "live");
    process.kill(session.pid, "SIGKILL");
    await page.getByText("sales is stale: its dev server was lost").waitFor();
    await eventually("another process", () => {
      const now = composite.server.sessions.find(({ id }) => id === "sales");
      return now?.state.name === "live" && now.pid !== session.pid;
    });
    // Vite's client finds the server again, and wants to reload the page.
    await page.waitForFunction(() => (globalThis as { navigated?: boolean }).navigated);
    await page.getByText("dev one 1").waitFor();
    expect(await kept(page)).toBe("page");
    await page.getByRole("button", { name: "Reload page" }).click();
    await page.getByText("stale").waitFor({ state: "hidden" });
    await page.getByText("dev one 1").waitFor();
    await composite.edit("sales/src/panel.js", "dev one", "dev two");
    await page.getByText("dev two 2").waitFor();
  });

  test("that a command serves comes through the proxy, with its updates", async () => {
    const composite = await openComposite({
      files,
      projects: uis({ runner: "command", command: [process.execPath, viteProgram] }),
    });
    const { page } = await visit(browser, await composite.open("shop"));
    await page.getByText("dev one 1").waitFor();
    await composite.edit("sales/src/panel.js", "dev one", "dev two");
    await page.getByText("dev two 2").waitFor();
    expect(await kept(page)).toBe("page");
  });

  test("shows its own pictures and styles", async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>';
    const composite = await openComposite({
      files: {
        ...files,
        "sales/src/logo.svg": `${svg}<!--${"x".repeat(5000)}-->`,
        "sales/src/panel.css": ".panel { color: rgb(1, 2, 3) }",
        "sales/src/panel.js": `import logo from "./logo.svg";\nimport "./panel.css";
export function mount(element) { element.innerHTML = '<p class="panel">styled</p><img src="' + logo + '">'; }\n`,
      },
      projects: uis(),
    });
    const { page } = await visit(browser, await composite.open("shop"));
    const width = (): Promise<number> =>
      page.locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth);
    await eventually("the picture", async () => (await width()) === 7);
    const color = await page.getByText("styled").evaluate((p) => getComputedStyle(p).color);
    expect(color).toBe("rgb(1, 2, 3)");
  });
});

describe("a new back end", () => {
  const backend = {
    "sales/back.mjs": 'console.log("up"); setInterval(() => {}, 1000);\n',
  };
  const withBackend = (sales: object): Record<string, object> => {
    const { shop = {}, ...rest } = uis(sales);
    return { shop, ...rest };
  };

  test.each(["dev", "built"])(
    "mounts the %s version anew, and the page goes on",
    async (version) => {
      const composite = await openComposite({
        files: { ...files, ...backend, "shop/public/sales.js": bundles.esm },
        projects: withBackend(
          version === "dev"
            ? {}
            : { entry: undefined, built: { entry: "/sales.js", format: "esm" } },
        ),
        backends: {
          sales: {
            build: { command: [process.execPath, "-e", "0"] },
            watch: { include: ["back.mjs"] },
            debounceMs: 50,
            run: { command: [process.execPath, "back.mjs"] },
          },
        },
      });
      const url = await composite.open("shop");
      const state = () => composite.server.devServers.find(({ pluginID }) => pluginID === "sales");
      await eventually("the first back end", () => state()?.backendConnected);
      const first = state()?.generation ?? 0;
      const { page } = await visit(browser, url);
      const shown = version === "dev" ? "dev one" : "built";
      await page.getByText(`${shown} 1`).waitFor();
      await composite.edit("sales/back.mjs", "up", "up again");
      await eventually("the next back end", () => (state()?.generation ?? 0) > first);
      await page.getByText(`${shown} 2`).waitFor();
      expect(await kept(page)).toBe("page");
    },
  );
});

describe("only the pages that show it", () => {
  const asks = (url: string, origin: string, more: object = {}): Promise<Response> =>
    fetch(url, {
      headers: { origin, "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" },
      ...more,
    });

  test("may load modules of a plugin, as long as they are open, and nothing that is ours", async () => {
    const composite = await openComposite({ files, projects: uis() });
    const { origin } = new URL(await composite.open("shop"));
    const { url } = await composite.server.sessionIs("sales", "live");
    const entry = `${url}src/entry.js`;
    const answer = await eventually("the way in", async () => {
      const asked = await asks(entry, origin);
      return asked.ok ? asked : undefined;
    });
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-site");
    const refused = [
      await asks(entry, "http://127.0.0.1:1"),
      await asks(`${url}-vitrine/page.js`, origin),
      await asks(`${url}-vitrine/credential`, origin, { method: "POST" }),
      await asks(`${url}__open-in-editor?file=x`, origin),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403]);

    await composite.server.methods.stopSession("shop");
    await eventually("no way in", async () => (await asks(entry, origin)).status === 403);
    expect((await fetch(url)).headers.get("cross-origin-resource-policy")).toBe("same-origin");
  });
});

describe("where ports are forwarded", () => {
  /** Another name for the same machine is what a window elsewhere would use. */
  const outside = (forwarded: (port: number) => boolean) => ({
    host: {
      externalAddress: async (port: number) =>
        `http://${forwarded(port) ? "localhost" : "127.0.0.1"}:${port}/`,
    },
  });
  const elsewhere = (url: string): string => url.replace("127.0.0.1", "localhost");

  test("a plugin comes by its own forwarded address", async () => {
    const composite = await openComposite({ files, projects: uis(), ...outside(() => true) });
    const url = elsewhere(await composite.open("shop"));
    const { page } = await visit(browser, url);
    await page.getByText("dev one 1").waitFor();
    const names = await page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => name),
    );
    const { port } = await composite.server.sessionIs("sales", "live");
    expect(names).toContain(`http://localhost:${port}/src/entry.js`);
  });

  test("one whose port is not comes as built, and the reason is said", async () => {
    let first = 0;
    const composite = await openComposite({
      files: { ...files, "shop/public/sales.js": bundles.esm },
      projects: uis({ built: { entry: "/sales.js", format: "esm" } }),
      ...outside((port) => port === (first ||= port)),
    });
    const url = elsewhere(await composite.open("shop"));
    const { port } = await composite.server.sessionIs("sales", "live");
    const { page } = await visit(browser, url);
    await page.getByText("built 1").waitFor();
    await page.getByText(`Port ${port} of its dev server is not forwarded`).waitFor();
  });
});
