/** One realm as the REPL knows it: its log, the request that runs in it, and what it says in between. */
import { setTimeout as sleep } from "node:timers/promises";
import { acceptRequest, type Acceptance } from "../../../markdown/log/accept.ts";
import { findAnchor } from "../../../markdown/log/anchor.ts";
import { formatResultBlocks, type LogEvent, type LogResult } from "../../../markdown/log/events.ts";
import { formatDiagnostic, formatFooter } from "../../../markdown/log/format.ts";
import { withoutBlankEnd } from "../../../markdown/log/lines.ts";
import { finishLeftover, placeAboveRegion, reopenRequest } from "../../../markdown/log/regions.ts";
import type { TestProgress } from "../../../markdown/log/tests.ts";
import type { Log, RealmKind } from "../../../protocol/model.ts";
import { Background } from "./background.ts";
import type { LogHistory } from "./history.ts";
import { isOver, type LogJob, type TestJob } from "./log-job.ts";
import type { LogEdit, LogText } from "./log-text.ts";
import { Replies } from "./replies.ts";
import { RequestClock } from "./request-clock.ts";
import { LogRequest, type Ending, type WrittenReply } from "./request.ts";
import { TestSection } from "./test-section.ts";

export interface InstanceListener {
  /** State, contact or file changed. */
  changed(instance: Instance): void;
  /** A job waits for its realm. */
  requested(instance: Instance, job: LogJob): void;
  /** A job is over, whatever became of it, and its reply is written. */
  ended(instance: Instance, job: LogJob, ending: Ending): void;
  /** Something could not be written; the file is as it was. */
  failed(instance: Instance, error: unknown): void;
  /** A job went from one state to the next. */
  moved(instance: Instance, job: LogJob): void;
}

export interface InstanceOptions {
  readonly key: string;
  readonly kind: RealmKind | "remote";
  readonly log: LogText;
  readonly history: LogHistory;
  /** Ms a job may wait, and run, unless it says otherwise. */
  timeoutMs(): number;
  readonly listener: InstanceListener;
}

export interface AppendOptions {
  readonly timeoutMs?: number;
  readonly test?: TestJob;
  /** Called with the text that the chunk would be appended to; throws to refuse. */
  check?(text: string): void;
}

/** Ms without contact after which a realm counts as offline: two of the longest polls (11.1). */
const offlineMs = 30_000;
/** Jobs that are over and still known by their id. */
const keptJobs = 200;
/** Ms until a reply that could not be written is tried again. */
const retryMs = 2000;

export class Instance {
  readonly key: string;
  readonly log: LogText;
  /** As the realm gave them. */
  readonly names = new Set<string>();
  kind: RealmKind | "remote";
  url = "";
  parent: string | undefined;
  lastSeen = 0;
  /** It was said to be gone, before its time was over. */
  hasLeft = false;
  /** Connections that hold it online for as long as they last. */
  connections = 0;
  lastFailed = false;
  readonly #options: InstanceOptions;
  readonly #clock: RequestClock;
  readonly #background: Background;
  readonly #tests: TestSection;
  readonly #replies: Replies;
  /** Jobs that are over. */
  readonly #past = new Map<string, { readonly job: LogJob; readonly ending: Ending }>();
  readonly #waiting = new Set<() => void>();
  #request: LogRequest | undefined;
  #isClosed = false;

