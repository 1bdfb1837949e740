/** Puts the realm client into every page, in memory only: nothing is ever written into the project. */
import type { Plugin, ViteDevServer } from "vite";
import { INLINE_ATTRIBUTE } from "../../protocol/realm.ts";
import { policiesInHeaders } from "../content-policy.ts";
import { scanTags } from "../html-tags.ts";
import { readPolicy } from "../repl/page-policy.ts";

/** @param base effective base of the server, known once the config is resolved */
export function realmPlugin(base: () => string): Plugin {
  return {
    name: "vitrine:realm",
    apply: "serve",
    transformIndexHtml: {
      // After Vite's own pass, which would take the client for a file of the project.
      order: "post",
      handler: (html, { server }) => [
        {
          tag: "script",
          attrs: {
            src: `${base()}-vitrine/page.js`,
            "data-vitrine-base": base(),
            [INLINE_ATTRIBUTE]: allowsInline(html, server),
          },
          // First in the head: console and errors are heard from the first script on.
          injectTo: "head-prepend",
        },
      ],
    },
  };
}

function allowsInline(html: string, server: ViteDevServer | undefined): boolean {
  const sent = policiesInHeaders(server?.config.server.headers);
  return !readPolicy(scanTags(html), sent).forbidsInline;
}
