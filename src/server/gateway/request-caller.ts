/** N-05, N-06, N-07: under which name a request came, and from whose page. */
import { quoted } from "../quoted.ts";
import { refuse, type Inquiry, type Refused, type RequestPolicy } from "./admission.ts";
import type { Route } from "./request-route.ts";

export function checkRepeated({ headers }: Inquiry): Refused | undefined {
  for (const name of headers.repeated) {
    // These two carry a credential; doubled they are no credential (N-03), and a route that needs none ignores them.
    if (name === "authorization" || name === "sec-websocket-protocol") continue;
    return refuse(400, "bad_request", `The header ${name} came more than once; send it once`);
  }
  return undefined;
}

export function anyHosts(policy: RequestPolicy): readonly string[] {
  return [...policy.hosts(), ...(policy.contentHosts?.() ?? [])];
}

export function anyOrigins(policy: RequestPolicy): readonly string[] {
  return [...policy.origins(), ...(policy.contentOrigins?.() ?? [])];
}

/** Characters of the longest host name and port. */
const longestAuthority = 253 + 6;

/** N-05. HTTP/2 may send both forms and an absolute target has its own: all of them must be served here. */
export function checkHost(
  { head, headers, target }: Inquiry,
  hosts: readonly string[],
): Refused | undefined {
  const named = [head.authority, headers.value.host, target.authority].filter(
    (authority) => authority !== undefined,
  );
  const host = head.authority ?? headers.value.host;
  if (host === undefined || !named.every(isAuthority)) {
    return refuse(
      400,
      "bad_request",
      "The Host header is missing or malformed; send the host and port of this server",
    );
  }
  const served = new Set(hosts.map((authority) => authority.toLowerCase()));
  const other = named.find((authority) => !served.has(authority.toLowerCase()));
  if (other === undefined) return undefined;
  // An absolute target that names another server is malformed for us, whatever the Host says (N-15).
  const isTarget = other === target.authority;
  return refuse(
    isTarget ? 400 : 403,
    isTarget ? "bad_request" : "forbidden",
    `The host ${quoted(other)} is not served here; use the address that Vitrine shows`,
  );
}

function isAuthority(text: string): boolean {
  return text.length <= longestAuthority && /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(text);
}

/** N-06. */
export function checkOrigin({ headers }: Inquiry, origins: readonly string[]): Refused | undefined {
  const { origin } = headers.value;
  if (origin === undefined || (origin !== "null" && origins.includes(origin))) return undefined;
  return refuse(
    403,
    "forbidden",
    `Pages of the origin ${quoted(origin)} may not call this server; use the address that Vitrine shows`,
  );
}

export function originsOf(policy: RequestPolicy, route: Route | undefined): readonly string[] {
  return route?.sites === "content" ? anyOrigins(policy) : policy.origins();
}

/** Who calls: host and origin once more where the route is ours, then the fetch metadata (N-07). */
export function checkCaller(inquiry: Inquiry, route: Route): Refused | undefined {
  const { headers, head, policy } = inquiry;
  const narrower =
    route.sites === "content"
      ? undefined
      : (checkHost(inquiry, policy.hosts()) ?? checkOrigin(inquiry, policy.origins()));
  if (narrower !== undefined) return narrower;
  if (head.upgrade && headers.value.upgrade?.toLowerCase() !== "websocket") {
    return refuse(
      400,
      "bad_request",
      "Only WebSocket upgrades are served; send Upgrade: websocket",
    );
  }
  if (route.originRequired && !policy.origins().includes(headers.value.origin ?? "")) {
    return refuse(
      403,
      "forbidden",
      "This address needs the Origin of one of its own pages; call it from the page",
    );
  }
  if (isWelcome(inquiry, route)) return undefined;
  return refuse(
    403,
    "forbidden",
    "Pages of other sites may not call this address; call it from its own origin",
  );
}

const mediaDestinations: ReadonlySet<string | undefined> = new Set([
  "image",
  "audio",
  "video",
  "track",
]);
const pageDestinations: ReadonlySet<string | undefined> = new Set(["document", "iframe", "frame"]);

/** Fetch metadata only ever refuses; that it is absent or friendly grants nothing. */
function isWelcome(inquiry: Inquiry, route: Route): boolean {
  const { headers, head } = inquiry;
  const {
    "sec-fetch-site": site,
    "sec-fetch-mode": mode,
    "sec-fetch-dest": destination,
    origin,
  } = headers.value;
  if (site === undefined || site === "same-origin") return true;
  // `none` is the address bar, which sends no POST and opens no socket.
  if (site === "none") return !route.originRequired;
  const isRead = head.method === "GET" || head.method === "HEAD";
  if (route.sites === "own" || (site !== "same-site" && site !== "cross-site")) return false;
  if (route.sites === "any") return isRead && origin === undefined;
  if (origin !== undefined) return mode === "cors" || mode === "websocket";
  if (isEmbeddedMedia(inquiry, route)) return true;
  return (
    route.sites === "content" && isRead && mode === "navigate" && pageDestinations.has(destination)
  );
}

/** A picture or a sound of a project that pages of other ports show. A script never comes this way. */
export function isEmbeddedMedia({ headers, head, policy }: Inquiry, route: Route): boolean {
  const { "sec-fetch-site": site, "sec-fetch-dest": destination, origin } = headers.value;
  return (
    route.sites === "content" &&
    policy.embedded?.() === true &&
    head.method === "GET" &&
    origin === undefined &&
    site === "same-site" &&
    mediaDestinations.has(destination)
  );
}
