/** What user code writes in a Node realm: console and standard streams, sent in batches and bounded. */
import { format } from "node:util";
import { REALM_LIMITS, type FromRealm, type RunEvent } from "../../protocol/realm.ts";
import { cut } from "../cut.ts";
import type { Evaluator } from "../evaluate.ts";
import { createPace, leftOutText } from "../pace.ts";
import { createTrail } from "../trail.ts";

type Level = RunEvent["level"];
type ConsoleLine = Extract<FromRealm, { type: "console" }>["entries"][number];
type Uncaught = Extract<FromRealm, { type: "uncaught" }>;

const batchMs = 16;
/** Lines of one message: 16 Ki characters each at most, and the server reads 4 MiB, escapes included. */
const batchLines = 30;
const pendingLimits = { head: 200, tail: 800, characters: 1024 * 1024 };
/** Messages that may be on their way: a block that never gives up control would fill memory with them. */
const unconfirmedMessages = 50;
const stackFrames = 8;

export interface OutputOptions {
  /** @param confirmed called when the message was handed to the system */
  send(message: FromRealm, confirmed: () => void): void;
  readonly record: Evaluator["record"];
}

export interface Output {
  add(event: ConsoleLine | Uncaught): void;
  /** Sends what is pending. */
  flush(): void;
}

interface Feed extends Output {
  /** Lines are being dropped. */
  isFull(): boolean;
}

/**
 * Takes over console and standard streams of this process: what is written goes to the channel and nowhere else, so a
 * pipe that nobody reads never blocks a block. The text of a line is the one that Node's own console makes.
 */
export function captureOutput(options: OutputOptions): Output {
  const feed = createFeed(options.send);
  let writing: { level: Level; stack: string | undefined } | undefined;

  function write(level: Level, text: string): void {
    const line = cut(text.replace(/\n$/, ""), REALM_LIMITS.lineCharacters);
    const known = writing ?? { level, stack: undefined };
    const job = options.record({ level: known.level, text: line });
    const at = Date.now();
    feed.add({
      level: known.level,
      text: line,
      at,
      ...(known.stack && { stack: known.stack }),
      ...(job && { job }),
    });
  }

  captureStream(process.stdout, (text) => write("log", text));
  captureStream(process.stderr, (text) => write("error", text));
  for (const level of ["debug", "log", "info", "warn", "error", "trace"] as const) {
    const original = console[level];
    const wrapper = function (...args: unknown[]): void {
      const outer = writing;
      writing = {
        level: level === "trace" ? "log" : level,
        stack: feed.isFull() ? undefined : callerStack(wrapper),
      };
      try {
        original.apply(console, args);
      } finally {
        writing = outer;
      }
    };
    console[level] = wrapper;
  }
  return feed;
}

/** Text of an event for an error that nobody caught. */
export function uncaughtText(error: { name: string; message: string; stack: string }): string {
  return error.stack === "" ? format("%s: %s", error.name, error.message) : error.stack;
}

function captureStream(stream: NodeJS.WriteStream, heard: (text: string) => void): void {
  stream.write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    heard(typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk));
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
}

function createFeed(send: OutputOptions["send"]): Feed {
  const pending = createTrail<ConsoleLine>(pendingLimits);
  // User code may replace timers, in tests for instance.
  const { setTimeout: later } = globalThis;
  const now = performance.now.bind(performance);
  let flushedAt = -Infinity;
  let unconfirmed = 0;
  let isScheduled = false;
  const pace = createPace<ConsoleLine | Uncaught>({
    pass: (event) => ("type" in event ? sendError(event) : addLine(event)),
    leftOut: (count, { at }) => addLine({ level: "warn", text: leftOutText(count), at }),
    now,
    later,
  });

  function addLine(line: ConsoleLine): void {
    pending.add(line, line.text.length + (line.stack?.length ?? 0));
    if (now() - flushedAt >= batchMs && unconfirmed < unconfirmedMessages) sendPending();
    else schedule();
  }

  function sendError(error: Uncaught): void {
    // Behind the lines that were written before it.
    sendPending();
    send(error, () => {});
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    later(() => {
      isScheduled = false;
      sendPending();
    }, batchMs);
  }

  function sendPending(): void {
    if (unconfirmed >= unconfirmedMessages) return schedule();
    flushedAt = now();
    const { items, missing } = pending.take();
    for (let from = 0; from < items.length; from += batchLines) {
      unconfirmed += 1;
      const message: FromRealm = {
        type: "console",
        entries: items.slice(from, from + batchLines),
        dropped: from === 0 ? missing : 0,
      };
      send(message, () => (unconfirmed -= 1));
    }
  }

  return {
    add: pace.add,
    flush() {
      pace.flush();
      sendPending();
    },
    isFull: () => pace.isFull() || pending.isFull(),
  };
}

function callerStack(above: (...args: unknown[]) => void): string {
  const holder = { stack: "" };
  Error.captureStackTrace(holder, above);
  return holder.stack
    .split("\n")
    .slice(1, stackFrames + 1)
    .join("\n");
}
