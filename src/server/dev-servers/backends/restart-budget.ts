/** When a back end that exited is started again, and when that is given up (dev-servers section 11). */

const firstDelayMs = 2000;
const longestDelayMs = 30_000;
const attemptsPerCrash = 3;
const windowMs = 5 * 60_000;
const attemptsPerWindow = 5;

export interface RestartBudget {
  /** An attempt is wanted. Returns ms to wait before it, or undefined when it is given up. */
  next(): number | undefined;
  /** The attempt came up: another exit is another crash. */
  cameUp(): void;
  /** There is a new build, or a person asked for the restart: the record is wiped. */
  reset(): void;
}

/** @param now monotonic clock in ms */
export function createRestartBudget(now: () => number = () => performance.now()): RestartBudget {
  let attempts: number[] = [];
  let ofThisCrash = 0;
  return {
    next() {
      const at = now();
      attempts = attempts.filter((attempt) => at - attempt < windowMs);
      if (ofThisCrash >= attemptsPerCrash || attempts.length >= attemptsPerWindow) return undefined;
      // It doubles also from crash to crash: what exits again and again is not helped by haste.
      const delay = Math.min(firstDelayMs * 2 ** attempts.length, longestDelayMs);
      attempts.push(at);
      ofThisCrash++;
      return delay;
    },
    cameUp: () => {
      ofThisCrash = 0;
    },
    reset: () => {
      attempts = [];
      ofThisCrash = 0;
    },
  };
}
