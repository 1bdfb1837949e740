/** Modules of the page for those who are no modules: by its registry, or natively where the page runs over HTTP. */
import { PACKS_GLOBAL } from "../../protocol/packs.ts";
import { runNatively, startingScript } from "./native-entries.ts";
import type { PackRuntime } from "./runtime.ts";

/**
 * Looks, when the scripts of the page have run, whether its packs did. It covers every way to fail alike: not loaded,
 * forbidden by a policy, not parsed.
 * @returns imports a module as the page would
 */
export function watchPacks(): (url: string) => Promise<object> {
  const decided = new Promise<boolean>((resolve) => {
    const decide = (): void => resolve(isPacked());
    if (document.readyState === "loading")
      document.addEventListener("DOMContentLoaded", decide, { once: true });
    else decide();
  });
  return async (url) => {
    const runtime = (await decided) ? findRuntime() : undefined;
    return runtime === undefined ? ((await import(url)) as object) : runtime.import(url);
  };
}

function isPacked(): boolean {
  const script = startingScript();
  if (script === null) return false;
  if (findRuntime()?.started) return true;
  console.warn("Module packs failed on this page: its modules come over HTTP");
  runNatively(script);
  return false;
}

function findRuntime(): PackRuntime | undefined {
  const found = (globalThis as Record<string, unknown>)[PACKS_GLOBAL];
  return Array.isArray(found) ? undefined : (found as PackRuntime | undefined);
}
