/** Which route owns a path. */
import type { RequestHead } from "./request-head.ts";

/** Who may call without a credential being in question (N-07, decisions 9, 10, 20 and 27). */
export type Sites =
  /** Control and realm endpoints, tools: only pages of our own origin, and programs. */
  | "own"
  /** Pages and modules: also a navigation from anywhere, and pages of a listed origin by CORS. Never a foreign subresource. */
  | "content"
  /** Code that is the same for everybody and holds nothing of anybody: also a script of a foreign page. */
  | "any"
  /** Endpoints for web applications: own, and pages of a listed origin by CORS. */
  | "listed";

export interface Route {
  /** What handlers and tables call it. */
  readonly name: string;
  /**
   * Below the prefix, compared without case: Vite's middleware stack compares its mount points so. Exact, or everything
   * below when it ends in `/`, or everything that begins with it when it ends in `*` (`/__inspect*`).
   */
  readonly path: string;
  readonly methods: readonly string[];
  /** Whether this is a WebSocket door. */
  readonly upgrade: boolean;
  readonly access: "public" | "page" | "control";
  readonly sites: Sites;
  /** The caller must name an own origin: browsers do for POST and WebSocket, and cannot be made to lie. */
  readonly originRequired: boolean;
  /** N-08: every method but GET and HEAD needs `Content-Type: application/json`. */
  readonly json: boolean;
  /** Bytes; `Infinity` for content that is not ours. */
  readonly bodyLimit: number;
}

/** What became of the search: the route, or the status and what is allowed instead. */
export type RouteSearch =
  | { readonly route: Route }
  | { readonly status: 400 | 404 | 405 | 426; readonly allowed: readonly string[] };

/**
 * The first route whose path matches owns the path, with all routes of the same path text. Nothing falls through to a
 * wider route because of its method or of an upgrade.
 */
export function findRoute(
  routes: readonly Route[],
  local: string,
  head: Pick<RequestHead, "method" | "upgrade">,
): RouteSearch {
  const owners = ownersOf(routes, local);
  if (owners.length === 0) return { status: 404, allowed: [] };
  const doors = owners.filter((route) => route.upgrade === head.upgrade);
  if (doors.length === 0) return { status: head.upgrade ? 400 : 426, allowed: [] };
  const route = doors.find((door) => door.methods.includes(head.method));
  if (route !== undefined) return { route };
  return { status: 405, allowed: doors.flatMap((door) => door.methods) };
}

/** All routes of the path text that matches first. */
export function ownersOf(routes: readonly Route[], local: string): readonly Route[] {
  const folded = local.toLowerCase();
  const first = routes.find((route) => matches(route.path.toLowerCase(), folded));
  return first === undefined ? [] : routes.filter((route) => route.path === first.path);
}

function matches(pattern: string, local: string): boolean {
  if (pattern.endsWith("*")) return local.startsWith(pattern.slice(0, -1));
  return pattern.endsWith("/") ? local.startsWith(pattern) : local === pattern;
}

/**
 * Removes the longest outside prefix. @returns undefined when what is left starts with two slashes: behind the prefix
 * that would name another host to whoever parses it as a URL.
 */
export function withoutPrefix(path: string, prefixes: readonly string[]): string | undefined {
  let longest = "/";
  for (const prefix of prefixes) {
    if (prefix.endsWith("/") && prefix.length > longest.length && path.startsWith(prefix))
      longest = prefix;
  }
  const local = path.slice(longest.length - 1);
  return local.startsWith("//") ? undefined : local;
}
