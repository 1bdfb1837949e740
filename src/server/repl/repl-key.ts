/** The key that realms bring when a REPL wants one (REPL specification 18.3): in a header, or for the existing client in a cookie. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

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
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
