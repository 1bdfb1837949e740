/** The names under which one port is known: here, and where the editor's window reaches it (decision 8). */

export interface Addresses {
  /** For a browser on this machine. */
  readonly url: string;
  /** What the editor answered for the port. */
  readonly outside: string;
  /** For the editor's own window. */
  readonly outsideUrl: string;
  /** Path under which the outside reaches the port, `/` when none. */
  readonly prefix: string;
  /** Path of the pages as the outside names it: the prefix and the project's own base. */
  readonly base: string;
  /** Exact origins of the pages served. */
  readonly origins: readonly string[];
  /** Exact authorities by which the port may be asked for. */
  readonly hosts: readonly string[];
}

/**
 * @param outside from `asExternalUri`; empty = as here
 * @param base effective base once Vite has told it: prefix plus the user's own
 */
export function addressesOf(port: number, outside: string, base?: string): Addresses {
  const here = new URL(`http://127.0.0.1:${port}/`);
  const there = outside === "" ? here : new URL(outside);
  const prefix = there.pathname.endsWith("/") ? there.pathname : `${there.pathname}/`;
  const userBase = base === undefined ? "/" : `/${base.slice(prefix.length)}`;
  const local = [`127.0.0.1:${port}`, `localhost:${port}`];
  return {
    url: new URL(userBase, here).href,
    outside: there.href,
    outsideUrl: new URL(prefix.slice(0, -1) + userBase, there).href,
    prefix,
    base: base ?? prefix,
    origins: [...new Set([...local.map((host) => `http://${host}`), there.origin])],
    hosts: [...new Set([...local, there.host])],
  };
}
