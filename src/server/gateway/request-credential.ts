/** N-03, N-04: how a credential is carried and compared. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { DecisiveHeaders } from "./request-head.ts";

/** Whether a presented token is one of those that were issued. */
export type Verify = (token: string) => boolean;

export interface Credentials {
  readonly verify: Verify;
  /** A new token of 32 random bytes for a holder (a session, a realm, `control`). Each holder has at most one. */
  issue(holder: string): string;
  revoke(holder: string): void;
}

/** Only hashes are kept: a look at memory gives no token away, and all comparisons have equal length. */
export function createCredentials(): Credentials {
  const hashes = new Map<string, Buffer>();
  return {
    issue(holder) {
      const token = randomBytes(32).toString("base64url");
      hashes.set(holder, sha256(token));
      return token;
    },
    revoke: (holder) => void hashes.delete(holder),
    verify(token) {
      const candidate = sha256(token);
      let found = false;
      for (const hash of hashes.values()) found = timingSafeEqual(hash, candidate) || found;
      return found;
    },
  };
}

function sha256(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/**
 * The token of a request: `Authorization: Bearer <token>`, or for an upgrade the one entry `token.<token>` of
 * `Sec-WebSocket-Protocol`. Undefined when there is none, when it is malformed, or when more than one is presented.
 */
export function presentedToken(headers: DecisiveHeaders, upgrade: boolean): string | undefined {
  if (headers.repeated.has("authorization") || headers.repeated.has("sec-websocket-protocol"))
    return undefined;
  const tokens = upgrade ? protocolTokens(headers.value["sec-websocket-protocol"] ?? "") : [];
  const authorization = headers.value.authorization;
  if (authorization !== undefined) tokens.push(/^bearer (.*)$/i.exec(authorization)?.[1] ?? "");
  const [token] = tokens;
  return tokens.length === 1 && token !== undefined && /^[\w-]{43}$/.test(token)
    ? token
    : undefined;
}

function protocolTokens(header: string): string[] {
  return header
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry.startsWith("token."))
    .map((entry) => entry.slice("token.".length));
}
