/** How many of a kind go on at once over all projects: builds (dev-servers 4.2), starts of servers (section 13). */

/** Gives a slot back. Twice is once. */
export type Release = () => void;

export interface Slots {
  /** Waits for a slot, first come, first served. Undefined when the signal came first. */
  take(signal: AbortSignal): Promise<Release | undefined>;
}

/** @param limit the setting as it is now, at least 1 */
export function createSlots(limit: () => number): Slots {
  let taken = 0;
  const waiting: (() => void)[] = [];

  const next = (): void => {
    while (waiting.length > 0 && taken < Math.max(1, limit())) waiting.shift()?.();
  };
  const occupy = (): Release => {
    taken++;
    let held = true;
    return () => {
      if (held) taken--;
      held = false;
      next();
    };
  };

  return {
    take: (signal) =>
      new Promise((resolve) => {
        const granted = (): void => {
          signal.removeEventListener("abort", left);
          resolve(occupy());
        };
        const left = (): void => {
          const at = waiting.indexOf(granted);
          if (at >= 0) waiting.splice(at, 1);
          resolve(undefined);
        };
        if (signal.aborted) return resolve(undefined);
        signal.addEventListener("abort", left, { once: true });
        waiting.push(granted);
        next();
      }),
  };
}
