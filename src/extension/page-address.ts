/** Pure: addresses of pages from a session's base and a route. */

/**
 * @param base the session's address, ending with its base path.
 * @param route path below the base, with query and hash; it cannot leave the base's origin.
 */
export function pageAddress(base: string, route: string): string {
  // The leading dot keeps `//host/` and `javascript:` what they are here: paths.
  return new URL(`./${route.replace(/^[/\\]+/, "")}`, base).href;
}

/** Exact origin for `frame-src` and postMessage, or undefined for anything but http and https. */
export function originOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, origin } = new URL(url);
  return protocol === "http:" || protocol === "https:" ? origin : undefined;
}
