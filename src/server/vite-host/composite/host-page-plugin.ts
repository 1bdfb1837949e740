/** The page that shows plugins of other projects: it gets the loader, and provides its packages before the first of them. */
import type { Plugin } from "vite";
import { HOST_GLOBAL, PLUGINS_ATTRIBUTE } from "../../../protocol/plugins.ts";

export interface HostPageOptions {
  /** Ids of the plugins. */
  readonly plugins: readonly string[];
  /** Packages that they share with the page. */
  readonly packages: readonly string[];
  /** Effective base of the server, known once the config is resolved. */
  base(): string;
}

const publishId = "\0vitrine:publish";
const publishPath = `@id/${publishId.replace("\0", "__x00__")}`;

export function hostPagePlugin({ plugins, packages, base }: HostPageOptions): Plugin {
  return {
    name: "vitrine:host-page",
    apply: "serve",
    resolveId: (id) => (id === publishId ? id : undefined),
    async load(id) {
      if (id !== publishId) return undefined;
      const entries = packages.map(async (name) => {
        // A module with one import that cannot be resolved is none at all, and would take the others with it.
        const isThere = (await this.resolve(name)) !== null;
        const load = isThere ? `() => import(${JSON.stringify(name)})` : "undefined";
        return `  [${JSON.stringify(name)}, ${load}],\n`;
      });
      return `globalThis.${HOST_GLOBAL}.publish([\n${(await Promise.all(entries)).join("")}]);\n`;
    },
    transformIndexHtml: {
      order: "post",
      handler: () => [
        {
          tag: "script",
          attrs: {
            src: `${base()}-vitrine/plugins.js`,
            "data-vitrine-base": base(),
            [PLUGINS_ATTRIBUTE]: plugins.join(","),
          },
          injectTo: "head-prepend",
        },
        {
          tag: "script",
          attrs: { type: "module", src: base() + publishPath },
          injectTo: "head-prepend",
        },
      ],
    },
  };
}
