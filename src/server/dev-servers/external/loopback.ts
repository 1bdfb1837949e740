/** Which hosts a `.devinfo` may name: this machine, and what the user allows (dev-servers 15). Pure. */
import { isIPv4 } from "node:net";

export interface Address {
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, IPv6 in brackets; undefined when it is something else. */
export function parseAddress(text: string): Address | undefined {
  const [, host, port] = /^(\[[\da-f:.]+\]|[\w.-]{1,253}):(\d{1,5})$/i.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** @param allowed hosts beside loopback, exact */
export function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  return isLoopback(host) || allowed.some((one) => one.toLowerCase() === plain(host));
}

/** Also of a name that only this machine has. */
export function isLoopback(host: string): boolean {
  const name = plain(host);
  // All of 127.0.0.0/8 is this machine (RFC 1122, 3.2.1.3), and the name is kept for it (RFC 6761, 6.3).
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}

function plain(host: string): string {
  return host.replace(/^\[|\]$/g, "").toLowerCase();
}
