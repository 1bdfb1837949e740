/** From specifiers at run time to keys of the registry. */

/** Addresses that a URL parser leaves as they are. */
const plain = /^\/(?!\/)[\w\-.~/@%:+,$!*();?=&]*$/;

/** @returns undefined for what only the browser can import: other origins, other schemes, bare names */
export function toKey(specifier: string, from: string): string | undefined {
  if (plain.test(specifier) && !/\/\.{1,2}(?:\/|$|\?)/.test(specifier)) return specifier;
  if (!/^(?:\.{0,2}\/|https?:)/.test(specifier)) return undefined;
  if (!URL.canParse(specifier, from)) return undefined;
  const url = new URL(specifier, from);
  return url.origin === location.origin ? url.pathname + url.search : undefined;
}

/** The key as it is registered: as the browser would write the address. */
export function canonical(key: string): string {
  if (!key.startsWith("/") || plain.test(key)) return key;
  const { origin, pathname, search } = new URL(key, location.origin);
  return origin === location.origin ? pathname + search : key;
}
