/** A request that was accepted: its blocks run one after the other, each with a region in the file (sections 5 to 8). */
import type { Acceptance } from "../../../markdown/log/accept.ts";
import {
  formatEvents,
  formatResultBlocks,
  type LogEvent,
  type LogResult,
} from "../../../markdown/log/events.ts";
import {
  formatCodeBlock,
  formatExecutingHeader,
  formatPlaceholder,
  formatReplyHeader,
} from "../../../markdown/log/format.ts";
import {
  codeAboveRegion,
  placeNext,
  placeRegion,
  placeReply,
} from "../../../markdown/log/regions.ts";
import { lineEndOf, toLines, withLineEnds } from "../../../markdown/log/lines.ts";
import { parseChunk } from "../../../markdown/log/requests.ts";
import type { Clock } from "../../clock.ts";
import { EventBuffer } from "./event-buffer.ts";
import { newJobId, type JobState, type LogJob, type TestJob } from "./log-job.ts";

/** How a block ended. */
export interface Ending {
  readonly state: Extract<JobState, "finished" | "failed" | "timeout" | "lost" | "cancelled">;
  readonly result: LogResult;
  /** Epoch ms at which the result arrived. */
  readonly at: number;
}

/** A reply as it stands in the file, for what comes after it. */
export interface WrittenReply {
  readonly job: LogJob;
  readonly text: string;
  readonly ending: Ending;
  /** Of the block that was answered. */
  readonly events: EventBuffer;
}

/** What of a request survives the process. */
export interface SavedRequest {
  readonly acceptance: Acceptance;
  readonly options: RequestOptions;
  readonly job: LogJob;
  readonly events: ReturnType<EventBuffer["content"]>;
  /** How the block ended, while its reply is being written. */
  readonly ending?: Ending;
}

export interface RequestOptions {
  /** Key of the realm. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly test?: TestJob;
}

const notExecuted = "not executed: an earlier block of this request failed";

export class LogRequest {
  readonly #acceptance: Acceptance;
  readonly #options: RequestOptions;
  /** Ids of the jobs of all blocks, in order. */
  readonly ids: readonly string[];
  #index = 0;
  #job: LogJob;
  #events = new EventBuffer();
  /** Text of the block's region as last written. */
  #region = "";
  #ending: Ending | undefined;
  readonly #clock: Clock;

  constructor(acceptance: Acceptance, options: RequestOptions, clock: Clock) {
    this.#acceptance = acceptance;
    this.#options = options;
    this.#clock = clock;
    this.ids = acceptance.blocks.map(() => newJobId());
    this.#job = this.#jobOf(0);
  }

  /** The block that runs, or waits for its realm. */
  get job(): LogJob {
    return this.#job;
  }

  get events(): EventBuffer {
    return this.#events;
  }

  /** Whether nothing of the request runs after this ending. */
  isLastBlock({ result }: Ending): boolean {
    return !result.ok || this.#index + 1 >= this.#acceptance.blocks.length;
  }

  /** Goes on where an earlier process stopped. */
  static restore(
    { acceptance, options, job, events, ending }: SavedRequest,
    clock: Clock,
  ): LogRequest {
    const request = new LogRequest(acceptance, options, clock);
    request.#index = job.blockIndex;
    request.#job = job;
    request.#events.add(events.events, events.missing);
    request.#ending = ending;
    return request;
  }

