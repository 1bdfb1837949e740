/** Hears console and errors of a page or worker: each is an event of the run in progress, and of the realm. */
import type { RunEvent } from "../protocol/realm.ts";
import { patchConsole } from "./console.ts";
import type { ConsoleFeed } from "./console-feed.ts";
import type { Evaluator } from "./evaluate.ts";
import { natives } from "./natives.ts";
import { listenForErrors, type ErrorListener } from "./page-errors.ts";

export interface RealmEventsParts extends Pick<ErrorListener, "claim" | "owns"> {
  readonly feed: ConsoleFeed;
  readonly evaluator: Evaluator;
}

export function hearRealm({ feed, evaluator, claim, owns }: RealmEventsParts): void {
  function write(level: RunEvent["level"], text: string, stack?: string): void {
    const job = evaluator.record({ level, text });
    feed.add({
      level,
      text,
      at: natives.wallClock(),
      ...(stack && { stack }),
      ...(job && { job }),
    });
  }

  patchConsole(console, { heard: write, wantsStack: () => !feed.isFull() });
  listenForErrors({
    uncaught(error, source) {
      const text = error.stack || `${error.name}: ${error.message}`;
      const job = evaluator.record({ level: "error", text });
      const at = natives.wallClock();
      feed.add({ type: "uncaught", error, at, source, ...(job && { job }) });
    },
    notLoaded: (text) => write("error", text),
    claim,
    owns,
  });
}
