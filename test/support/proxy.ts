/** A proxy listener with a realm channel of its own, in front of whatever a test puts behind it. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { createPorts } from "../../src/server/dev-servers/ports.ts";
import {
  openProxyListener,
  type ProxyListener,
} from "../../src/server/dev-servers/proxy/proxy-listener.ts";
import { processStart } from "../../src/server/processes.ts";
import { openPageChannel } from "../../src/server/realms/page-channel.ts";
import { Realms } from "../../src/server/realms/realms.ts";
import { firstPort } from "./server.ts";

export interface TestProxy {
  readonly listener: ProxyListener;
  readonly realms: Realms;
  /** Without a slash at the end. */
  readonly origin: string;
  /** Address of what stands behind, with a slash at the end; may be changed while it runs. */
  target: string;
}

export async function useProxy(target: string, outside = ""): Promise<TestProxy> {
  const directory = await mkdtemp(path.join(tmpdir(), "vtr-proxy-"));
  const owner = { pid: process.pid, start: (await processStart(process.pid)) ?? "" };
  const ports = createPorts(path.join(directory, "ports"), owner, () => [
    firstPort + 90,
    firstPort + 100,
  ]);
  const realms = new Realms();
  const used: { listener?: ProxyListener; target: string } = { target };
  const channel = await openPageChannel({
    session: "shop",
    runDirectory: directory,
    realms,
    script: () => undefined,
    root: directory,
    addresses: () => used.listener?.addresses() ?? { origins: [], hosts: [] },
    base: () => used.listener?.addresses().base ?? "/",
  });
  const listener = await openProxyListener({
    ports,
    project: { id: "shop", root: "/srv/shop", name: "Shop" },
    pipe: channel.pipe,
    target: () => used.target,
    composed: () => [],
    externalAddress: async () => outside,
  });
  used.listener = listener;
  onTestFinished(async () => {
    await listener.close();
    realms.removeSession("shop");
    await channel.close();
    await rm(directory, { recursive: true, force: true });
  });
  const origin = `http://127.0.0.1:${listener.port}`;
  return Object.assign(used, { listener, realms, origin });
}

/** A server that a test writes itself. @returns its address with a slash at the end */
export async function useTarget(
  listener: RequestListener,
  prepare: (server: Server) => void = () => {},
): Promise<string> {
  const server = createServer(listener);
  prepare(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
