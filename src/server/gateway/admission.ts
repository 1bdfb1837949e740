/** What the request gate is asked and what it answers. */
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Verify } from "./request-credential.ts";
import type { DecisiveHeaders, RequestHead } from "./request-head.ts";
import type { Route } from "./request-route.ts";
import type { Target } from "./request-target.ts";

export interface RequestPolicy {
  /** Authorities with port that may stand in `Host`, without wildcards (N-05). */
  hosts(): readonly string[];
  /** Exact origins of our own pages and of pages that may call us (N-06). */
  origins(): readonly string[];
  /** Hosts and origins that a project's own configuration names: they hold for `content` routes only (decision 9). */
  contentHosts?(): readonly string[];
  contentOrigins?(): readonly string[];
  /** Pages of other ports show what is served here: their pictures and sounds come without an `Origin` (decision 13). */
  embedded?(): boolean;
  /** Path prefixes under which the outside reaches us, each from `/` to `/`; the longest that fits is removed. */
  prefixes(): readonly string[];
  readonly routes: readonly Route[];
  /** Called at most once per request each. The control token also opens what a page credential opens. */
  readonly credentials: { readonly page: Verify; readonly control: Verify };
}

export interface Admitted {
  readonly ok: true;
  readonly route: Route;
  /** Decoded canonical path, prefix included. */
  readonly path: string;
  /** The same without the prefix; what the route was found by. */
  readonly local: string;
  /** Path encoded anew, and the query: what is handed on, never the original text. */
  readonly url: string;
  /** CORS headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Refused {
  readonly ok: false;
  /** 204 is the answer to a preflight of a listed origin; all others are errors. */
  readonly status: number;
  readonly code: ErrorCode | "preflight";
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Admission = Admitted | Refused;

/** What the checks have established so far. */
export interface Inquiry {
  readonly head: RequestHead;
  readonly policy: RequestPolicy;
  readonly headers: DecisiveHeaders;
  readonly target: Target;
  readonly local: string;
}

export function refuse(status: number, code: ErrorCode, message: string): Refused {
  return { ok: false, status, code, message, headers: {} };
}
