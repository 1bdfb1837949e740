/**
 * The Vite plugin of a project that is shown in a page of another one: packages in its list are the host page's own, so that
 * both have one React (dev-servers section 10). An import map could not do it: Vite has rewritten bare names before one is asked.
 */
import type { Plugin, ResolvedConfig, UserConfig } from "vite";
import { SHARED_GLOBAL } from "../../../protocol/plugins.ts";
import type { Vite } from "../main.ts";
import { readExportNames } from "./export-names.ts";
import { withExternals } from "./externals.ts";
import { optimizerRedirect } from "./optimizer-redirect.ts";
import { moduleSource, type SharedPackage } from "./shared-source.ts";

export interface SharedOptions {
  readonly vite: Vite;
  /** As they are imported, exactly: `react` does not mean `react/jsx-runtime`. */
  readonly packages: readonly string[];
  readonly globalName?: string;
}

const prefix = "\0vitrine-shared:";
/** The project's own packages, asked for ahead by its own pages. */
const ownId = "\0vitrine-shared-own";

export function vitrineShared({
  vite,
  packages,
  globalName = SHARED_GLOBAL,
}: SharedOptions): Plugin {
  let config: ResolvedConfig;
  const described = new Map<string, Promise<SharedPackage>>();
  const describe = (name: string): Promise<SharedPackage> => {
    const known =
      described.get(name) ??
      exportsOf(vite, config, name).then((names) => ({ name, names, globalName }));
    described.set(name, known);
    return known;
  };
  const isRolldown = (vite as { rolldownVersion?: string }).rolldownVersion !== undefined;

  return {
    // What the optimiser has bundled depends on the list, and it knows plugins by their names.
    name: `vitrine:shared(${packages.join(",")})`,
    enforce: "pre",
    config: (user: UserConfig, { command }) =>
      command === "build"
        ? withExternals(user, packages)
        : optimizerRedirect({ packages, describe, root: () => config.root }, isRolldown),
    async configResolved(resolved) {
      config = resolved;
      if (resolved.command === "serve") await Promise.all(packages.map(describe));
    },
    resolveId(id, importer, options) {
      if (id === ownId || id.startsWith(prefix)) return id;
      if (config.command === "build" || !packages.includes(id)) return undefined;
      // The scan has to find the real ones: alone the project uses them.
      const isOwn = importer === ownId || importer?.startsWith(prefix) === true;
      const isScan = (options as { scan?: boolean }).scan === true;
      return isOwn || isScan || options.ssr === true ? undefined : prefix + id;
    },
    async load(id) {
      if (id === ownId) return importAll(await Promise.all(packages.map(describe)));
      if (!id.startsWith(prefix)) return undefined;
      const name = id.slice(prefix.length);
      return moduleSource(await describe(name), `await import(${JSON.stringify(name)})`);
    },
    transformIndexHtml: {
      order: "post",
      // A page of its own needs the real ones before its first module: found here they arrive with all others.
      handler: (_html, { server }) =>
        server === undefined
          ? []
          : [
              {
                tag: "script",
                attrs: {
                  type: "module",
                  src: `${server.config.base}@id/${ownId.replace("\0", "__x00__")}`,
                },
                injectTo: "head-prepend",
              },
            ],
    },
  };
}

function importAll(packages: readonly SharedPackage[]): string {
  const installed = packages.filter(({ names }) => names.length > 0);
  return installed.map(({ name }) => `import ${JSON.stringify(name)};\n`).join("");
}

async function exportsOf(
  vite: Vite,
  config: ResolvedConfig,
  name: string,
): Promise<readonly string[]> {
  const file = await config.createResolver({ asSrc: false })(name, `${config.root}/index.html`);
  if (file !== undefined) return readExportNames(vite, file.replace(/\?.*$/, ""));
  // The import of it says so at its place. Elsewhere nothing is wrong.
  config.logger.warn(
    `${name} stands in ui.shared and is not installed in ${config.root}: install it, its names are read from there`,
  );
  return [];
}
