/** What pages of servers that we did not configure have in common. */
import { openProxyListener, type ProxyListener } from "../../dev-servers/proxy/proxy-listener.ts";
import type { UiParts } from "./ui-server.ts";

export function openProxy(
  { ports, project, pipe, externalAddress, composite }: UiParts,
  target: () => string,
): Promise<ProxyListener> {
  return openProxyListener({
    ports,
    project,
    pipe,
    target,
    externalAddress,
    composed: () => composite().pages,
  });
}

/** @param why a clause */
export function realmOnly(why: string): string {
  return `realm only: ${why}, so there are no packs, and blocks import only by address`;
}
