/** When a crashed process is started again, and when that is given up (dev-servers section 11). */

const delaysMs = [500, 1000, 2000, 4000, 8000, 16_000, 30_000];
const crashWindowMs = 5 * 60_000;
const crashLimit = 5;
/** A process that stayed up this long starts with a clean record. */
const calmMs = 60_000;

export interface BackOff {
  /** A crash happened. Returns ms to wait, or undefined when it is given up. */
  crashed(): number | undefined;
  /** Which attempt the last answer was for, 1-based. */
  attempt(): number;
  /** The process serves again. */
  recovered(): void;
  /** A person asked for the restart: the record is wiped. */
  reset(): void;
}

/** @param now monotonic clock in ms */
export function createBackOff(now: () => number = () => performance.now()): BackOff {
  let crashes: number[] = [];
  let attempt = 0;
  let upSince: number | undefined;
  return {
    crashed() {
      const at = now();
      if (upSince !== undefined && at - upSince >= calmMs) attempt = 0;
      upSince = undefined;
      crashes = [...crashes.filter((crash) => at - crash < crashWindowMs), at];
      if (crashes.length > crashLimit) return undefined;
      attempt++;
      return delaysMs[Math.min(attempt, delaysMs.length) - 1];
    },
    attempt: () => attempt,
    recovered: () => {
      upSince = now();
    },
    reset: () => {
      crashes = [];
      attempt = 0;
      upSince = undefined;
    },
  };
}
