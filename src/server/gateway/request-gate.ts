/**
 * The request gate: every HTTP request and every upgrade passes it before anything else looks at it (design, section 2).
 * A pure decision on the head of a request; it does no I/O and never throws.
 */
import { quoted } from "../quoted.ts";
import {
  refuse,
  type Admission,
  type Inquiry,
  type Refused,
  type RequestPolicy,
} from "./admission.ts";
import {
  anyHosts,
  anyOrigins,
  checkCaller,
  checkHost,
  checkOrigin,
  checkRepeated,
  isEmbeddedMedia,
  originsOf,
} from "./request-caller.ts";
import { presentedToken } from "./request-credential.ts";
import { decisiveHeaders, type RequestHead } from "./request-head.ts";
import { findRoute, ownersOf, withoutPrefix, type Route } from "./request-route.ts";
import { parseTarget } from "./request-target.ts";
import { corsHeaders } from "./response-headers.ts";
import { SERVER_LIMITS } from "./server-limits.ts";

export { headOf, type RequestHead } from "./request-head.ts";
export type { Admission, Admitted, RequestPolicy } from "./admission.ts";
export type { Route } from "./request-route.ts";
export { refusal, securityHeaders } from "./response-headers.ts";

export interface RequestGate {
  admit(head: RequestHead): Admission;
}

export function createRequestGate(policy: RequestPolicy): RequestGate {
  return {
    admit(head) {
      try {
        return examine(policy, head);
      } catch {
        // A policy function failed: whatever the reason, the door stays shut and the process alive.
        return refuse(
          500,
          "internal",
          "The request could not be checked; the log of Vitrine says why",
        );
      }
    },
  };
}

function examine(policy: RequestPolicy, head: RequestHead): Admission {
  if (head.rawHeaders.length > 2 * SERVER_LIMITS.headers) {
    return refuse(
      431,
      "too_large",
      `The request has more than ${SERVER_LIMITS.headers} headers; send fewer`,
    );
  }
  const target = parseTarget(head.target);
  const local = target && withoutPrefix(target.path, policy.prefixes());
  if (target === undefined || local === undefined) {
    return refuse(
      400,
      "bad_request",
      "The request target is malformed; send a path that starts with one slash, percent-encoded UTF-8",
    );
  }
  const inquiry = { head, policy, headers: decisiveHeaders(head.rawHeaders), target, local };
  const foreign =
    checkRepeated(inquiry) ??
    checkHost(inquiry, anyHosts(policy)) ??
    checkOrigin(inquiry, anyOrigins(policy));
  if (foreign !== undefined) return foreign;
  const asked = inquiry.headers.value["access-control-request-method"];
  if (head.method === "OPTIONS" && asked !== undefined) return preflight(inquiry, asked);

  const search = findRoute(policy.routes, local, head);
  if (!("route" in search)) return refuseRoute(search.status, search.allowed, head.method);
  const { route } = search;
  const refused =
    checkCaller(inquiry, route) ?? checkBody(inquiry, route) ?? checkCredential(inquiry, route);
  if (refused !== undefined) return refused;
  const isShared = route.sites === "content" || route.sites === "listed";
  const headers = {
    ...(isShared ? corsHeaders(inquiry.headers.value.origin) : {}),
    // Chromium knows no same site among addresses. That it is one was checked here.
    ...(isEmbeddedMedia(inquiry, route) ? { "cross-origin-resource-policy": "cross-origin" } : {}),
  };
  return { ok: true, route, path: target.path, local, url: target.url, headers };
}

/** N-09: a grant only for a listed origin and for a route that such a page may call. */
function preflight({ head, headers, local, policy }: Inquiry, method: string): Refused {
  const { origin } = headers.value;
  const route = ownersOf(policy.routes, local).find(
    (owner) => !owner.upgrade && owner.methods.includes(method),
  );
  const listed = origin !== undefined && originsOf(policy, route).includes(origin);
  if (
    head.upgrade ||
    route === undefined ||
    route.sites === "own" ||
    route.sites === "any" ||
    !listed
  ) {
    return refuse(
      403,
      "forbidden",
      "Pages of other origins may not call this address; call it from its own origin",
    );
  }
  return {
    ok: false,
    status: 204,
    code: "preflight",
    message: "",
    headers: {
      ...corsHeaders(origin),
      "access-control-allow-methods": route.methods.join(", "),
      "access-control-allow-headers": "Authorization, Content-Type",
      "access-control-max-age": "600",
    },
  };
}

function refuseRoute(status: number, allowed: readonly string[], method: string): Refused {
  if (status === 404)
    return refuse(404, "not_found", "Nothing is served at this address; check the path");
  if (status === 400)
    return refuse(400, "bad_request", "This address takes no WebSocket; send an ordinary request");
  if (status === 426)
    return {
      ...refuse(426, "bad_request", "This address takes only WebSockets; send an upgrade"),
      headers: { upgrade: "websocket" },
    };
  const allow = allowed.join(", ");
  return {
    ...refuse(405, "unsupported", `The method ${quoted(method)} is not allowed here; use ${allow}`),
    headers: { allow },
  };
}

const jsonType = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i;

/** N-08 and the announced size (S-01); what is not announced is counted while it is read. */
function checkBody({ headers, head }: Inquiry, route: Route): Refused | undefined {
  const isRead = head.method === "GET" || head.method === "HEAD";
  if (route.json && !isRead && !jsonType.test(headers.value["content-type"] ?? "")) {
    return refuse(
      415,
      "unsupported",
      "The body has the wrong type; send JSON in UTF-8 with Content-Type: application/json",
    );
  }
  if (Number(headers.value["content-length"] ?? 0) <= route.bodyLimit) return undefined;
  return refuse(413, "too_large", `The body is larger than ${route.bodyLimit} bytes; send less`);
}

/** N-03, N-04. */
function checkCredential({ headers, head, policy }: Inquiry, route: Route): Refused | undefined {
  if (route.access === "public") return undefined;
  const token = presentedToken(headers, head.upgrade);
  const { page, control } = policy.credentials;
  const verifies = route.access === "control" ? [control] : [page, control];
  if (token !== undefined && verifies.some((verify) => verify(token))) return undefined;
  const refused = refuse(
    401,
    "unauthorized",
    "The credential is missing or not valid here; send it as Authorization: Bearer",
  );
  return { ...refused, headers: { "www-authenticate": "Bearer" } };
}
