/**
 * A port of ours in front of a server that we did not configure: an attached one, or one that a command started (decision
 * 7). Its pages get the realm client and a way to the realm channel at their own origin, behind the same gate as those of
 * a Vite host. It runs none of the project's code.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { UserError } from "../../../protocol/errors.ts";
import { SERVER_OPTIONS } from "../../gateway/server-limits.ts";
import { addressesOf, type Addresses } from "../../sessions/addresses.ts";
import { frontDoor } from "../../vite-host/front-door.ts";
import type { Ports } from "../ports.ts";
import { createForward } from "./forward.ts";

export interface ProxyListener {
  readonly port: number;
  /** The base follows that of the server behind. */
  addresses(): Addresses;
  /** Ends every connection and gives the port back. */
  close(): Promise<void>;
}

export interface ProxyListenerOptions {
  readonly ports: Ports;
  readonly project: { readonly id: string; readonly root: string; readonly name: string };
  /** Local socket or pipe of the realm channel. */
  readonly pipe: string;
  /** Where the server listens now, its base included; empty while it is not known. */
  target(): string;
  /** Origins of pages that show the project as a plugin, as they are now. */
  composed(): readonly string[];
  /** What the editor answers for a port; empty = as here. */
  externalAddress(port: number): Promise<string>;
}

/** Ports tried when another program takes one between our look and our listen (dev-servers section 5). */
const portTries = 5;

export async function openProxyListener(options: ProxyListenerOptions): Promise<ProxyListener> {
  const { ports, project } = options;
  const server = createServer(SERVER_OPTIONS);
  const dropConnections = trackConnections(server);
  const port = await listen(server, options);
  const outside = await outsideOf(port, server, options);
  /** The last path by which the server was known: pages keep their base while it is away. */
  let serverBase = "/";
  const target = (): URL | undefined => {
    const url = URL.canParse(options.target()) ? new URL(options.target()) : undefined;
    if (url !== undefined) serverBase = url.pathname.replace(/\/?$/, "/");
    return url;
  };
  const addresses = (): Addresses => {
    target();
    return addressesAt(port, outside, serverBase);
  };
  const { prefix, origins, hosts } = addresses();
  const forward = createForward({
    target,
    name: project.name,
    prefix,
    base: () => addresses().base,
    origins,
  });
  server.on("request", (request, response) => forward.web(request, response));
  server.on("upgrade", (request, socket, head) => forward.upgrade(request, socket, head));
  frontDoor(
    server,
    {
      port,
      prefix,
      origins,
      hosts,
      pipe: options.pipe,
      // What is bundled by somebody else has no packs.
      answerPack: (_request, response) => void response.writeHead(404).end(),
    },
    {
      get base() {
        return addresses().base;
      },
      get userBase() {
        return serverBase;
      },
      get composed() {
        return options.composed();
      },
      hosts: [],
      origins: [],
    },
  );
  const close = async (): Promise<void> => {
    await end(server, dropConnections);
    forward.close();
    await ports.releaseByProject(project.id, "proxy");
  };
  let closing: Promise<void> | undefined;
  return { port, addresses, close: () => (closing ??= close()) };
}

async function end(server: Server, dropConnections: () => void): Promise<void> {
  const closed = once(server, "close");
  server.close();
  dropConnections();
  await closed;
}

/** @returns ends all of them, also the upgraded ones, which the server itself has let go of */
function trackConnections(server: Server): () => void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

async function listen(server: Server, { ports, project }: ProxyListenerOptions): Promise<number> {
  const { id, root } = project;
  const holder = { id, root, use: "proxy" } as const;
  for (let tries = 1; ; tries++) {
    const port = await ports.reserve(undefined, holder);
    try {
      server.listen({ port, host: "127.0.0.1", exclusive: true });
      await once(server, "listening");
      return port;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && tries < portTries) continue;
      await ports.releaseByProject(id, "proxy");
      throw new UserError(
        "port_in_use",
        `Port ${port} could not be opened (${code}); free it or change the setting vitrine.portRange`,
        { cause },
      );
    }
  }
}

async function outsideOf(
  port: number,
  server: Server,
  { externalAddress, ports, project }: ProxyListenerOptions,
): Promise<string> {
  try {
    return await externalAddress(port);
  } catch (error) {
    // Nobody would know of the listener.
    server.close();
    await ports.releaseByProject(project.id, "proxy");
    throw error;
  }
}

function addressesAt(port: number, outside: string, serverBase: string): Addresses {
  const { prefix } = addressesOf(port, outside);
  // A server that was told its outside prefix has it in its own base.
  const isTold = serverBase.startsWith(prefix);
  return addressesOf(port, outside, isTold ? serverBase : prefix.slice(0, -1) + serverBase);
}
