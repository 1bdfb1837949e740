/** Which ports are ours and for whom. While one is held no other window takes it. */
import path from "node:path";
import { lock, unlock } from "../lock-file.ts";
import type { ProcessIdentity } from "../processes.ts";

export interface HeldPorts {
  /** Whoever listens on it. @param key of the holder, `""` for nobody by name. @returns false when another one has it */
  hold(port: number, key: string): Promise<boolean>;
  release(port: number): Promise<void>;
  releaseAll(): Promise<void>;
  /** @returns 0 when the holder has none */
  portOf(key: string): number;
}

/** @param directory of the lock files */
export function createHeldPorts(directory: string, owner: ProcessIdentity): HeldPorts {
  const held = new Map<number, string>();
  const lockFile = (port: number): string => path.join(directory, `${port}.json`);

  const release = async (port: number): Promise<void> => {
    if (!held.has(port)) return;
    await unlock(lockFile(port), owner);
    held.delete(port);
  };

  return {
    async hold(port, key) {
      if (held.has(port)) return false;
      held.set(port, key);
      if (await lock(lockFile(port), owner)) return true;
      held.delete(port);
      return false;
    },
    release,
    releaseAll: async () => {
      await Promise.all([...held.keys()].map(release));
    },
    portOf: (key) => [...held].find(([, other]) => other === key && key !== "")?.[0] ?? 0,
  };
}
