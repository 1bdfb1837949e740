/** The key that realms bring when a REPL wants one (REPL specification 18.3): in a header, or for the existing client in a cookie. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Never sent to other sites, nor shown to scripts. */
export function cookieWith(key: string): string {
  return `daebug=${encodeURIComponent(key)}; HttpOnly; SameSite=Strict; Path=/`;
}

export function hasKey({ headers }: IncomingMessage, key: string): boolean {
  const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? "")?.[1];
  const own = headers["x-daebug-key"];
  const cookie = /(?:^|;\s*)daebug=([^;]*)/.exec(headers.cookie ?? "")?.[1];
  const given = [bearer, typeof own === "string" ? own : undefined, decoded(cookie)];
  return given.some((one) => one !== undefined && isSame(one, key));
}

/**
 * A person brings the key in the address once, and goes on with the cookie and without it.
 * @returns whether the key was there; the request is answered then
 */
export function takesKey(
  { url = "/" }: IncomingMessage,
  response: ServerResponse,
  key: string,
): boolean {
  const address = new URL(url, "http://localhost");
  const given = address.searchParams.get("key");
  if (given === null || !isSame(given, key)) return false;
  address.searchParams.delete("key");
  response
    .writeHead(303, {
      "set-cookie": cookieWith(key),
      location: address.pathname + address.search,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    })
    .end();
  return true;
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    // Not ours.
    return undefined;
  }
}

/** Takes the same time whatever is wrong. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hash(one), hash(other));
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
