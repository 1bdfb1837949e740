/**
 * The loader of a page that shows plugins of other projects, second script of the page: `<script
 * src="<base>-vitrine/plugins.js" data-vitrine-base="<base>" data-vitrine-plugins="id,id">`. It makes the global `vitrine`.
 */
import {
  ASK_EVENT,
  HOST_GLOBAL,
  PLUGINS_ATTRIBUTE,
  PLUGINS_EVENT,
  RESTART_EVENT,
  type PluginFacts,
} from "../../protocol/plugins.ts";
import { definePluginElement } from "./element.ts";
import { showNotices } from "./notices.ts";
import { Plugin, type PluginView } from "./plugin.ts";
import { shareRefreshHook } from "./refresh.ts";
import { holdReloads } from "./reloads.ts";
import { createSharedPackages, type Published } from "./shared.ts";

/** What a host page calls. */
interface VitrineHost {
  /** Ids of the plugins, in the order of `ui.plugins`. */
  readonly plugins: readonly string[];
  /** Exports of the entry of a plugin; rejects when neither its dev nor its built version can be loaded. */
  loadPlugin(id: string): Promise<object>;
  /** What to render now. With `subscribe` it is what `useSyncExternalStore` of React takes. */
  getPlugin(id: string): PluginView;
  /** Calls when `getPlugin` answers something else. @returns ends it */
  subscribe(id: string, listener: () => void): () => void;
  /** Called by the page's own module of Vitrine. */
  publish(packages: readonly Published[]): Promise<void>;
}

const script = document.currentScript;
const base = script?.getAttribute("data-vitrine-base");
if (script && base && !Object.hasOwn(globalThis, HOST_GLOBAL)) {
  const ids = script.getAttribute(PLUGINS_ATTRIBUTE) ?? "";
  start(new URL(base, location.href), ids.split(","));
}

function start(publicBase: URL, ids: readonly string[]): void {
  shareRefreshHook();
  const shared = createSharedPackages();
  const plugins = new Map(
    ids.map((id) => [
      id,
      new Plugin({ id, base: publicBase, ready: shared.ready, restart: () => restart(id) }),
    ]),
  );
  const find = (id: string): Plugin => {
    const found = plugins.get(id);
    if (found !== undefined) return found;
    throw new Error(`This page shows no plugin ${id}; add it to ui.plugins of vitrine.json`);
  };

  definePluginElement((id) => plugins.get(id));
  for (const [id, plugin] of plugins) showNotices(id, plugin);
  holdReloads((stack) => [...plugins.values()].some((plugin) => plugin.reloads(stack)));
  addEventListener(PLUGINS_EVENT, (event) => {
    for (const facts of (event as CustomEvent<readonly PluginFacts[]>).detail)
      plugins.get(facts.id)?.receive(facts);
  });
  dispatchEvent(new Event(ASK_EVENT));
  const host: VitrineHost = {
    plugins: ids,
    loadPlugin: (id) => loaded(find(id)),
    getPlugin: (id) => find(id).view(),
    subscribe: (id, listener) => find(id).subscribe(listener),
    publish: (packages) => shared.publish(packages),
  };
  Object.defineProperty(globalThis, HOST_GLOBAL, { value: Object.freeze(host) });
}

function restart(id: string): void {
  dispatchEvent(new CustomEvent(RESTART_EVENT, { detail: id }));
}

/** The exports, as soon as something of the plugin is there to be shown. */
function loaded(plugin: Plugin): Promise<object> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const { module, state, message } = plugin.view();
      if (module === undefined && state !== "failed") return;
      end();
      if (module === undefined) reject(new Error(message));
      else resolve(module);
    };
    const end = plugin.subscribe(look);
    look();
  });
}
