/** The names by which a REPL's listener is reached. */
import { hostname, networkInterfaces } from "node:os";

export const loopback: readonly string[] = ["127.0.0.1", "localhost", "::1"];

export function isLoopback(host: string): boolean {
  return loopback.includes(host);
}

/** Literal, because another program may have the port on another address of `localhost` (N-01). */
export function browserHost(host: string): string {
  if (["localhost", "0.0.0.0", "::"].includes(host)) return "127.0.0.1";
  return bracketed(host);
}

/** What may stand in `Host`, without the port: for all addresses those that this machine has, and its name. */
export function hostNames(host: string): readonly string[] {
  const isAll = host === "0.0.0.0" || host === "::";
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address),
  );
  const others = isAll ? [...addresses, hostname()] : [host];
  return [...new Set([...loopback, ...others].map(bracketed))];
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
