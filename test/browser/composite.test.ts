/** Composite previews in a real Chromium: a page with plugins of other projects, each from its own dev server. */
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openComposite, visit } from "../support/composites.ts";
import { installedPackages } from "../support/packages.ts";
import { installedTemplate } from "../support/templates.ts";
import { launchBrowser } from "../vscode/browser.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

const config =
  'import react from "@vitejs/plugin-react";\nexport default { plugins: [react()] };\n';
const manifest = (name: string): string => JSON.stringify({ name, type: "module" });

/** A package that is written as ES modules, and one that is not: both have hooks. */
const libraries = {
  "sales/node_modules/lib-esm/package.json": JSON.stringify({
    name: "lib-esm",
    version: "1.0.0",
    type: "module",
    exports: "./index.js",
  }),
  "sales/node_modules/lib-esm/index.js":
    'import React, { useState } from "react";\nexport const react = React;\nexport const useOne = () => useState(1)[0];\n',
  "sales/node_modules/lib-cjs/package.json": JSON.stringify({
    name: "lib-cjs",
    version: "1.0.0",
    main: "./index.js",
  }),
  "sales/node_modules/lib-cjs/index.js":
    'const React = require("react");\nexports.react = React;\nexports.useTwo = () => React.useState(2)[0];\n',
};

const shop = {
  "shop/package.json": manifest("shop"),
  "shop/vite.config.js": config,
  "shop/index.html":
    '<!doctype html><div id="root"></div><script type="module" src="/src/main.jsx"></script>',
  "shop/src/main.jsx": `import React from "react";
import { createRoot } from "react-dom/client";
import { Shell } from "./Shell.jsx";
globalThis.hostReact = React;
createRoot(document.querySelector("#root")).render(<Shell />);
`,
  "shop/src/Shell.jsx": `import { createContext, useState, useSyncExternalStore } from "react";
import { Badge } from "./Badge.jsx";
import { Plugin } from "./Plugin.jsx";
globalThis.Theme ??= createContext("none");
export function Shell() {
  const [count, setCount] = useState(0);
  return <globalThis.Theme.Provider value="dark">
    <h1>Shop one</h1>
    <button id="host" onClick={() => setCount(count + 1)}>host {count}</button>
    {Array.from({ length: count + 1 }, (_, index) => <Badge key={index} />)}
    {vitrine.plugins.map((id) => <Plugin key={id} id={id} />)}
  </globalThis.Theme.Provider>;
}
`,
  "shop/src/Badge.jsx": "export const Badge = () => <i>badge one</i>;\n",
  "shop/src/Plugin.jsx": `import { useCallback, useSyncExternalStore } from "react";
export function Plugin({ id }) {
  const subscribe = useCallback((listener) => vitrine.subscribe(id, listener), [id]);
  const { module, key, state } = useSyncExternalStore(subscribe, () => vitrine.getPlugin(id));
  return <vitrine-plugin name={id} class={state}>{module && <module.Panel key={key} />}</vitrine-plugin>;
}
`,
};

const sales = {
  "sales/package.json": manifest("sales"),
  "sales/vite.config.js": config,
  "sales/index.html":
    '<!doctype html><div id="root"></div><script type="module" src="/src/alone.jsx"></script>',
  "sales/src/alone.jsx": `import { createRoot } from "react-dom/client";
import { Panel } from "./entry.jsx";
createRoot(document.querySelector("#root")).render(<Panel />);
`,
  "sales/src/entry.jsx": 'export { Panel } from "./Panel.jsx";\n',
  "sales/src/Panel.jsx": `import React, { useContext, useState } from "react";
import { react as esm, useOne } from "lib-esm";
import { react as cjs, useTwo } from "lib-cjs";
globalThis.pluginReacts = [React, esm, cjs];
export function Panel() {
  const [count, setCount] = useState(0);
  const theme = globalThis.Theme ? useContext(globalThis.Theme) : "alone";
  return <button id="sales" onClick={() => setCount(count + 1)}>sales {theme} {useOne()} {useTwo()} {count}</button>;
}
`,
};

const broken = {
  "broken/package.json": manifest("broken"),
  "broken/index.html": "<!doctype html>",
  "broken/node_modules/left-pad/package.json": JSON.stringify({ name: "left-pad", main: "x.js" }),
  "broken/node_modules/left-pad/x.js": "exports.pad = () => 1;\n",
  "broken/src/entry.js": 'import { pad } from "left-pad";\nexport const Panel = () => pad();\n',
};

const uis = {
  shop: { plugins: ["sales", "broken"] },
  sales: { entry: "src/entry.jsx", shared: ["react", "react-dom"] },
  broken: { entry: "src/entry.js", shared: ["left-pad"] },
};

const reacts = (page: Page): Promise<readonly boolean[]> =>
  page.evaluate(() => {
    const { hostReact, pluginReacts } = globalThis as unknown as {
      hostReact: object;
      pluginReacts: readonly object[];
    };
    return pluginReacts.map((react) => react === hostReact);
  });

