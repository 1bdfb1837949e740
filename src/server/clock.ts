/** Time as the REPL sees it, as one object, so that tests can let it pass. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Calls once after that many ms. @returns takes it back */
  after(ms: number, call: () => void): () => void;
  /** Calls again and again. @returns ends that */
  every(ms: number, call: () => void): () => void;
  sleep(ms: number): Promise<void>;
}

export const realClock: Clock = {
  now: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  every(ms, call) {
    const timer = setInterval(call, ms);
    return () => clearInterval(timer);
  },
  sleep: (ms) => sleep(ms),
};
