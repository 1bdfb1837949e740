/** When a crashed process is started again, and when that is given up (dev-servers section 11). */

const delaysMs = [500, 1000, 2000, 4000, 8000, 16_000, 30_000];
/** Either way: what crashes together, because of one saved file, does not come back together. */
const jitter = 0.2;
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

/**
 * @param now monotonic clock in ms
 * @param random a number from 0 up to 1
 */
export function createBackOff(
  now: () => number = () => performance.now(),
  random: () => number = Math.random,
): BackOff {
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
      const delay = delaysMs[Math.min(attempt, delaysMs.length) - 1] ?? 0;
      return Math.round(delay * (1 + jitter * (2 * random() - 1)));
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
