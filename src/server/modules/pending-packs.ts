/** Packs that a page names before they are ready. Their address answers when they are, and is never stored. */
import type { Pack } from "./pack.ts";

export interface PendingPacks {
  /** @returns the name of its script */
  add(pack: Promise<Pack>): string;
  find(name: string): Promise<Pack> | undefined;
}

/** A page asks at once for what it names. */
const keptMs = 60_000;

export function createPendingPacks(): PendingPacks {
  const waiting = new Map<string, Promise<Pack>>();
  let count = 0;
  return {
    add(pack) {
      const name = `pending-${(count += 1)}.js`;
      waiting.set(name, pack);
      // Whoever asks hears of a failure; a page that went away does not.
      pack.catch(() => {});
      setTimeout(() => waiting.delete(name), keptMs).unref();
      return name;
    },
    find: (name) => waiting.get(name),
  };
}
