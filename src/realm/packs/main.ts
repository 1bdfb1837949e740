/** The runtime of a packed page. It stands at the head of the first pack; packs that ran before it wait in an array. */
import { ENTRIES_ATTRIBUTE, INLINE_PREFIX, PACKS_GLOBAL } from "../../protocol/packs.ts";
import { createFinishing } from "./finishing.ts";
import { canonical, toKey } from "./keys.ts";
import { createLoader } from "./loader.ts";
import type { ImportMetaObject, Module, Registration } from "./module.ts";
import { baseOf, entriesOf } from "./native-entries.ts";
import { importNatively, importOnce } from "./natives.ts";
import { createRegistry, type Registry } from "./registry.ts";
import type { PackRuntime } from "./runtime.ts";
import { createRefreshTimers } from "./timers.ts";
import { listenForUpdates } from "./updates.ts";

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
  const finishing = createFinishing();
  const loader = createLoader(baseOf(script), script.nonce, names);
  const registry = createRegistry({ meta: metaOf, importDynamic });

  function importDynamic(specifier: unknown, from: string, options: unknown): Promise<object> {
    const text = String(specifier);
    const key = options === undefined ? toKey(text, addressOf(from)) : undefined;
    if (key !== undefined) return load(key);
    return importNatively(resolvePath(text, from), options);
  }

  function load(key: string): Promise<object> {
    const isHere = registry.isComplete(key) && registry.get(key)?.waits === false;
    const loaded = loadAny(key);
    if (isHere) finishing.add(loaded);
    return loaded;
  }

  async function loadAny(key: string): Promise<object> {
    // A server that cannot give it leaves it missing; the error below is the browser's own.
    if (!registry.isComplete(key)) await loader.graph(key).catch(() => {});
    const module = registry.get(key);
    if (module === undefined || !registry.isComplete(key))
      throw new TypeError(`Failed to fetch dynamically imported module: ${addressOf(key)}`);
    if (registry.natives(key).length > 0) await importNatives(registry, key);
    await registry.evaluate(module);
    return module.namespace;
  }

  /** A page that lacks something is left to `watchPacks`, which runs it over HTTP. */
  function start(keys: readonly string[]): void {
    if (!keys.every((key) => registry.isComplete(key))) return;
    runtime.started = true;
    const needs = keys.filter((key) => registry.natives(key).length > 0);
    if (needs.length === 0) return run(keys);
    void Promise.all(needs.map((key) => importNatives(registry, key))).then(() => run(keys));
  }

  function run(keys: readonly string[]): void {
    evaluateEntries(registry, keys);
    const client = keys.find((key) => key.endsWith("/@vite/client"));
    if (client === undefined) return;
    listenForUpdates(registry.get(client)?.namespace, timers, async (update) => {
      await finishing.all();
      if (update !== undefined && !names.has(update.hash))
        await loader.run(update.hash, update.code);
    });
  }

  const runtime: PackRuntime = {
    started: false,
    timers,
    import: (url) => importDynamic(url, "/", undefined),
    size: () => registry.size(),
    push([hash, modules]) {
      names.add(hash);
      registry.add(modules as Pack[1]);
      const current = document.currentScript;
      if (!runtime.started && current?.hasAttribute(ENTRIES_ATTRIBUTE))
        start(entriesOf(current as HTMLScriptElement).map(canonical));
    },
  };
  Object.defineProperty(globalThis, PACKS_GLOBAL, { value: runtime });
  for (const pack of early) runtime.push(pack);
}

/** Evaluates the page's module scripts in their order; none waits for another, and none fails another. */
function evaluateEntries(registry: Registry, keys: readonly string[]): void {
  // Module scripts see no current script; libraries look for their own address there.
  Object.defineProperty(document, "currentScript", { get: () => null, configurable: true });
  for (const key of keys) {
    try {
      registry.evaluate(registry.get(key) as Module)?.catch(reportError);
    } catch (error) {
      reportError(error);
    }
  }
  Reflect.deleteProperty(document, "currentScript");
}

/** Before anything that needs them is evaluated. */
async function importNatives(registry: Registry, key: string): Promise<void> {
  await Promise.all(registry.natives(key).map(importOnce));
}

function resolvePath(specifier: string, from: string): string {
  return /^\.{0,2}\//.test(specifier) ? new URL(specifier, addressOf(from)).href : specifier;
}

function addressOf(key: string): string {
  return key.startsWith(INLINE_PREFIX) ? document.baseURI : new URL(key, location.origin).href;
}

function metaOf(key: string): ImportMetaObject {
  const url = addressOf(key);
  const meta = Object.create(null) as ImportMetaObject;
  return Object.assign(meta, { url, resolve: (specifier: string) => new URL(specifier, url).href });
}
