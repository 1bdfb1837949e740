/** What the page of a composite preview, its server and the modules of its plugins agree on (dev-servers section 10). */
import type { PartStatus } from "./dev-server.ts";
import type { Problem } from "./model.ts";

/** Global of a host page: the packages it provides to plugins, by name. There from the first script of the page on. */
export const SHARED_GLOBAL = "__VITRINE_SHARED__";

/** The same object under the name that plugins made for the documented layout look at. */
export const SHARED_ALIAS = "__OMNIVIEW_SHARED__";

/** Global of a host page: the loader (`src/realm/plugins/host.ts`). */
export const HOST_GLOBAL = "vitrine";

/** Event by which the page client hands what the server says to the loader; `detail` is the list of `PluginFacts`. */
export const PLUGINS_EVENT = "vitrine:plugins";

/** Event by which the loader asks for that, once it is there. */
export const ASK_EVENT = "vitrine:ask-plugins";

/** Event by which the loader has the dev server of a plugin started anew; `detail` is its id. */
export const RESTART_EVENT = "vitrine:restart-plugin";

/** Ids of the plugins, joined by commas: an attribute of the loader's script. Vite 5 escapes no values, so it needs none. */
export const PLUGINS_ATTRIBUTE = "data-vitrine-plugins";

/** What stands in the place of a dev server that does not run. */
export interface BuiltEntry {
  /** Address, below the base of the host page when it begins with a slash. */
  readonly entry: string;
  readonly format: "system" | "esm" | "iife";
}

/** One plugin as a page that shows it has to know it. */
export interface PluginFacts {
  readonly id: string;
  readonly name: string;
  /** Of its UI. It can be asked while this is `running` or `ready`. */
  readonly status: PartStatus;
  /** Address of its dev server for this page, base included; empty while there is none, or none that the page can reach. */
  readonly address: string;
  /** Dev entry, relative to the address; empty when it has none. */
  readonly entry: string;
  readonly built?: BuiltEntry;
  /** Counts the replacements of its back end. */
  readonly generation: number;
  /** Why it cannot be asked, one sentence; empty when nothing is wrong. */
  readonly fault: string;
  /** Errors at places of its sources, the first few. */
  readonly problems: readonly Problem[];
}

/** Whether the dev server can be asked (rule 1). */
export function isServing({ status, address }: PluginFacts): boolean {
  return (status === "running" || status === "ready") && address !== "";
}
