/** Puts the realm client into every page, in memory only: nothing is ever written into the project. */
import type { Plugin } from "vite";

/** @param base effective base of the server, known once the config is resolved */
export function realmPlugin(base: () => string): Plugin {
  return {
    name: "vitrine:realm",
    apply: "serve",
    transformIndexHtml: {
      // After Vite's own pass, which would take the client for a file of the project.
      order: "post",
      handler: () => [
        {
          tag: "script",
          attrs: { src: `${base()}-vitrine/page.js`, "data-vitrine-base": base() },
          // First in the head: console and errors are heard from the first script on.
          injectTo: "head-prepend",
        },
      ],
    },
  };
}
