/** One Vite host kept ahead, with a Vite imported and no config loaded, so that a preview opens without that wait. */
import { startViteHost, type ProcessKeeper, type ViteHost } from "./vite-host.ts";

export interface WarmHost {
  /** Starts one if none is waiting and one is wanted. */
  prepare(vite: string): void;
  /** The waiting host, or a new one; `vite` must be the one it was warmed with to gain anything. */
  take(vite: string): ViteHost;
  stop(): Promise<void>;
}

/** @param enabled whether one is kept at all */
export function createWarmHost(keeper: ProcessKeeper, enabled: () => boolean): WarmHost {
  let waiting: { vite: string; host: ViteHost } | undefined;

  const prepare = (vite: string): void => {
    if (waiting?.vite === vite || !enabled()) return;
    void waiting?.host.stop();
    const host = startViteHost(keeper);
    waiting = { vite, host };
    // A Vite that cannot be imported says so when it is used for real.
    host.methods.warm(vite).catch(() => {});
    void host.exited.then(() => {
      if (waiting?.host === host) waiting = undefined;
    });
  };

  return {
    prepare,
    take(vite) {
      if (waiting?.vite !== vite) return startViteHost(keeper);
      const { host } = waiting;
      waiting = undefined;
      return host;
    },
    stop: async () => {
      const host = waiting?.host;
      waiting = undefined;
      await host?.stop();
    },
  };
}
