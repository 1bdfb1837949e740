/** What the server of packs and the packed page agree on. */

/** Global of a packed page: an array of packs until the runtime runs, then the runtime (`PackRuntime`). */
export const PACKS_GLOBAL = "__vitrine_packs__";

/** Attribute of the script that starts the page: its module scripts in document order, as a JSON array of keys. */
export const ENTRIES_ATTRIBUTE = "data-vitrine-entries";

/** Attribute of the same script: when the server began to build the page, epoch ms of the server. */
export const BUILT_ATTRIBUTE = "data-vitrine-built";

/** Event by which a page that has connected says when it was built: `{ builtAt }`. It gets what it has missed since. */
export const PAGE_EVENT = "vitrine:page";

/** Below the session's public base. */
export const PACK_ROUTE = "-vitrine/pack/";

/** Query of a page that asks for plain modules over HTTP with the value 0. */
export const PLAIN_PAGE_QUERY = "__vt";

/** Keys of inline module scripts begin with it: their address is the page's own. */
export const INLINE_PREFIX = "#inline-";

/** Field of Vite's own update message that carries the new code. Clients that do not know it ignore it. */
export const UPDATE_FIELD = "vitrine";

export interface UpdateCode {
  /** Name of the pack, under which the server also serves it. */
  readonly hash: string;
  readonly code: string;
}

/**
 * How modules travel: `auto` = `scripts` = packs by script elements, updates with their code; `off` = plain HTTP, as Vite
 * alone would.
 */
export type Streaming = "auto" | "scripts" | "off";