  constructor(options: InstanceOptions) {
    const write = (edit: LogEdit, create?: boolean): Promise<string | undefined> =>
      this.#write(edit, create);
    this.#options = options;
    this.key = options.key;
    this.kind = options.kind;
    this.log = options.log;
    this.#background = new Background(options.key, write);
    this.#tests = new TestSection(write);
    this.#replies = new Replies(options.key, write);
    this.#clock = new RequestClock({
      notTaken: () => void this.#giveUp("timeout", (ms) => `job was not picked up within ${ms}ms`),
      tooLong: () => void this.#giveUp("timeout", (ms) => `job timed out after ${ms}ms`),
      update: () => void this.#update(),
    });
  }

  /** The job that runs, or waits for its realm. */
  get job(): LogJob | undefined {
    return this.#request?.job;
  }

  get state(): Log["state"] {
    if (this.#request !== undefined) return "executing";
    return this.isOnline ? "live" : "offline";
  }

  get isOnline(): boolean {
    if (this.connections > 0) return true;
    return !this.hasLeft && Date.now() - this.lastSeen < offlineMs;
  }

  /** The realm is there. */
  contact(): void {
    const wasOnline = this.isOnline;
    this.lastSeen = Date.now();
    this.hasLeft = false;
    if (!wasOnline) this.#options.listener.changed(this);
  }

  /** Looks at the file, and accepts what an agent has appended while nothing runs. */
  async look(): Promise<void> {
    let accepted: Acceptance | undefined;
    const text = await this.#write((current) => {
      accepted = this.#accept(current);
      return accepted?.text;
    });
    if (accepted !== undefined) this.#begin(accepted);
    else this.#heed(text);
  }

  /**
   * Puts a chunk below the anchor, and accepts it if nothing runs.
   * @returns the request, undefined when the chunk waits in the file
   * @throws what `check` throws, and UserError when it could not be written
   */
  async append(chunk: string, options: AppendOptions = {}): Promise<LogRequest | undefined> {
    let accepted: Acceptance | undefined;
    await this.log.change((text) => {
      options.check?.(text);
      const next = appendChunk(text, chunk);
      accepted = this.#accept(next);
      return accepted?.text ?? next;
    }, true);
    this.#options.listener.changed(this);
    return accepted === undefined ? undefined : this.#begin(accepted, options);
  }

  /** Hands the waiting job to a realm. @param worker who takes it, where several may */
  take(worker?: string): LogJob | undefined {
    const job = this.#request?.job;
    if (job === undefined || job.state !== "requested" || this.#isClosed) return undefined;
    job.dispatchedAt = Date.now();
    if (worker !== undefined) job.worker = worker;
    this.#clock.run(job.timeoutMs);
    this.#move(job, "dispatched");
    return job;
  }

  /** It never reached the realm: it waits again. */
  release(job: LogJob): void {
    if (job !== this.#request?.job || isOver(job)) return;
    delete job.dispatchedAt;
    this.#offer(this.#request);
  }

  started(job: LogJob): void {
    if (job.state !== "dispatched") return;
    job.startedAt = Date.now();
    this.#move(job, "started");
  }

  /** A job of this instance, also one that is over. */
  findJob(id: string): LogJob | undefined {
    return this.#request?.job.id === id ? this.#request.job : this.#past.get(id)?.job;
  }

  /** How a job ended, undefined while it has not. */
  endingOf(id: string): Ending | undefined {
    return this.#past.get(id)?.ending;
  }

  /** Calls at the end of each job. @returns ends that */
  onEnded(call: () => void): () => void {
    this.#waiting.add(call);
    return () => void this.#waiting.delete(call);
  }

  /**
   * The answer of a realm. An answer to another job than the one that runs is late, or nothing (section 7).
   * @param at epoch ms of its arrival
   */
  async result(
    jobId: string | null,
    result: LogResult,
    at = Date.now(),
  ): Promise<"written" | "late" | "ignored"> {
    const request = this.#request;
    const isOurs =
      request !== undefined &&
      !isOver(request.job) &&
      request.job.state !== "requested" &&
      (jobId ?? request.job.id) === request.job.id;
    if (!isOurs)
      return jobId !== null && (await this.#replies.late(jobId, result)) ? "late" : "ignored";
    request.addEvents(result.backgroundEvents ?? [], result.missingEvents);
    await this.#end({ state: result.ok ? "finished" : "failed", result, at });
    return "written";
  }

  /** The job tells that it goes on, with the events since the last time. */
  progress(events: readonly LogEvent[]): void {
    const job = this.#request?.job;
    if (job === undefined) return;
    this.#clock.progress(job.timeoutMs);
    this.#addEvents(events);
  }

  /** Events join the job that runs, the reply that was just written, or the background. */
  async flush(events: readonly LogEvent[], reportedAt?: string): Promise<void> {
    const job = this.#request?.job;
    if (events.length === 0) return;
    if (job !== undefined && job.state !== "requested" && !isOver(job))
      return this.#addEvents(events);
    if (!(await this.#replies.join(events))) this.#background.add(events, reportedAt);
  }

  /** Writes a diagnostic, making the file if need be. */
  async diagnostic(message: string): Promise<void> {
    const block = formatDiagnostic(message, Date.now());
    await this.#write((text) => placeAboveRegion(text, block), true);
  }

  /** Progress of a test run; the job that runs the tests goes on. */
  async tests(progress: TestProgress): Promise<void> {
    if (this.#request !== undefined) this.#clock.progress(this.#request.job.timeoutMs);
    await this.#tests.show(progress);
  }

  /** Ends the job that runs, or waits, without an answer. */
  fail(state: "failed" | "lost" | "cancelled", error: string): Promise<void> {
    return this.#giveUp(state, () => error);
  }

  /** Makes the file: title, guide, anchor. */
  async create(): Promise<void> {
    await this.log.change(
      (text) => (findAnchor(text) === undefined ? text + formatFooter() : undefined),
      true,
    );
    this.#options.listener.changed(this);
  }

  /** Goes on with the request of an earlier process, or finishes the region of one that nobody knows. */
  async takeOver(): Promise<void> {
    const { history } = this.#options;
    const left = history.request(this.key);
    if (left !== undefined) return this.#resume(left);
    const [error = ""] = formatResultBlocks({
      ok: false,
      error: "the server stopped before the result arrived",
    });
    await this.#write((text) =>
      // What is handed to a realm is saved before: this one never was.
      history.isContinued ? reopenRequest(text) : finishLeftover(text, Date.now(), error),
    );
  }

  async #resume(left: LogRequest): Promise<void> {
    this.#request = left;
    const { ending, job } = left;
    if (ending !== undefined) {
      const text = await this.#write(() => undefined);
      if (text !== undefined && left.isAnswered(text, ending))
        return this.#goOn(left, ending, undefined);
      return this.#finish(left, ending);
    }
    if (job.dispatchedAt === undefined) this.#offer(left);
    else this.#clock.run(job.timeoutMs, Date.now() - job.dispatchedAt);
  }

  /** The server ends: an open region is finished, events are written (section 17). */
  async close(message: string): Promise<void> {
    this.#isClosed = true;
    await this.#giveUp("cancelled", () => message);
    await this.#background.close();
    this.#clock.stop();
  }

  /** Stops without touching the file: somebody else goes on with it. */
  abandon(): void {
    this.#isClosed = true;
    this.#clock.stop();
    this.#background.stop();
  }

  #accept(text: string, isFree = this.#request === undefined): Acceptance | undefined {
    if (!isFree || this.#isClosed) return undefined;
    const { history } = this.#options;
    return acceptRequest(history.withoutOld(this.key, text), {
      name: this.key,
      at: Date.now(),
      waiting: !this.isOnline,
      isAnswered: (request) => history.isAnswered(this.key, request),
    });
  }

  /** What an agent does to a request that no realm has yet: its block may change, its file may go (sections 6 and 7). */
  #heed(text: string | undefined): void {
    const request = this.#request;
    if (request?.job.state !== "requested") return;
    if (text !== undefined) {
      const old = request.job;
      if (!request.reread(text)) return;
      this.#move(old, "cancelled");
      this.#offer(request);
    } else if (!this.log.exists) {
      this.#clock.stop();
      this.#request = undefined;
      this.#move(request.job, "cancelled");
    }
  }

  #begin(acceptance: Acceptance, options: AppendOptions = {}): LogRequest | undefined {
    if (this.#request !== undefined || this.#isClosed) return undefined;
    const { timeoutMs, history } = this.#options;
    const request = new LogRequest(acceptance, {
      name: this.key,
      timeoutMs: options.timeoutMs ?? timeoutMs(),
      ...(options.test === undefined ? {} : { test: options.test }),
    });
    history.accepted(this.key, acceptance);
    this.#background.moveTo(request.events);
    this.#request = request;
    this.#offer(request);
    return request;
  }

  #offer(request: LogRequest): void {
    const { job } = request;
    this.#clock.wait(job.timeoutMs);
    this.#move(job, "requested");
    this.#options.listener.requested(this, job);
  }

  #move(job: LogJob, state: LogJob["state"]): void {
    job.state = state;
    this.#options.history.save(this.key, isOver(job) ? undefined : this.#request);
    this.#options.listener.moved(this, job);
    this.#options.listener.changed(this);
  }

  #addEvents(events: readonly LogEvent[]): void {
    this.#request?.addEvents(events);
    if (events.length > 0) this.#clock.updateSoon();
  }

  async #giveUp(
    state: "timeout" | "failed" | "lost" | "cancelled",
    message: (timeoutMs: number) => string,
  ): Promise<void> {
    const job = this.#request?.job;
    if (job === undefined || isOver(job)) return;
    const result: LogResult = { ok: false, error: message(job.timeoutMs) };
    await this.#end({ state, result, at: Date.now() });
  }

  async #end(ending: Ending): Promise<void> {
    const request = this.#request;
    if (request === undefined || isOver(request.job)) return;
    request.job.state = ending.state;
    request.ending = ending;
    this.#options.history.save(this.key, request);
    await this.#finish(request, ending);
  }

  /** Writes the reply, then goes on with the next block or, in the same edit, with what waits in the file (22.11). */
  async #finish(request: LogRequest, ending: Ending): Promise<void> {
    const { job } = request;
    this.lastFailed = !ending.result.ok;
    this.#clock.stop();
    let reply: WrittenReply | undefined;
    let next: Acceptance | undefined;
    await this.#writeSurely((text) => {
      const finished = request.finish(text, ending);
      reply = finished.reply;
      next = this.#accept(finished.text, request.isLastBlock(ending));
      return next?.text ?? finished.text;
    });
    if (reply !== undefined) this.#replies.add(reply);
    this.#tests.end();
    this.#options.listener.moved(this, job);
    this.#remember(job, ending);
    this.#goOn(request, ending, next);
  }

  #remember(job: LogJob, ending: Ending): void {
    this.#past.set(job.id, { job, ending });
    const [oldest] = this.#past.keys();
    if (this.#past.size > keptJobs && oldest !== undefined) this.#past.delete(oldest);
    this.#options.listener.ended(this, job, ending);
    for (const call of this.#waiting) call();
  }

  #goOn(request: LogRequest, ending: Ending, next: Acceptance | undefined): void {
    const isMore = request.advance(ending) !== undefined;
    if (isMore && !this.#isClosed) return this.#offer(request);
    this.#request = undefined;
    this.#options.history.save(this.key, undefined);
    if (next !== undefined) this.#begin(next);
    this.#options.listener.changed(this);
  }

  async #update(): Promise<void> {
    const request = this.#request;
    if (request === undefined || isOver(request.job)) return;
    await this.#write((text) => (isOver(request.job) ? undefined : request.updateRegion(text)));
  }

  /** A reply is not given up because the file cannot be written just now. */
  async #writeSurely(edit: LogEdit): Promise<void> {
    for (;;) {
      try {
        await this.log.change(edit);
        return;
      } catch (error) {
        this.#options.listener.failed(this, error);
        if (this.#isClosed) return;
        await sleep(retryMs, undefined, { ref: false });
      }
    }
  }

  async #write(edit: LogEdit, create = false): Promise<string | undefined> {
    const existed = this.log.exists;
    try {
      return await this.log.change(edit, create);
    } catch (error) {
      this.#options.listener.failed(this, error);
      return undefined;
    } finally {
      if (existed !== this.log.exists) this.#options.listener.changed(this);
    }
  }
}

/** A chunk below the anchor, behind what stands there already. */
function appendChunk(text: string, chunk: string): string {
  const base = findAnchor(text) === undefined ? text + formatFooter() : text;
  const anchor = findAnchor(base)!;
  const tail = withoutBlankEnd(base.slice(anchor.end));
  const above = tail.trim() === "" ? "" : `${tail}\n\n`;
  return `${base.slice(0, anchor.end)}${above}${chunk.trimEnd()}\n`;
}
