/** When a crashed server is started again (P-03): 0.5, 1, 2, 4 s; the fifth crash within 3 minutes ends it. */

const delaysMs = [500, 1000, 2000, 4000];
const windowMs = 180_000;

export interface BackOff {
  /**
   * Counts a crash.
   * @param now monotonic ms.
   * @returns ms to wait before the next start, or undefined when it should not be started again.
   */
  crashed(now: number): number | undefined;
  /** A person asked for a restart: the count begins anew. */
  reset(): void;
}

export function createBackOff(): BackOff {
  let crashes: number[] = [];
  return {
    crashed(now) {
      crashes = crashes.filter((at) => now - at < windowMs);
      crashes.push(now);
      return delaysMs[crashes.length - 1];
    },
    reset() {
      crashes = [];
    },
  };
}
