/** One Vite host kept ahead, with a Vite imported and no config loaded, so that a preview opens without that wait. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { ResolvedVite } from "./resolve-vite.ts";
import { startViteHost, type ProcessKeeper, type ViteHost } from "./vite-host.ts";

/** Ms until the next host is started: the page that has just been opened needs the processor first. */
const afterMs = 2000;

export interface WarmHost {
  /** Starts one soon, if none is waiting and one is wanted. */
  prepare(vite: ResolvedVite, isShared: boolean): void;
  /** The waiting host, or a new one; it must have been prepared for the same to gain anything. */
  take(vite: ResolvedVite, isShared: boolean): ViteHost;
  stop(): Promise<void>;
}

export interface WarmHostParts {
  readonly keeper: ProcessKeeper;
  /** Private folder of the server, in which an empty one is made. */
  readonly directory: string;
  /** Whether a host is of use to the next project with this Vite. */
  isWanted(vite: ResolvedVite): boolean;
}

export function createWarmHost({ keeper, directory, isWanted }: WarmHostParts): WarmHost {
  let waiting: { url: string; isShared: boolean; host: ViteHost } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let first = true;

  const isWaiting = ({ url }: ResolvedVite, isShared: boolean): boolean =>
    waiting?.url === url && waiting.isShared === isShared;
  const start = (vite: ResolvedVite, isShared: boolean): void => {
    if (isWaiting(vite, isShared) || !isWanted(vite)) return;
    void waiting?.host.end("SIGTERM");
    const host = startViteHost(keeper, isShared);
    waiting = { url: vite.url, isShared, host };
    // A Vite that cannot be imported says so when it is used for real.
    const stage = path.join(directory, "rehearsal");
    mkdir(stage, { recursive: true })
      .then(() => host.methods.warm(vite.url, stage))
      .catch(() => {});
    void host.exited.then(() => {
      if (waiting?.host === host) waiting = undefined;
    });
  };

  return {
    prepare(vite, isShared) {
      clearTimeout(timer);
      timer = setTimeout(start, first ? 0 : afterMs, vite, isShared);
      first = false;
    },
    take(vite, isShared) {
      if (waiting === undefined || !isWaiting(vite, isShared))
        return startViteHost(keeper, isShared);
      const { host } = waiting;
      waiting = undefined;
      return host;
    },
    stop: async () => {
      clearTimeout(timer);
      const host = waiting?.host;
      waiting = undefined;
      await host?.end("SIGTERM");
    },
  };
}