/** Vite 8 bundles dependencies with Rolldown, those before with esbuild. */
async function packagesOf(vite: string): Promise<string> {
  if (vite === "8") return `${await installedTemplate("react-ts")}/node_modules`;
  return installedPackages([
    `vite@${vite}`,
    "react@19.2.0",
    "react-dom@19.2.0",
    "@vitejs/plugin-react@5.1.1",
  ]);
}

test.each(["8", "7.3.8", "5.4.21"])(
  "18. Composite preview: host and plugin see the same React object; hooks work across; missing package → clear error (Vite %s)",
  async (vite) => {
    const composite = await openComposite({
      files: { ...shop, ...sales, ...libraries, ...broken },
      projects: uis,
      modules: await packagesOf(vite),
    });
    const { page } = await visit(browser, await composite.open("shop"));
    await page.getByText("sales dark 1 2 0").click();
    await page.getByText("sales dark 1 2 1").waitFor();
    expect(await reacts(page)).toEqual([true, true, true]);
    await page
      .getByText("The host page does not provide left-pad, which this plugin lists in ui.shared")
      .waitFor();
    await page.getByText("install left-pad in the project of the host page").waitFor();

    // Alone nothing is shared: every copy is the plugin's own, the same for all.
    const alone = await visit(browser, (await composite.server.sessionIs("sales", "live")).url);
    await alone.page.getByText("sales alone 1 2 0").click();
    await alone.page.getByText("sales alone 1 2 1").waitFor();
    const same = await alone.page.evaluate(() => {
      const { pluginReacts } = globalThis as unknown as { pluginReacts: readonly object[] };
      return [new Set(pluginReacts).size, "__VITRINE_SHARED__" in globalThis];
    });
    expect(same).toEqual([1, false]);
  },
);

describe("hot updates", () => {
  const react = {
    files: { ...shop, ...sales, ...libraries },
    projects: { ...uis, shop: { plugins: ["sales"] } },
  };

  test.each(["8", "7.3.8"])(
    "of a plugin keep the host's state and its own, those of the host as well, in turns (Vite %s)",
    async (vite) => {
      const composite = await openComposite({ ...react, modules: await packagesOf(vite) });
      const { page } = await visit(browser, await composite.open("shop"));
      await page.evaluate(() => void Object.assign(globalThis, { kept: true }));
      await page.getByText("sales dark 1 2 0").click();
      await page.getByText("host 0").click();
      await page.getByText("host 1").waitFor();

      await composite.edit("sales/src/Panel.jsx", "sales {", "profit {");
      await page.getByText("profit dark 1 2 1").waitFor();
      await composite.edit("shop/src/Shell.jsx", "Shop one", "Shop two");
      await page.getByText("Shop two").waitFor();
      await composite.edit("shop/src/Badge.jsx", "badge one", "badge two");
      await page.getByText("badge two").first().waitFor();
      await composite.edit("sales/src/Panel.jsx", "profit {", "loss {");
      await page.getByText("loss dark 1 2 1").waitFor();
      // Each refresh runtime knows its own components only: what is mounted now must not be of the first version.
      await page.getByText("host 1").click();
      await page.getByText("host 2").waitFor();
      await page.getByText("Shop two").waitFor();
      expect(await page.locator("i").allTextContents()).toEqual(Array(3).fill("badge two"));
      await page.getByText("loss dark 1 2 1").click();
      await page.getByText("loss dark 1 2 2").waitFor();
      expect(await page.evaluate(() => (globalThis as { kept?: boolean }).kept)).toBe(true);
    },
  );

  test("reach plugins of a page that runs over HTTP", async () => {
    const composite = await openComposite({
      ...react,
      modules: await packagesOf("8"),
      config: { streaming: "off" },
    });
    const { page } = await visit(browser, await composite.open("shop"));
    await page.getByText("sales dark 1 2 0").click();
    await composite.edit("sales/src/Panel.jsx", "sales {", "profit {");
    await page.getByText("profit dark 1 2 1").waitFor();
    expect(await reacts(page)).toEqual([true, true, true]);
  });
});

test("another major version of a shared package is a warning at the plugin's package.json", async () => {
  const composite = await openComposite({
    files: {
      ...shop,
      ...sales,
      "shop/node_modules/tiny/package.json": '{ "name": "tiny", "version": "2.1.0" }',
      "shop/node_modules/tiny/index.js": "exports.tiny = 2;\n",
      "sales/node_modules/tiny/package.json": '{ "name": "tiny", "version": "1.9.0" }',
      "sales/node_modules/tiny/index.js": "exports.tiny = 1;\n",
      "sales/src/entry.jsx":
        'import { tiny } from "tiny";\nexport const Panel = () => "tiny " + tiny;\n',
    },
    projects: {
      shop: { plugins: ["sales"] },
      sales: { entry: "src/entry.jsx", shared: ["tiny"] },
    },
    modules: await packagesOf("8"),
  });
  const { page } = await visit(browser, await composite.open("shop"));
  await page.getByText("tiny 2").waitFor();
  const { problems } = await composite.server.sessionIs("sales", "live");
  expect(problems).toMatchObject([
    {
      file: path.join(composite.root, "sales/package.json"),
      severity: "warning",
      message: expect.stringContaining("sales has tiny 1.9.0, and the page of shop"),
    },
  ]);
});
