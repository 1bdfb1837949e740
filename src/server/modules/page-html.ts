/** A page whose module scripts come as packs. */
import { escapeAttribute, policiesIn, scanTags } from "../html-tags.ts";
import {
  BUILT_ATTRIBUTE,
  ENTRIES_ATTRIBUTE,
  PACK_ROUTE,
  PLAIN_PAGE_QUERY,
} from "../../protocol/packs.ts";
import { within } from "../within.ts";
import { allowsOwnScripts, findModuleScripts, replaceScripts, type ModuleScript } from "./html.ts";
import type { ViteSource } from "./module-source.ts";
import { createPack, type Pack } from "./pack.ts";
import type { PagePacks } from "./page-packs.ts";
import type { PendingPacks } from "./pending-packs.ts";

export interface PageHtmlParts {
  readonly base: string;
  readonly packs: PagePacks;
  readonly pending: PendingPacks;
  readonly source: ViteSource;
  /** Policies that the server sends with every page. */
  readonly policies: readonly string[];
  /** Whether Vite puts a nonce on every script. */
  readonly nonced: boolean;
}

/** Ms that a page waits for its pack before it is sent with an address that answers later. */
const patienceMs = 200;

/**
 * @param url address of the page with its query, as the browser asked
 * @returns the page unchanged when it must run over HTTP: it asks for it, its policy forbids, or its modules cannot be packed
 */
export async function packedPage(parts: PageHtmlParts, html: string, url: string): Promise<string> {
  const { base, packs, pending, source } = parts;
  const builtAt = Date.now();
  const page = new URL(url, "http://page.invalid");
  const scripts = findModuleScripts(html);
  if (scripts.length === 0 || page.searchParams.get(PLAIN_PAGE_QUERY) === "0") return html;
  const nonce = scripts.find((script) => script.nonce !== undefined)?.nonce;
  const nonced = parts.nonced || nonce !== undefined;
  const policies = [...parts.policies, ...policiesIn(scanTags(html)).map(({ policy }) => policy)];
  if (!policies.every((policy) => allowsOwnScripts(policy, nonced))) return html;
  const packed = scripts.filter((script) => !isExternal(script));
  const entries = packed.map((script) => entryOf(script, page, source));

  const early = packs.base();
  const built = packs.build(entries);
  const ready = await within(
    built.catch(() => false as const),
    patienceMs,
    undefined,
  );
  if (ready === false) return html;
  const names =
    ready === undefined
      ? [`${early.hash}.js`, pending.add(built.then((made) => whole(made, early)))]
      : [`${ready.base.hash}.js`, `${ready.app.hash}.js`];
  const list = escapeAttribute(JSON.stringify(entries));
  const extra = nonce === undefined ? "" : ` nonce="${escapeAttribute(nonce)}"`;
  const tags = names.map((name, index) => {
    const isLast = index === names.length - 1;
    const starts = isLast ? ` ${ENTRIES_ATTRIBUTE}="${list}" ${BUILT_ATTRIBUTE}="${builtAt}"` : "";
    return `<script defer${extra} src="${base}${PACK_ROUTE}${name}"${starts}></script>`;
  });
  return replaceScripts(html, packed, tags.join("\n"));
}

/** Transforms and wraps what a page will need, by its source alone. Throws what a transform throws. */
export async function preparePage({ base, packs }: PageHtmlParts, html: string): Promise<void> {
  const sources = findModuleScripts(html).flatMap(({ src }) => (src?.startsWith("/") ? [src] : []));
  await packs.prepare(["/@vite/client", ...sources].map((src) => base.slice(0, -1) + src));
}

/** For a page that has been sent with the shared pack of before. */
function whole({ base, app }: { readonly base: Pack; readonly app: Pack }, early: Pack): Pack {
  if (base === early) return app;
  const missing = [...base.modules].filter(([key]) => !early.modules.has(key));
  return createPack(new Map([...missing, ...app.modules]));
}

function isExternal({ src }: ModuleScript): boolean {
  return src !== undefined && /^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(src);
}

function entryOf(script: ModuleScript, page: URL, source: ViteSource): string {
  if (script.src === undefined) return source.addInline(script.code);
  if (script.src.startsWith("/")) return script.src;
  const { pathname, search } = new URL(script.src, page);
  return pathname + search;
}
