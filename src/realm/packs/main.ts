/** The runtime of a packed page. It stands at the head of the first pack; packs that ran before it wait in an array. */
import {
  ENTRIES_ATTRIBUTE,
  INLINE_PREFIX,
  PACKS_GLOBAL,
  UPDATE_FIELD,
  type UpdateCode,
} from "../../protocol/packs.ts";
import { canonical, toKey } from "./keys.ts";
import { createLoader } from "./loader.ts";
import { baseOf, entriesOf } from "./native-entries.ts";
import { createRegistry, type ImportMetaObject, type Module, type Registration } from "./registry.ts";
import type { PackRuntime } from "./runtime.ts";
import { createRefreshTimers } from "./timers.ts";

type Pack = readonly [hash: string, modules: Readonly<Record<string, Registration>>];

const own = document.currentScript;
const known = (globalThis as Record<string, unknown>)[PACKS_GLOBAL];
// A second copy, of a pack that was loaded late, leaves the first in charge.
if (own instanceof HTMLScriptElement && (known === undefined || Array.isArray(known))) {
  install(own, (known ?? []) as readonly Pack[]);
}

function install(script: HTMLScriptElement, early: readonly Pack[]): void {
  const names = new Set<string>();
  const timers = createRefreshTimers();
  const loader = createLoader(baseOf(script), script.nonce, names);
  const registry = createRegistry({ meta: metaOf, importDynamic });

  async function importDynamic(specifier: unknown, from: string, options: unknown): Promise<unknown> {
    const text = String(specifier);
    const key = options === undefined ? toKey(text, addressOf(from)) : undefined;
    if (key === undefined) {
      const isPath = /^\.{0,2}\//.test(text);
      return importNatively(isPath ? new URL(text, addressOf(from)).href : text, options);
    }
    return load(key);
  }

  async function load(key: string): Promise<object> {
    if (!registry.isComplete(key)) {
      await loader.graph(key).catch(() => {
        throw new TypeError(
          `Failed to fetch dynamically imported module: ${new URL(key, location.origin).href}`,
        );
      });
    }
    const module = registry.get(key);
    if (module === undefined || !registry.isComplete(key))
      throw new TypeError(`${key} is not among the modules of this page`);
    await prepare(key);
    await registry.evaluate(module);
    return module.namespace;
  }

  /** Imports what only the browser can, before anything that needs it is evaluated. */
  async function prepare(key: string): Promise<void> {
    await Promise.all(registry.natives(key).map((module) => importOnce(module)));
  }

  /** Evaluates the page's module scripts in their order; none waits for another. */
  function start(entries: readonly string[]): void {
    const keys = entries.map(canonical);
    // The page is left to `watchPacks`, which runs it over HTTP.
    if (!keys.every((key) => registry.isComplete(key))) return;
    runtime.started = true;
    const needs = keys.filter((key) => registry.natives(key).length > 0);
    if (needs.length === 0) return evaluateAll(keys);
    void Promise.allSettled(needs.map(prepare)).then(() => evaluateAll(keys));
  }

  function evaluateAll(keys: readonly string[]): void {
    // Module scripts see no current script; libraries find their own address by it.
    Object.defineProperty(document, "currentScript", { get: () => null, configurable: true });
    for (const key of keys) {
      try {
        registry.evaluate(registry.get(key) as Module)?.catch(reportError);
      } catch (error) {
        reportError(error);
      }
      if (key.endsWith("/@vite/client")) listen(key);
    }
    Reflect.deleteProperty(document, "currentScript");
  }

  /** Through the client's own interface for modules: it waits for those who listen before it updates. */
  function listen(key: string): void {
    const client = registry.get(key)?.namespace as Partial<ViteClient>;
    const hot = client.createHotContext?.("/-vitrine/packs");
    hot?.on("vite:beforeUpdate", async (payload) => {
      timers.begin();
      const update = payload[UPDATE_FIELD] as UpdateCode | undefined;
      if (update !== undefined && !names.has(update.hash))
        await loader.run(update.hash, update.code).catch(() => {});
    });
    hot?.on("vite:afterUpdate", () => timers.end());
  }

  const runtime: PackRuntime = {
    started: false,
    timers,
    import: (url) => importDynamic(url, "/", undefined) as Promise<object>,
    has: (key) => registry.get(canonical(key)) !== undefined,
    size: () => registry.size(),
    push([hash, modules]) {
      names.add(hash);
      registry.add(modules as Pack[1]);
      const current = document.currentScript;
      if (!runtime.started && current?.hasAttribute(ENTRIES_ATTRIBUTE))
        start(entriesOf(current as HTMLScriptElement));
    },
  };
  Object.defineProperty(globalThis, PACKS_GLOBAL, { value: runtime });
  for (const pack of early) runtime.push(pack);
}

interface ViteClient {
  createHotContext(owner: string): {
    on(event: string, listener: (payload: Record<string, unknown>) => unknown): void;
  };
}

function addressOf(key: string): string {
  return key.startsWith(INLINE_PREFIX) ? document.baseURI : new URL(key, location.origin).href;
}

function metaOf(key: string): ImportMetaObject {
  const url = addressOf(key);
  const meta = Object.create(null) as ImportMetaObject;
  return Object.assign(meta, { url, resolve: (specifier: string) => new URL(specifier, url).href });
}

async function importOnce(module: Module): Promise<void> {
  if (module.state !== "new") return;
  try {
    module.namespace = await importNatively(module.key, undefined);
    module.state = "done";
  } catch (error) {
    module.state = "failed";
    module.error = error;
  }
}

function importNatively(specifier: string, options: unknown): Promise<object> {
  if (options === undefined) return import(specifier) as Promise<object>;
  return import(specifier, options as ImportCallOptions) as Promise<object>;
}
