/** Collects log lines and hands them on in batches, so that a chatty process costs one message per tick. */
import { UserError } from "../protocol/errors.ts";
import type { LogEntry } from "../protocol/model.ts";

export interface Log {
  add(
    level: LogEntry["level"],
    message: string,
    about?: { source?: string; session?: string },
  ): void;
  /** A bug: the whole stack goes to the log, the user sees one line elsewhere. */
  bug(error: unknown, doing: string): void;
  /** Something in the background failed: a sentence where it is one, else a bug. */
  failed(error: unknown, doing: string): void;
  flush(): void;
}

const maximumPending = 1000;
const flushAfterMs = 50;

/** @param deliver gets the lines in order; `dropped` lines of an overflow are announced as one line. */
export function createLog(deliver: (entries: readonly LogEntry[]) => void): Log {
  let pending: LogEntry[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (dropped > 0)
      pending.unshift(
        entry("warn", `${dropped} log lines left out: they came faster than they could be shown`),
      );
    const batch = pending;
    pending = [];
    dropped = 0;
    if (batch.length > 0) deliver(batch);
  };

  const log: Log = {
    add(level, message, about = {}) {
      if (pending.length >= maximumPending) {
        pending.shift();
        dropped++;
      }
      pending.push(entry(level, message, about));
      timer ??= setTimeout(flush, flushAfterMs);
    },
    bug(error, doing) {
      log.add(
        "error",
        `Unexpected error while ${doing}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    },
    failed(error, doing) {
      if (error instanceof UserError) log.add("error", error.message);
      else log.bug(error, doing);
    },
    flush,
  };
  return log;
}

function entry(
  level: LogEntry["level"],
  message: string,
  about: { source?: string; session?: string } = {},
): LogEntry {
  const base = { level, message, source: about.source ?? "server", at: Date.now() };
  return about.session === undefined ? base : { ...base, session: about.session };
}
