/** Whether a port is free under every address by which a page may ask for it (dev-servers section 5). */
import { createServer } from "node:net";

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