  save(): SavedRequest {
    const ending = this.#ending === undefined ? {} : { ending: this.#ending };
    return {
      // The text is in the file.
      acceptance: { ...this.#acceptance, text: "" },
      options: this.#options,
      job: this.#job,
      events: this.#events.content(),
      ...ending,
    };
  }

  /** The block as it stands in the file now. @returns whether an agent has changed it: then there is a new job for it */
  reread(text: string): boolean {
    const code = codeAboveRegion(text);
    const [block] = code === undefined ? [] : parseChunk(toLines(code), "").blocks;
    if (block === undefined || block.code === this.#job.code) return false;
    const { code: changed, language } = block;
    this.#job = { ...this.#job, id: newJobId(), code: changed, language, state: "requested" };
    return true;
  }

  /** How the block has ended, while its reply is still to be written. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  set ending(ending: Ending) {
    this.#ending = ending;
  }

  /** Whether the reply to an ending stands in a text already. */
  isAnswered(text: string, ending: Ending): boolean {
    const reply = formatReply(this.#options.name, this.#job, ending, this.#events);
    return text.includes(withLineEnds(reply, lineEndOf(text)));
  }

  addEvents(events: readonly LogEvent[], missing = 0): void {
    this.#events.add(events, missing);
  }

  /** Brings seconds and events of the region up to date; puts it back where an agent has removed it. */
  updateRegion(text: string): string | undefined {
    const region = this.#formatRegion();
    if (region === this.#region) return undefined;
    const placed = placeRegion(text, this.#place(), region);
    if (placed !== undefined) this.#region = region;
    return placed;
  }

  /** The text with the reply in place of the region, and what follows from it for the other blocks. */
  finish(text: string, ending: Ending): { readonly text: string; readonly reply: WrittenReply } {
    const reply = formatReply(this.#options.name, this.#job, ending, this.#events);
    const codeBlock = formatCodeBlock(this.#job.code);
    const placed = placeReply(text, this.#place(), { reply, codeBlock });
    const after = behind(placed, withLineEnds(reply, lineEndOf(placed)));
    const written = { job: this.#job, text: reply, ending, events: this.#events };
    if (ending.result.ok) return { text: this.#beginNext(placed, after), reply: written };
    return { text: this.#skipOthers(placed, after, ending.at), reply: written };
  }

  /** Goes to the next block. @returns its job, undefined after the last one or a failure */
  advance(ending: Ending): LogJob | undefined {
    this.#events = new EventBuffer();
    this.#ending = undefined;
    if (this.isLastBlock(ending)) return undefined;
    this.#index++;
    this.#job = this.#jobOf(this.#index);
    return this.#job;
  }

  #beginNext(text: string, after: number): string {
    const next = this.#acceptance.blocks[this.#index + 1];
    if (next === undefined) return text;
    const { name } = this.#options;
    const { agent, heading } = this.#acceptance;
    const region = `${formatExecutingHeader(name, agent, this.#clock.now())}\n${formatPlaceholder(0, false)}`;
    return placeNext(text, after, { heading, code: next.code }, region);
  }

  #skipOthers(text: string, after: number, at: number): string {
    const { name } = this.#options;
    const { agent, heading, blocks } = this.#acceptance;
    const reply = [
      formatReplyHeader(name, agent, at, 0, true),
      ...formatResultBlocks({ ok: false, error: notExecuted }),
    ].join("\n");
    let [current, from] = [text, after];
    for (const { code } of blocks.slice(this.#index + 1)) {
      current = placeNext(current, from, { heading, code }, reply);
      const own = withLineEnds(reply, lineEndOf(current));
      from = Math.max(from, current.indexOf(own, from)) + own.length;
    }
    return current;
  }

  #formatRegion(): string {
    const { agent, dispatchedAt, requestedAt } = this.#job;
    const seconds = (this.#clock.now() - (dispatchedAt ?? requestedAt)) / 1000;
    const { events, missing } = this.#events.content();
    return [
      formatExecutingHeader(this.#options.name, agent, requestedAt),
      ...formatEvents(events, missing),
      formatPlaceholder(seconds, dispatchedAt === undefined),
    ].join("\n");
  }

  #place(): { heading: string; code: string } {
    return { heading: this.#acceptance.heading, code: this.#job.code };
  }

  #jobOf(index: number): LogJob {
    const { agent, heading, blocks } = this.#acceptance;
    const { code, language } = blocks[index]!;
    const { name, timeoutMs, test } = this.#options;
    return {
      id: this.ids[index]!,
      instance: name,
      agent,
      code,
      language,
      requestedAt: this.#clock.now(),
      timeoutMs,
      blockIndex: index,
      blockCount: blocks.length,
      heading,
      state: "requested",
      ...(test === undefined ? {} : { test }),
    };
  }
}

/** Offset behind the last place where a text has what was just put into it. */
function behind(text: string, part: string): number {
  const at = text.lastIndexOf(part);
  return at < 0 ? 0 : at + part.length;
}

/** The whole reply of a block: heading, result, events. */
export function formatReply(
  name: string,
  { agent, dispatchedAt }: LogJob,
  { result, at }: Ending,
  buffer: EventBuffer,
): string {
  const ms = dispatchedAt === undefined ? 0 : at - dispatchedAt;
  const { events, missing } = buffer.content();
  // The oldest clients send errors instead of events.
  const isOldest = events.length === 0 && result.errors !== undefined;
  const whole = isOldest ? result : { ...result, backgroundEvents: events, missingEvents: missing };
  const heading = formatReplyHeader(name, agent, at, ms, !result.ok);
  return [heading, ...formatResultBlocks(whole)].join("\n");
}
