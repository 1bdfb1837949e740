/**
 * Console lines and uncaught errors on their way to the server: so many per second, lines in batches, bounded, the middle
 * dropped when they come faster than they go.
 */
import type { FromRealm } from "../protocol/realm.ts";
import type { Channel } from "./channel.ts";
import { createPace, leftOutText } from "./pace.ts";
import { createTrail } from "./trail.ts";
import { natives } from "./natives.ts";

export type ConsoleLine = Extract<FromRealm, { type: "console" }>["entries"][number];
type Uncaught = Extract<FromRealm, { type: "uncaught" }>;

const batchMs = 16;
/** Lines of one message: 16 Ki characters each at most, and the server reads 4 MiB, escapes included. */
const batchLines = 30;
const pendingLimits = { head: 200, tail: 800, characters: 1024 * 1024 };

export interface ConsoleFeed {
  add(event: ConsoleLine | Uncaught): void;
  /** Sends what is pending, if the channel lets it. */
  flush(): void;
  /** Lines are being dropped: whoever makes them may save effort. */
  isFull(): boolean;
}

export function createConsoleFeed(channel: Pick<Channel, "send" | "isFlowing">): ConsoleFeed {
  const pending = createTrail<ConsoleLine>(pendingLimits);
  let flushedAt = -Infinity;
  let timer: number | undefined;
  const pace = createPace<ConsoleLine | Uncaught>({
    pass: (event) => ("type" in event ? sendError(event) : addLine(event)),
    leftOut: (count, { at }) => addLine({ level: "warn", text: leftOutText(count), at }),
    now: natives.now,
    later: natives.setTimeout,
  });

  function addLine(line: ConsoleLine): void {
    pending.add(line, line.text.length + (line.stack?.length ?? 0));
    // By the clock as well as by the timer, so that lines leave a block that never gives up control.
    if (natives.now() - flushedAt >= batchMs && channel.isFlowing()) send();
    else schedule();
  }

  function sendError(error: Uncaught): void {
    // Behind the lines that were written before it.
    send();
    channel.send(error);
  }

  function schedule(): void {
    timer ??= natives.setTimeout(() => {
      timer = undefined;
      send();
    }, batchMs);
  }

  function send(): void {
    // While the channel is down the next welcome flushes; a congested socket empties by itself.
    if (!channel.isFlowing()) return schedule();
    flushedAt = natives.now();
    const { items, missing } = pending.take();
    for (let from = 0; from < items.length; from += batchLines) {
      const entries = items.slice(from, from + batchLines);
      channel.send({ type: "console", entries, dropped: from === 0 ? missing : 0 });
    }
  }

  return {
    add: pace.add,
    flush() {
      pace.flush();
      send();
    },
    isFull: () => pace.isFull() || pending.isFull(),
  };
}
