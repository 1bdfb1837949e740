/** The times of a request: how long it waits for a realm, how long a block runs, when its region is brought up to date. */

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

export class RequestClock {
  readonly #actions: ClockActions;
  #limit: NodeJS.Timeout | undefined;
  #tick: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #dispatchedAt = 0;

  constructor(actions: ClockActions) {
    this.#actions = actions;
  }

  /** A block waits for its realm. */
  wait(timeoutMs: number): void {
    this.stop();
    this.#limit = setTimeout(() => this.#actions.notTaken(), timeoutMs);
    this.#tick = setInterval(() => this.#actions.update(), tickMs);
  }

  /** A block was handed to its realm. @param spentMs of its time, in an earlier life of the server */
  run(timeoutMs: number, spentMs = 0): void {
    this.stop();
    this.#dispatchedAt = Date.now() - spentMs;
    this.#limit = setTimeout(() => this.#actions.tooLong(), Math.max(0, timeoutMs - spentMs));
    this.#tick = setInterval(() => this.#actions.update(), tickMs);
  }

  /** The job told that it goes on. */
  progress(timeoutMs: number): void {
    if (this.#limit === undefined) return;
    clearTimeout(this.#limit);
    const left = Math.max(0, this.#dispatchedAt + longestMs - Date.now());
    this.#limit = setTimeout(() => this.#actions.tooLong(), Math.min(timeoutMs, left));
  }

  /** Events came. */
  updateSoon(): void {
    if (this.#tick === undefined) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#actions.update();
    }, eventsMs);
  }

  stop(): void {
    clearTimeout(this.#limit);
    clearInterval(this.#tick);
    clearTimeout(this.#soon);
    this.#limit = this.#tick = this.#soon = undefined;
  }
}
