/**
 * Wrapped forms of transformed code from earlier sessions, by content. The transform itself is always Vite's and of now; what
 * is saved is the syntax tree of each module, which costs more than all the rest of opening a page.
 */
import { readModules, storeModules } from "./stored-modules.ts";
import type { PackedModule } from "./wrap.ts";

export interface WrapCache {
  load(): Promise<void>;
  get(hash: string): PackedModule | undefined;
  add(hash: string, module: PackedModule): void;
  /** Keeps what was used so far for the next session, soon. Not called for each edit: those cost enough. */
  keep(): void;
}

/** Ms: a page that is being opened needs the processor first. */
const storeAfterMs = 250;

/** @param failed told when storing did not work; nothing else depends on it */
export function createWrapCache(file: string, failed: (error: Error) => void): WrapCache {
  let stored: ReadonlyMap<string, PackedModule> = new Map();
  /** What this session used: all that is stored again. */
  const used = new Map<string, PackedModule>();
  let timer: NodeJS.Timeout | undefined;
  let changed = false;

  const store = (): void => {
    storeModules(file, used).catch(failed);
  };

  return {
    async load() {
      stored = (await readModules(file))?.modules ?? new Map();
    },
    get(hash) {
      const found = used.get(hash) ?? stored.get(hash);
      if (found !== undefined) used.set(hash, found);
      return found;
    },
    add(hash, module) {
      used.set(hash, module);
      changed = true;
    },
    keep() {
      if (!changed) return;
      changed = false;
      clearTimeout(timer);
      timer = setTimeout(store, storeAfterMs);
    },
  };
}
