/** Dev servers that are told to the editor as the whole list, and to other programs as single events. */
import type { DevServerEvents } from "../../protocol/dev-server.ts";
import type { Tell } from "../owners.ts";
import type { Publish } from "./dev-server.ts";
import { DevServers, type DevServersParts } from "./dev-servers.ts";

export interface CreateDevServersParts extends Omit<DevServersParts, "forgotten"> {
  /** To other programs. */
  readonly publish: Publish;
  /** To the editor, and to other programs that show what it shows. */
  readonly tell: Tell;
}

export function createDevServers({ publish, tell, ...parts }: CreateDevServersParts): DevServers {
  let isTelling = false;
  /** Many facts change in one tick; the list is sent once. */
  const tellList = (): void => {
    if (isTelling) return;
    isTelling = true;
    setImmediate(() => {
      isTelling = false;
      tell("devServersChanged", devServers.list());
    });
  };
  const devServers = new DevServers({
    ...parts,
    forgotten: tellList,
    publish: (name, payload) => {
      publish(name, payload);
      if (name === "plugin/devserver/status") tellList();
      if (name === "plugin/devserver/log")
        tell("devServerLogged", payload as DevServerEvents["plugin/devserver/log"]);
    },
  });
  return devServers;
}
