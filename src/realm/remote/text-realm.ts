/** A realm that asks for its jobs: runs them one after the other, and tells what its console says (13.1, 9.1). */
import type { RunEvent } from "../../protocol/realm.ts";
import { patchConsole } from "../console.ts";
import { cut } from "../cut.ts";
import { createPace } from "../pace.ts";
import { listenForErrors } from "../page-errors.ts";
import { evaluateText } from "./evaluate-text.ts";
import type { JobLink } from "./job-link.ts";

/** Ms: after a poll without a job, after a job, after a failure, and between two flushes of events. */
const waits = { empty: 500, job: 100, failure: 3000, flush: 2000 } as const;
/** Characters of an event's message. */
const messageCharacters = 1000;
/** Events kept while the server cannot be reached. */
const keptEvents = 200;

interface TextEvent {
  readonly type: "console" | "error";
  readonly level?: string;
  readonly source?: string;
  readonly eventAt: string;
  readonly message: string;
  readonly caller?: string;
  readonly stack?: string;
}

/** Serves for as long as the page or worker lives. */
export function serveTextRealm(link: JobLink): void {
  const events = createEvents(link);
  void (async () => {
    for (;;) await sleep(await serveOnce(link, events.take));
  })();
}

/** @returns ms until the next time */
async function serveOnce(link: JobLink, take: () => readonly TextEvent[]): Promise<number> {
  try {
    const job = await link.next();
    if (job === undefined) return waits.empty;
    const outcome = await evaluateText(job.code);
    await link.post({ ...outcome, backgroundEvents: take(), jobId: job.id });
    return waits.job;
  } catch {
    // The server is away, or the page's network: it is asked again.
    return waits.failure;
  }
}

function createEvents(link: JobLink): { take(): readonly TextEvent[] } {
  let waiting: TextEvent[] = [];
  let flushedAt = -Infinity;
  let isPlanned = false;

  const take = (): TextEvent[] => {
    const events = waiting;
    waiting = [];
    return events;
  };
  const flush = (): void => {
    isPlanned = false;
    const events = take();
    if (events.length === 0) return;
    flushedAt = performance.now();
    const reportedAt = new Date().toISOString();
    link.post({ type: "background-flush", events, reportedAt }).catch(() => {
      waiting = [...events, ...waiting].slice(-keptEvents);
      plan(waits.failure);
    });
  };
  const plan = (ms: number): void => {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(flush, ms);
  };
  const pace = createPace<TextEvent>({
    pass(event) {
      waiting.push(event);
      // The first of a burst leaves at once.
      plan(Math.max(0, flushedAt + waits.flush - performance.now()));
    },
    leftOut: (count) => waiting.push(consoleEvent("warn", `${count} more events left out`)),
    now: () => performance.now(),
    later: (call, ms) => setTimeout(call, ms),
  });
  patchConsole(console, {
    heard: (level, text, stack) => pace.add(consoleEvent(level, text, stack)),
    wantsStack: () => !pace.isFull(),
  });
  listenForErrors({
    uncaught({ name, message, stack }, source) {
      const text = name === "" ? message : `${name}: ${message}`;
      pace.add({ type: "error", source, eventAt: now(), message: text, stack });
    },
    notLoaded: (text) => pace.add(consoleEvent("error", text)),
    claim: () => false,
    owns: () => false,
  });
  return { take };
}

function consoleEvent(level: RunEvent["level"], text: string, stack?: string): TextEvent {
  const caller = stack?.split("\n").find((line) => /^\s*at /.test(line));
  const message = cut(text, messageCharacters);
  const event = { type: "console", level, eventAt: now(), message } as const;
  return caller === undefined ? event : { ...event, caller: caller.trim() };
}

function now(): string {
  return new Date().toISOString();
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
