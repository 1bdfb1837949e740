/** What may still happen to a reply after it was written: late events join it, a late result follows it (sections 6 and 7). */
import { formatResultBlocks, type LogEvent, type LogResult } from "../../../markdown/log/events.ts";
import { formatDiagnostic, formatReplyHeader } from "../../../markdown/log/format.ts";
import {
  isLast,
  placeAboveRegion,
  placeBelowLastReply,
  replaceOwn,
} from "../../../markdown/log/regions.ts";
import type { Clock } from "../../clock.ts";
import type { WriteEdit } from "./background.ts";
import { EventBuffer } from "./event-buffer.ts";
import type { LogJob } from "./log-job.ts";
import { formatReply, type WrittenReply } from "./request.ts";

/** Ms in which a flush still joins the reply. */
const lateFlushMs = 2000;
/** Characters of a late result that found no place beside its reply. */
const lateCharacters = 200;
/** Timed-out jobs whose result may still come. */
const keptTimeouts = 50;

export class Replies {
  readonly #name: string;
  readonly #write: WriteEdit;
  #last: WrittenReply | undefined;
  readonly #timedOut = new Map<string, WrittenReply>();

  readonly #clock: Clock;

  constructor(name: string, write: WriteEdit, clock: Clock) {
    this.#name = name;
    this.#write = write;
    this.#clock = clock;
  }

  add(reply: WrittenReply): void {
    this.#last = reply;
    if (reply.ending.state !== "timeout") return;
    this.#timedOut.set(reply.job.id, reply);
    const [oldest] = this.#timedOut.keys();
    if (this.#timedOut.size > keptTimeouts && oldest !== undefined) this.#timedOut.delete(oldest);
  }

  /** Events that were on their way when the result came. @returns whether they found their place */
  async join(events: readonly LogEvent[]): Promise<boolean> {
    const last = this.#last;
    if (last === undefined || this.#clock.now() - last.ending.at > lateFlushMs) return false;
    const isOlder = events.every(
      ({ eventAt }) => eventAt !== undefined && Date.parse(eventAt) <= last.ending.at,
    );
    if (!isOlder) return false;
    const all = new EventBuffer();
    const { events: before, missing } = last.events.content();
    all.add(before, missing);
    all.add(events);
    const text = formatReply(this.#name, last.job, last.ending, all);
    let isJoined = false;
    await this.#write(
      (current) => {
        isJoined = this.#last === last && isLast(current, last.text);
        return isJoined ? replaceOwn(current, last.text, text) : undefined;
      },
      {
        isPassing: true,
        done: (stands) => {
          isJoined &&= stands !== undefined;
          if (isJoined) this.#last = { ...last, events: all, text };
        },
      },
    );
    return isJoined;
  }

  /** A result after its time. @returns whether it was of a job that timed out here */
  async late(jobId: string, result: LogResult): Promise<boolean> {
    const old = this.#timedOut.get(jobId);
    if (old === undefined) return false;
    this.#timedOut.delete(jobId);
    const reply = this.#format(old.job, result);
    const [block = ""] = formatResultBlocks(result);
    const [, ...lines] = block.split("\n");
    const beginning = lines.slice(0, -1).join("\n").slice(0, lateCharacters);
    const message = `The result of a job that had timed out came late: ${beginning}`;
    await this.#write(
      (text) =>
        placeBelowLastReply(text, old.text, reply) ??
        placeAboveRegion(text, formatDiagnostic(message, this.#clock.now())),
    );
    return true;
  }

  #format({ agent, dispatchedAt }: LogJob, result: LogResult): string {
    const now = this.#clock.now();
    const heading = formatReplyHeader(
      this.#name,
      agent,
      now,
      now - (dispatchedAt ?? now),
      !result.ok,
    );
    return [`${heading} late`, ...formatResultBlocks(result)].join("\n");
  }
}
