/** What must reach the server over the end of a connection: results of runs, and errors. */
import type { FromRealm } from "../protocol/realm.ts";
import { createTrail } from "./trail.ts";
import { natives } from "./natives.ts";

/** Hello, open questions and console lines are made anew, or kept elsewhere. */
const keptMessages: ReadonlySet<FromRealm["type"]> = new Set([
  "started",
  "finished",
  "uncaught",
  "worker-timeout",
  "worker-failed",
]);
const limits = { head: 20, tail: 80, characters: 4 * 1024 * 1024 };
/**
 * A connection may be dead long before its end is seen, and what was sent into it is lost. So the newest results are sent
 * again by the next connection; the server takes a result once (E-06).
 */
const doubtfulResults = 2;
const doubtMs = 60_000;

export interface Outbox {
  /** The message could not be sent. */
  keep(message: FromRealm): void;
  /** The message was sent. */
  sent(message: FromRealm): void;
  /** What a new connection has to send first, oldest first. Each of them is told by `sent` again. */
  take(): readonly FromRealm[];
}

export function createOutbox(): Outbox {
  const kept = createTrail<FromRealm>(limits);
  let doubtful: { message: FromRealm; at: number }[] = [];
  return {
    keep(message) {
      if (keptMessages.has(message.type)) kept.add(message, natives.stringify(message).length);
    },
    sent(message) {
      if (message.type !== "finished") return;
      const others = doubtful.filter((one) => one.message !== message);
      doubtful = [...others, { message, at: natives.now() }].slice(-doubtfulResults);
    },
    take() {
      const again = doubtful.filter(({ at }) => natives.now() - at < doubtMs);
      doubtful = [];
      return [...again.map(({ message }) => message), ...kept.take().items];
    },
  };
}
