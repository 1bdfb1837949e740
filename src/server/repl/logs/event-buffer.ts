/** Events in order of arrival: the first 2, the last 8 and a count, which is all that is ever shown (9.2, 9.4). */
import { KEPT_EVENTS, type LogEvent } from "../../../markdown/log/events.ts";

export class EventBuffer {
  #first: LogEvent[] = [];
  #last: LogEvent[] = [];
  #total = 0;

  /** @param missing events that somebody left out between the first two and the rest of `events` */
  add(events: readonly LogEvent[], missing = 0): void {
    for (const event of events) {
      this.#total++;
      if (this.#first.length < KEPT_EVENTS.first) this.#first.push(event);
      else this.#last.push(event);
    }
    this.#last = this.#last.slice(-KEPT_EVENTS.last);
    this.#total += missing;
  }

  get total(): number {
    return this.#total;
  }

  /** What is shown, and how many are missing between the first and the last. */
  content(): { readonly events: readonly LogEvent[]; readonly missing: number } {
    const events = [...this.#first, ...this.#last];
    return { events, missing: this.#total - events.length };
  }

  /** Moves everything into another buffer. */
  moveTo(other: EventBuffer): void {
    const { events, missing } = this.content();
    other.add(events, missing);
    this.clear();
  }

  clear(): void {
    this.#first = [];
    this.#last = [];
    this.#total = 0;
  }
}
