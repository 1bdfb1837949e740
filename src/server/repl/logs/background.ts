/** Events while no job runs: one section per idle time, written at most every 2 s (9.5). */
import { appendAbove } from "../../../markdown/log/edits.ts";
import { formatEvents, type LogEvent } from "../../../markdown/log/events.ts";
import { clockFmt } from "../../../markdown/log/format.ts";
import { SIGNS } from "../../../markdown/log/headings.ts";
import { isLast, replaceOwn } from "../../../markdown/log/regions.ts";
import { EventBuffer } from "./event-buffer.ts";
import type { LogEdit } from "./log-text.ts";

/** Writes an edit; answers the text that stands there, undefined when there is no file or it could not be written. */
export type WriteEdit = (edit: LogEdit, create?: boolean) => Promise<string | undefined>;

const intervalMs = 2000;

export class Background {
  readonly #name: string;
  readonly #write: WriteEdit;
  /** Events of this idle time, those that are in the file included. */
  readonly #events = new EventBuffer();
  #unwritten = false;
  /** Time of the first event of the section. */
  #since = "";
  #section = "";
  #timer: NodeJS.Timeout | undefined;
  #writtenAt = 0;

  constructor(name: string, write: WriteEdit) {
    this.#name = name;
    this.#write = write;
  }

  /** @param reportedAt ISO 8601, by the realm's clock; now when it has none */
  add(events: readonly LogEvent[], reportedAt?: string): void {
    const at = clockFmt(reportedAt ?? "") || clockFmt(Date.now());
    if (this.#events.total === 0) this.#since = at;
    this.#events.add(events);
    this.#unwritten = true;
    const wait = Math.max(0, this.#writtenAt + intervalMs - Date.now());
    this.#timer ??= setTimeout(() => void this.#flush(), wait);
  }

  /** A request begins or ends: what is in no section yet goes to it, and the idle time is over. */
  moveTo(buffer: EventBuffer): void {
    this.stop();
    if (this.#unwritten) this.#events.moveTo(buffer);
    this.#reset();
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    if (this.#unwritten) await this.#flush();
    this.stop();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #flush(): Promise<void> {
    this.stop();
    this.#writtenAt = Date.now();
    const old = this.#section;
    let section = "";
    const text = await this.#write((current) => {
      const isSame = old !== "" && isLast(current, old);
      section = this.#format();
      return (
        (isSame ? replaceOwn(current, old, section) : undefined) ?? appendAbove(current, section)
      );
    });
    // Without a file the events wait for the first reply or section (9.5).
    if (text === undefined) return;
    this.#section = section;
    this.#unwritten = false;
  }

  #format(): string {
    const { events, missing } = this.#events.content();
    const heading = `### ${SIGNS.person}${this.#name} background at ${this.#since}`;
    return [heading, ...formatEvents(events, missing)].join("\n");
  }

  #reset(): void {
    this.#events.clear();
    this.#unwritten = false;
    this.#section = "";
  }
}
