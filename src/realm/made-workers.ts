/** Tells the application's own workers, and theirs, to which realm they belong. */
import { linkWorker } from "./worker-link.ts";

/**
 * Replaces the constructor of dedicated workers by one that looks the same.
 * @param instance of this realm
 * @param ready resolves when the server knows this realm
 */
export function answerMadeWorkers(instance: string, ready: Promise<void>): void {
  const { Worker: original } = globalThis as { Worker?: typeof Worker };
  if (original === undefined) return;
  const wrapped: typeof Worker = new Proxy(original, {
    construct(target, args, newTarget) {
      const worker = Reflect.construct(
        target,
        args,
        newTarget === wrapped ? target : newTarget,
      ) as Worker;
      linkWorker(worker, { instance, ready });
      return worker;
    },
  });
  Object.defineProperty(globalThis, "Worker", {
    value: wrapped,
    writable: true,
    configurable: true,
  });
}
