/** The log of one dev server: the newest lines, and batches of them for whoever listens (dev-servers section 9). */
import { stripVTControlCharacters } from "node:util";
import type { DevServerLine, DevServerSource } from "../../protocol/dev-server.ts";
import { realClock, type Clock } from "../clock.ts";
import { cutLine } from "./line-reader.ts";
import { levelOf, type Level } from "./log-level.ts";

export interface LogLines {
  /**
   * @param text as it was printed, ANSI sequences included: one line, or several of one message
   * @param level of a structured logger; found by keywords when not given
   */
  add(source: DevServerSource, text: string, level?: Level): void;
  /** The newest `count` lines in the order they came; 0 or less = all that are kept. */
  logs(count: number): readonly DevServerLine[];
  /** Delivers what waits, now. */
  flush(): void;
  /** Delivers what waits, and nothing more. */
  close(): void;
}

export interface LogLinesOptions {
  /** Id of the project. */
  readonly id: string;
  deliver(lines: readonly DevServerLine[]): void;
  /** The line as it was printed, ANSI sequences included, for an output channel. At most 16 KiB, as the message. */
  raw?(source: DevServerSource, text: string): void;
  readonly clock?: Clock;
}

/** Lines, bytes. */
const kept = { lines: 5000, bytes: 8 * 1024 * 1024 } as const;
/** Ms, lines. */
const batch = { ms: 50, lines: 200 } as const;

export function createLogLines(options: LogLinesOptions): LogLines {
  const { id, deliver, raw, clock = realClock } = options;
  const ring = createRing();
  let waiting: DevServerLine[] = [];
  let forget: (() => void) | undefined;
  let isClosed = false;

  const flush = (): void => {
    forget?.();
    forget = undefined;
    const lines = waiting;
    waiting = [];
    if (lines.length > 0) deliver(lines);
  };

  const put = (source: DevServerSource, text: string, level?: Level): void => {
    if (isClosed) return;
    raw?.(source, cutLine(text));
    const message = cutLine(stripVTControlCharacters(text));
    const line: DevServerLine = {
      timestamp: new Date(clock.now()).toISOString(),
      source,
      level: level ?? levelOf(message),
      message,
      pluginID: id,
    };
    ring.add(line);
    waiting.push(line);
    if (waiting.length >= batch.lines) flush();
    else forget ??= clock.after(batch.ms, flush);
  };

  return {
    add(source, text, level) {
      for (const line of text.split(/\r?\n/)) put(source, line, level);
    },
    logs: (count) => ring.newest(count),
    flush,
    close() {
      flush();
      isClosed = true;
    },
  };
}

interface Ring {
  add(line: DevServerLine): void;
  newest(count: number): readonly DevServerLine[];
}

function createRing(): Ring {
  let lines: DevServerLine[] = [];
  /** Index of the oldest line that counts: what stands before it goes at once, when it is as much as what counts. */
  let first = 0;
  let bytes = 0;
  return {
    add(line) {
      lines.push(line);
      bytes += sizeOf(line);
      for (; lines.length - first > kept.lines || bytes > kept.bytes; first++)
        bytes -= sizeOf(lines[first]!);
      if (first * 2 < lines.length) return;
      lines = lines.slice(first);
      first = 0;
    },
    newest: (count) => lines.slice(count > 0 ? Math.max(first, lines.length - count) : first),
  };
}

function sizeOf({ message }: DevServerLine): number {
  return Buffer.byteLength(message);
}
