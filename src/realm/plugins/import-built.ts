/** Imports the built bundle of a plugin, which the host page itself serves. */
import type { BuiltEntry } from "../../protocol/plugins.ts";

interface SystemLoader {
  import(url: string): Promise<object>;
}

/**
 * @param base address of the host page's base
 * @param generation 0 at first; of a later one everything is loaded anew
 */
export async function importBuilt(
  { entry, format }: BuiltEntry,
  base: URL,
  generation: number,
): Promise<object> {
  const url = new URL(entry.replace(/^\/(?!\/)/, ""), base);
  if (generation > 0) url.searchParams.set("g", String(generation));
  if (format === "esm") return (await import(url.href)) as object;
  if (format === "iife") return runScript(url, entry);
  const { System } = globalThis as { System?: SystemLoader };
  if (System === undefined)
    throw new Error(`${url.href} needs SystemJS; load it in the host page before its modules`);
  return System.import(url.href);
}

/** The one global that each such script has made. */
const globalOf = new Map<string, string>();

async function runScript(url: URL, entry: string): Promise<object> {
  const before = new Set(Object.keys(globalThis));
  const script = document.createElement("script");
  await new Promise<void>((resolve, reject) => {
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () => reject(new Error(`${url.href} cannot be loaded`)));
    script.src = url.href;
    document.head.append(script);
  }).finally(() => script.remove());
  const made = Object.keys(globalThis).find((name) => !before.has(name));
  if (made !== undefined) globalOf.set(entry, made);
  const name = globalOf.get(entry);
  const exports = name === undefined ? undefined : (globalThis as Record<string, unknown>)[name];
  return typeof exports === "object" && exports !== null ? exports : {};
}
