/**
 * `node:test` and `node:assert` in the pages of a project (REPL 12.1): Vite's own answer is an empty stand-in for modules
 * of Node. What test files and blocks import are our modules, which the session's channel serves below the base.
 */
import type { Plugin } from "vite";
import { injectHtml } from "../repl/inject-html.ts";
import { testModuleAddress } from "../repl/test-modules.ts";

/** Ids of our modules begin so. Vite puts the base in front, and the browser gets them from the channel. */
const idPrefix = "/-daebug-node:";

/** @param base effective base of the server, known once the config is resolved */
export function testModulesPlugin(base: () => string): Plugin {
  return {
    name: "vitrine:test-modules",
    apply: "serve",
    // Before Vite's resolver, to which all modules of Node are the same.
    enforce: "pre",
    resolveId(specifier, importer, options) {
      // Vite 5 knows no environments.
      const environment = (this as { environment?: { name: string } }).environment?.name;
      const isPage = environment === undefined ? options.ssr !== true : environment === "client";
      // A package that imports node:assert has its own idea of what it gets in a browser.
      if (!isPage || importer?.includes("/node_modules/")) return undefined;
      return testModuleAddress(specifier, "/");
    },
    // Only Vite's look ahead asks for it: it must neither fail nor find exports that are not there.
    load: (id) => (id.startsWith(idPrefix) ? "export {};" : undefined),
    transformIndexHtml: {
      order: "post",
      handler: (html) => injectHtml(html, { base: base() }),
    },
    hotUpdate: ({ modules }) => keepFromReloading(modules),
    handleHotUpdate({ modules, server }) {
      // The hook of Vite 5, which has no other.
      if (server.environments === undefined) keepFromReloading(modules);
    },
  };
}

/** What Vite 5 and the later ones have in common. */
interface Module {
  readonly id: string | null;
  readonly importers: Iterable<Module>;
  readonly importedModules: Iterable<Module>;
  isSelfAccepting?: boolean | undefined;
}

/**
 * Test files have been imported, and nobody in the page accepts their updates: without this, saving a module that a test
 * uses would load the whole page again. To Vite they accept their own updates; the page has none of them.
 */
function keepFromReloading(modules: readonly Module[]): void {
  const seen = new Set<Module>();
  const open: Module[] = [...modules];
  for (let module = open.pop(); module !== undefined; module = open.pop()) {
    if (seen.has(module)) continue;
    seen.add(module);
    const importers = [...module.importers];
    if (importers.length === 0 && isTestFile(module)) module.isSelfAccepting = true;
    open.push(...importers);
  }
}

function isTestFile(module: Module): boolean {
  return [...module.importedModules].some(({ id }) => id?.startsWith(idPrefix));
}
