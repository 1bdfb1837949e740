import { setTimeout as delay } from "node:timers/promises";

/** Asks again until `look` answers something; for facts of other processes, which announce nothing to a test. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  timeout = 30_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + timeout;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${timeout} ms: ${what}`);
    await delay(25);
  }
}
