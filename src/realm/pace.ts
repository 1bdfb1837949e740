/**
 * Holds a stream of items to so many per second: of each second the first ones and the last ones pass, what was between
 * them is counted.
 */
import { REALM_LIMITS } from "../protocol/realm.ts";

/** Items that are kept for the end of their second. */
const lastItems = 10;
const firstItems = REALM_LIMITS.eventsPerSecond - lastItems;
const secondMs = 1000;

export interface Pace<Item> {
  add(item: Item): void;
  /** Passes on what waits for the end of its second. */
  flush(): void;
  /** Items are being left out: whoever makes them may save effort. */
  isFull(): boolean;
}

export interface PaceOptions<Item> {
  pass(item: Item): void;
  /** So many were left out; `last` is the last of them. Called before those that came after it are passed. */
  leftOut(count: number, last: Item): void;
  /** Ms of a clock that nobody sets. */
  now(): number;
  later(call: () => void, ms: number): unknown;
}

export function createPace<Item>(options: PaceOptions<Item>): Pace<Item> {
  let began = -Infinity;
  let passed = 0;
  let waiting: Item[] = [];
  let missing = 0;
  let lastMissing: Item | undefined;
  let isScheduled = false;

  function flush(): void {
    if (missing > 0) options.leftOut(missing, lastMissing as Item);
    const items = waiting;
    [waiting, missing, lastMissing] = [[], 0, undefined];
    for (const item of items) options.pass(item);
  }

  function keep(item: Item): void {
    waiting.push(item);
    if (waiting.length > lastItems) {
      lastMissing = waiting.shift();
      missing += 1;
    }
    if (isScheduled) return;
    isScheduled = true;
    options.later(
      () => {
        isScheduled = false;
        flush();
      },
      began + secondMs - options.now(),
    );
  }

  return {
    add(item) {
      if (options.now() - began >= secondMs) {
        flush();
        [began, passed] = [options.now(), 0];
      }
      if (passed >= firstItems) return keep(item);
      passed += 1;
      options.pass(item);
    },
    flush,
    isFull: () => missing > 0,
  };
}

/** Text of the line that stands for those that were left out. */
export function leftOutText(count: number): string {
  return `${count} more ${count === 1 ? "event" : "events"} within a second left out`;
}
