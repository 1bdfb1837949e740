/** Ports for Vite hosts, one owner each, also between windows (dev-servers section 5). */
import { createServer } from "node:net";
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";
import { lock, unlock } from "../lock-file.ts";
import type { ProcessIdentity } from "../processes.ts";

export interface Ports {
  /** Reserves a port, the preferred one if it is free. Throws `port_exhausted`. */
  reserve(preferred?: number): Promise<number>;
  /** Gives it back. The process that listened on it must be gone. */
  release(port: number): Promise<void>;
  releaseAll(): Promise<void>;
}

/**
 * @param directory of the lock files, shared by all servers of the user
 * @param owner this server
 * @param range inclusive start, exclusive end
 */
export function createPorts(
  directory: string,
  owner: ProcessIdentity,
  range: () => readonly [number, number],
): Ports {
  const reserved = new Set<number>();
  const lockFile = (port: number): string => path.join(directory, `${port}.json`);

  const take = async (port: number): Promise<boolean> => {
    if (reserved.has(port)) return false;
    reserved.add(port);
    if ((await lock(lockFile(port), owner)) && (await isFree(port))) return true;
    reserved.delete(port);
    await unlock(lockFile(port), owner);
    return false;
  };

  const release = async (port: number): Promise<void> => {
    if (!reserved.has(port)) return;
    await unlock(lockFile(port), owner);
    reserved.delete(port);
  };

  return {
    async reserve(preferred) {
      const [start, end] = range();
      if (
        preferred !== undefined &&
        preferred >= start &&
        preferred < end &&
        (await take(preferred))
      )
        return preferred;
      for (let port = start; port < end; port++) {
        if (await take(port)) return port;
      }
      throw new UserError(
        "port_exhausted",
        `Ports ${start}–${end - 1} are all in use. Stop a project, free a port or change the setting vitrine.portRange`,
      );
    },
    release,
    releaseAll: async () => {
      await Promise.all([...reserved].map(release));
    },
  };
}

/** Free means: bindable on IPv4 loopback, IPv6 loopback where it exists, and both wildcards. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "::1", "0.0.0.0", "::"]) {
    if (!(await canBind(port, host))) return false;
  }
  return true;
}

function canBind(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      // A machine without IPv6 cannot bind there, and nobody else can either.
      resolve(error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT");
    });
    server.listen({ port, host, exclusive: true, ipv6Only: host === "::" }, () =>
      server.close(() => resolve(true)),
    );
  });
}
