/** Pure: addresses of the page and routes below its base. */

/** The address of a route; it cannot leave the base's origin, whatever the route says. */
export function toAddress(base: string, route: string): string {
  // The leading dot keeps `//host/` and `javascript:` what they are here: paths.
  return new URL(`./${route.trim().replace(/^[/\\]+/, "")}`, base).href;
}

/** Path below the base with query and hash, beginning with a slash; the whole path when the page left its base. */
export function toRoute(base: string, address: string): string {
  const { pathname: root } = new URL(base);
  const { pathname, search, hash } = new URL(address);
  const below = pathname.startsWith(root) ? pathname.slice(root.length) : pathname.slice(1);
  return `/${below}${search}${hash}`;
}
