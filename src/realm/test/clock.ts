/** Time as it was before any test replaced it. */

const set = globalThis.setTimeout.bind(globalThis);
const clear = globalThis.clearTimeout.bind(globalThis);

export const now: () => number = performance.now.bind(performance);

/** One turn of the event loop. Not a timer: those of a hidden page wait for a second. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}

/**
 * Waits for work, at most so long.
 * @param ms `Infinity` for no limit
 * @throws what `late` makes when the time is up; the work itself goes on.
 */
export async function within<Value>(
  work: Promise<Value>,
  ms: number,
  late: () => Error,
): Promise<Value> {
  if (!Number.isFinite(ms)) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    // Longer waits than a timer can keep would end at once.
    timer = set(() => reject(late()), Math.min(Math.max(ms, 0), 2 ** 31 - 1));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clear(timer);
  }
}

export function every(ms: number, call: () => void): () => void {
  const timer = globalThis.setInterval(call, ms);
  return () => globalThis.clearInterval(timer);
}
