/** Nobody says that a realm left: it is missed (REPL specification 11.1). The workers of a page go with it (13.3). */
import type { Instance } from "./instance.ts";

export interface ContactWatchOptions {
  instances(): readonly Instance[];
  /** A realm is not in contact any more. */
  left(instance: Instance): void;
  /** After each look: times of contact change without anybody's word. */
  looked(): void;
}

/** Ms between two looks. */
const lookMs = 2000;

/** @returns ends the watch */
export function watchContacts({ instances, left, looked }: ContactWatchOptions): () => void {
  let online: readonly Instance[] = [];
  const timer = setInterval(() => {
    const all = instances();
    for (const { key } of offline(online))
      for (const child of all) if (child.parent === key) child.hasLeft = true;
    for (const instance of offline(online)) left(instance);
    online = all.filter(({ isOnline }) => isOnline);
    looked();
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

function offline(instances: readonly Instance[]): readonly Instance[] {
  return instances.filter(({ isOnline }) => !isOnline);
}
