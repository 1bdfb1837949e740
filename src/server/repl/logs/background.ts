/** Events while no job runs: one section per idle time, written at most every 2 s (9.5). */
import { appendAbove } from "../../../markdown/log/edits.ts";
import { formatEvents, type LogEvent } from "../../../markdown/log/events.ts";
import { clockFmt } from "../../../markdown/log/format.ts";
import { SIGNS } from "../../../markdown/log/headings.ts";
import { isLast, replaceOwn } from "../../../markdown/log/regions.ts";
import { EventBuffer } from "./event-buffer.ts";
import type { Clock } from "../../clock.ts";
import type { EditOptions, LogEdit } from "./log-text.ts";

/** Writes an edit; answers the text that stands there, undefined when there is no file or it could not be written. */
export type WriteEdit = (edit: LogEdit, options?: EditOptions) => Promise<string | undefined>;

const intervalMs = 2000;

export class Background {
  readonly #name: string;
  readonly #write: WriteEdit;
  /** Events of this idle time, those that are in the file included. */
  readonly #events = new EventBuffer();
  /** Those of them that are in no section yet. */
  #unwritten = new EventBuffer();
  /** Counts idle times. */
  #idle = 0;
  /** Time of the first event of the section. */
  #since = "";
  #section = "";
  #cancel: (() => void) | undefined;
  #writtenAt = 0;
  readonly #clock: Clock;

  constructor(name: string, write: WriteEdit, clock: Clock) {
    this.#name = name;
    this.#write = write;
    this.#clock = clock;
  }

  /** @param reportedAt ISO 8601, by the realm's clock; now when it has none */
  add(events: readonly LogEvent[], reportedAt?: string): void {
    const at = clockFmt(reportedAt ?? "") || clockFmt(this.#clock.now());
    if (this.#events.total === 0) this.#since = at;
    this.#events.add(events);
    this.#unwritten.add(events);
    const wait = Math.max(0, this.#writtenAt + intervalMs - this.#clock.now());
    this.#cancel ??= this.#clock.after(wait, () => void this.#flush());
  }

  /** A request begins or ends: what is in no section yet goes to it, and the idle time is over. */
  moveTo(buffer: EventBuffer): void {
    this.stop();
    this.#unwritten.moveTo(buffer);
    this.#reset();
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    if (this.#unwritten.total > 0) await this.#flush();
    this.stop();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #flush(): Promise<void> {
    this.stop();
    this.#writtenAt = this.#clock.now();
    const idle = this.#idle;
    const old = this.#section;
    let section = "";
    const writing = this.#unwritten;
    this.#unwritten = new EventBuffer();
    let isWritten = false;
    const edit: LogEdit = (current) => {
      // A request that began meanwhile has taken the events.
      if (idle !== this.#idle) return undefined;
      const isSame = old !== "" && isLast(current, old);
      section = this.#format();
      return (
        (isSame ? replaceOwn(current, old, section) : undefined) ?? appendAbove(current, section)
      );
    };
    await this.#write(edit, {
      isPassing: true,
      done: (text) => {
        // Without a file the events wait for the first reply or section (9.5).
        if (text === undefined || idle !== this.#idle) return;
        this.#section = section;
        isWritten = true;
      },
    });
    if (isWritten || idle !== this.#idle) return;
    this.#unwritten.moveTo(writing);
    this.#unwritten = writing;
  }

  #format(): string {
    const { events, missing } = this.#events.content();
    const heading = `### ${SIGNS.person}${this.#name} background at ${this.#since}`;
    return [heading, ...formatEvents(events, missing)].join("\n");
  }

  #reset(): void {
    this.#idle++;
    this.#events.clear();
    this.#unwritten.clear();
    this.#section = "";
  }
}
