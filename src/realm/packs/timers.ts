/**
 * Timers for the glue of React Refresh, which debounces by 16 ms because it does not know when an update ends. Vite's client
 * says so for each message: within one, the callback waits for the end; outside, it runs at once.
 */

export interface RefreshTimers {
  setTimeout(callback: () => void): unknown;
  clearTimeout(handle: unknown): void;
  begin(): void;
  end(): void;
}

export function createRefreshTimers(): RefreshTimers {
  let batch: Set<() => void> | undefined;
  return {
    setTimeout(callback) {
      if (batch === undefined) return globalThis.setTimeout(callback, 0);
      // One object per call: a callback may be set again after it was taken away.
      const handle = (): void => callback();
      batch.add(handle);
      return handle;
    },
    clearTimeout(handle) {
      if (typeof handle === "number") globalThis.clearTimeout(handle);
      else batch?.delete(handle as () => void);
    },
    begin() {
      batch ??= new Set();
    },
    end() {
      const callbacks = [...(batch ?? [])];
      batch = undefined;
      for (const callback of callbacks) callback();
    },
  };
}
