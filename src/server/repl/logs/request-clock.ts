/** The times of a request: how long it waits for a realm, how long a block runs, when its region is brought up to date. */
import type { Clock } from "../../clock.ts";

export interface ClockActions {
  /** No realm has taken the job in time. */
  notTaken(): void;
  /** The job ran too long. */
  tooLong(): void;
  /** The region may say more now. */
  update(): void;
}

/** Ms between two updates of the seconds (section 6: 3 to 10 s). */
const tickMs = 5000;
/** Ms between two updates for events. */
const eventsMs = 1000;
/** Ms that progress may add up to, at most (section 7). */
const longestMs = 600_000;

type Cancel = (() => void) | undefined;

export class RequestClock {
  readonly #actions: ClockActions;
  readonly #clock: Clock;
  #limit: Cancel;
  #tick: Cancel;
  #soon: Cancel;
  #dispatchedAt = 0;

  constructor(actions: ClockActions, clock: Clock) {
    this.#actions = actions;
    this.#clock = clock;
  }

  /** A block waits for its realm. */
  wait(timeoutMs: number): void {
    this.stop();
    this.#limit = this.#clock.after(timeoutMs, () => this.#actions.notTaken());
    this.#tick = this.#clock.every(tickMs, () => this.#actions.update());
  }

  /** A block was handed to its realm. @param spentMs of its time, in an earlier life of the server */
  run(timeoutMs: number, spentMs = 0): void {
    this.stop();
    this.#dispatchedAt = this.#clock.now() - spentMs;
    const left = Math.max(0, timeoutMs - spentMs);
    this.#limit = this.#clock.after(left, () => this.#actions.tooLong());
    this.#tick = this.#clock.every(tickMs, () => this.#actions.update());
  }

  /** The job told that it goes on. */
  progress(timeoutMs: number): void {
    if (this.#limit === undefined) return;
    this.#limit();
    const left = Math.max(0, this.#dispatchedAt + longestMs - this.#clock.now());
    this.#limit = this.#clock.after(Math.min(timeoutMs, left), () => this.#actions.tooLong());
  }

  /** Events came. */
  updateSoon(): void {
    if (this.#tick === undefined) return;
    this.#soon ??= this.#clock.after(eventsMs, () => {
      this.#soon = undefined;
      this.#actions.update();
    });
  }

  stop(): void {
    this.#limit?.();
    this.#tick?.();
    this.#soon?.();
    this.#limit = this.#tick = this.#soon = undefined;
  }
}
