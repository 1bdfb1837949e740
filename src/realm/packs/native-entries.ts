/** A page whose packs failed runs over HTTP as a whole: decided once, before any of its modules has run. */
import {
  BUILT_ATTRIBUTE,
  ENTRIES_ATTRIBUTE,
  INLINE_PREFIX,
  PACK_ROUTE,
} from "../../protocol/packs.ts";

/** The script that starts a packed page. */
export function startingScript(): HTMLScriptElement | null {
  return document.querySelector(`script[${ENTRIES_ATTRIBUTE}]`);
}

export function entriesOf(script: HTMLScriptElement): readonly string[] {
  return JSON.parse(script.getAttribute(ENTRIES_ATTRIBUTE) ?? "[]") as readonly string[];
}

/** When the server began to build the page, epoch ms of the server. */
export function builtAt(): number {
  return Number(startingScript()?.getAttribute(BUILT_ATTRIBUTE));
}

/** Address of the page's base, ending in a slash, by the address of a pack. */
export function baseOf(script: HTMLScriptElement): string {
  return script.src.slice(0, script.src.indexOf(PACK_ROUTE));
}

export function runNatively(script: HTMLScriptElement): void {
  for (const key of entriesOf(script)) {
    const native = document.createElement("script");
    native.type = "module";
    native.nonce = script.nonce;
    // Inserted scripts keep their order only so.
    native.async = false;
    native.src = key.startsWith(INLINE_PREFIX)
      ? `${baseOf(script)}${PACK_ROUTE}${key.slice(1)}.js`
      : key;
    script.before(native);
  }
}
