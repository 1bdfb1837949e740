/** Between the server and the loader of a page that shows plugins, which is a script of its own (`src/realm/plugins`). */
import { ASK_EVENT, PLUGINS_EVENT, RESTART_EVENT, type PluginFacts } from "../protocol/plugins.ts";
import type { FromRealm } from "../protocol/realm.ts";

export interface PluginLink {
  /** @param plugins what the server says of all of them now */
  receive(plugins: readonly PluginFacts[]): void;
}

export function linkPlugins(send: (message: FromRealm) => void): PluginLink {
  let plugins: readonly PluginFacts[] | undefined;
  const tell = (): void => {
    if (plugins !== undefined) dispatchEvent(new CustomEvent(PLUGINS_EVENT, { detail: plugins }));
  };
  // The loader may come after the first facts, and then asks for them.
  addEventListener(ASK_EVENT, tell);
  addEventListener(RESTART_EVENT, (event) =>
    send({ type: "restart-plugin", id: String((event as CustomEvent<unknown>).detail) }),
  );
  return {
    receive(facts) {
      plugins = facts;
      tell();
    },
  };
}
