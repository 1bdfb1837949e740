/** What a session waits for to come back by itself: a timer, an edit, an answer. It forgets them all at once. */
import { watchForCorrection } from "./correction.ts";
import { watchHealth, type HealthOptions } from "./ui/health.ts";

export class Recovery {
  #ends: (() => void)[] = [];

  /** After a crash. @param ms to wait */
  after(ms: number, again: () => void): void {
    const timer = setTimeout(again, ms);
    this.#ends.push(() => clearTimeout(timer));
  }

  /** After a failure: what a user mends is a file, the config, the packages or the page. Nothing is retried on a timer. */
  afterEdit(root: string, again: () => void): void {
    const watch = watchForCorrection(root, again);
    this.#ends.push(() => watch.close());
  }

  /** As long as it serves. */
  whileHealthy(options: HealthOptions): void {
    this.#ends.push(watchHealth(options));
  }

  forget(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}
