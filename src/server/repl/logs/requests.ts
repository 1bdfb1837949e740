/** The life of a realm's requests: accepted from its log, handed to the realm block by block, answered in the log (5 to 8). */
import { acceptRequest, type Acceptance } from "../../../markdown/log/accept.ts";
import { formatResultBlocks, type LogEvent, type LogResult } from "../../../markdown/log/events.ts";
import { finishLeftover, reopenRequest } from "../../../markdown/log/regions.ts";
import type { Clock } from "../../clock.ts";
import type { Background } from "./background.ts";
import type { LogHistory } from "./history.ts";
import { isOver, type LogJob, type TestJob } from "./log-job.ts";
import type { EditOptions, LogEdit, LogText } from "./log-text.ts";
import { PastJobs } from "./past-jobs.ts";
import type { Replies } from "./replies.ts";
import { RequestClock } from "./request-clock.ts";
import { LogRequest, type Ending, type WrittenReply } from "./request.ts";

export interface RequestsListener {
  /** A job waits for its realm. */
  requested(job: LogJob): void;
  /** A job is over, whatever became of it, and its reply is written. */
  ended(job: LogJob, ending: Ending): void;
  /** Something could not be written; the file is as it was. */
  failed(error: unknown): void;
  /** A job went from one state to the next. */
  moved(job: LogJob): void;
  changed(): void;
}

export interface RequestsOptions {
  /** Of the realm. */
  readonly key: string;
  readonly log: LogText;
  readonly history: LogHistory;
  readonly background: Background;
  readonly replies: Replies;
  readonly clock: Clock;
  /** Ms a job may wait, and run, unless it says otherwise. */
  timeoutMs(): number;
  isOnline(): boolean;
  readonly listener: RequestsListener;
}

export interface RequestHow {
  readonly timeoutMs?: number;
  readonly test?: TestJob;
}

/** What was accepted in the same edit. */
interface More {
  readonly text: string;
  readonly next: Acceptance;
}

/** Ms until a reply that could not be written is tried again. */
const retryMs = 2000;

export class Requests {
  readonly #options: RequestsOptions;
  readonly #clock: RequestClock;
  readonly past = new PastJobs();
  #request: LogRequest | undefined;
  #isClosed = false;
  /** The reply that is being written. */
  #finishing: Promise<void> = Promise.resolve();
  /** Ends the pause between two tries of it. */
  #hurry: () => void = () => {};

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#clock = new RequestClock(
      {
        notTaken: () => void this.giveUp("timeout", (ms) => `job was not picked up within ${ms}ms`),
        tooLong: () => void this.giveUp("timeout", (ms) => `job timed out after ${ms}ms`),
        update: () => void this.#update(),
      },
      options.clock,
    );
  }

  /** The job that runs, or waits for its realm. */
  get job(): LogJob | undefined {
    return this.#request?.job;
  }

  /** Whether what an agent appends waits in the file. */
  get isBusy(): boolean {
    return this.#request !== undefined;
  }

  find(id: string): LogJob | undefined {
    return this.job?.id === id ? this.job : this.past.job(id);
  }

  /** What a log holds below its anchor, accepted if nothing runs. Pure. */
  accept(text: string, isFree = this.#request === undefined): Acceptance | undefined {
    if (!isFree || this.#isClosed) return undefined;
    const { history, key, clock, isOnline } = this.#options;
    return acceptRequest(history.withoutOld(key, text), {
      name: key,
      at: clock.now(),
      waiting: !isOnline(),
      isAnswered: (request) => history.isAnswered(key, request),
      isOld: (code) => history.isOld(key, code),
    });
  }

  /** A text in which no region stands for a job that nobody has: an older copy may have brought it back. Pure. */
  withoutLeftovers(text: string): string {
    if (this.#request !== undefined || this.#isClosed) return text;
    const [error = ""] = formatResultBlocks({
      ok: false,
      error: "the server stopped before the result arrived",
    });
    let settled = text;
    // More than one stands there when several servers ended before.
    for (let next: string | undefined = text; next !== undefined;) {
      settled = next;
      next = finishLeftover(settled, this.#options.clock.now(), error);
    }
    return settled;
  }

  /**
   * Begins what stands in the file as accepted. To be called before anybody else edits the file.
   * @param text as it stands there
   */
  begin(text: string, acceptance: Acceptance, how: RequestHow = {}): LogRequest | undefined {
    if (this.#request !== undefined || this.#isClosed) return undefined;
    const { timeoutMs, history, key, background, clock } = this.#options;
    const request = new LogRequest(
      acceptance,
      {
        name: key,
        timeoutMs: how.timeoutMs ?? timeoutMs(),
        ...(how.test === undefined ? {} : { test: how.test }),
      },
      clock,
    );
    history.accepted(key, acceptance, text);
    background.moveTo(request.events);
    this.#request = request;
    this.#offer(request);
    return request;
  }

  /** What an agent does to a request that no realm has yet: its block may change, its file may go (sections 6 and 7). */
  heed(text: string | undefined): void {
    const request = this.#request;
    if (request?.job.state !== "requested") return;
    const old = request.job;
    if (text === undefined) {
      this.#clock.stop();
      this.#request = undefined;
      this.#move(old, "cancelled");
    } else if (request.reread(text)) {
      this.#move(old, "cancelled");
      this.#offer(request);
    }
  }

  /** Hands the waiting job to a realm. @param worker who takes it, where several may */
  take(worker?: string): LogJob | undefined {
    const job = this.#request?.job;
    if (job === undefined || job.state !== "requested" || this.#isClosed) return undefined;
    job.dispatchedAt = this.#options.clock.now();
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
    job.startedAt = this.#options.clock.now();
    this.#move(job, "started");
  }

  /** The answer to the job that runs. @returns whether it is one */
  async result(jobId: string | null, result: LogResult, at: number): Promise<boolean> {
    const request = this.#request;
    if (request === undefined || !isRunning(request.job)) return false;
    if ((jobId ?? request.job.id) !== request.job.id) return false;
    request.addEvents(result.backgroundEvents ?? [], result.missingEvents);
    await this.#end({ state: result.ok ? "finished" : "failed", result, at });
    return true;
  }

  /** The job goes on, with the events since the last time. */
  progress(events: readonly LogEvent[]): void {
    const request = this.#request;
    if (request === undefined || !isRunning(request.job)) return;
    this.#clock.progress(request.job.timeoutMs);
    this.addEvents(events);
  }

  /** Events of the job that runs. @returns whether there is one */
  addEvents(events: readonly LogEvent[]): boolean {
    const request = this.#request;
    if (request === undefined || !isRunning(request.job)) return false;
    request.addEvents(events);
    if (events.length > 0) this.#clock.updateSoon();
    return true;
  }

  /** Resolves when the reply that is being written stands there. */
  get settled(): Promise<void> {
    return this.#finishing;
  }

  /** Ends the job that runs, or waits, without an answer. */
  async giveUp(
    state: "timeout" | "failed" | "lost" | "cancelled",
    message: (timeoutMs: number) => string,
  ): Promise<void> {
    const job = this.job;
    if (job === undefined || isOver(job)) return;
    const result: LogResult = { ok: false, error: message(job.timeoutMs) };
    await this.#end({ state, result, at: this.#options.clock.now() });
  }

  /**
   * Goes on with the request of an earlier process, and settles regions that nobody stands for.
   * @param isOurs whether an earlier process of this run knew the log: what it handed to a realm it has saved
   */
  async takeOver(isOurs: boolean): Promise<void> {
    const left = this.#options.history.request(this.#options.key);
    if (left !== undefined) await this.#resume(left);
    if (this.#request === undefined) await this.#settleRegions(isOurs);
  }

  async close(message: string): Promise<void> {
    this.#isClosed = true;
    this.#hurry();
    await this.giveUp("cancelled", () => message);
    await this.#finishing;
    this.#clock.stop();
  }

  /** Stops without touching the file: somebody else goes on with it. */
  abandon(): void {
    this.#isClosed = true;
    this.#clock.stop();
  }

  async #settleRegions(isOurs: boolean): Promise<void> {
    const { log, listener } = this.#options;
    const edit: LogEdit = (text) =>
      this.withoutLeftovers((isOurs ? reopenRequest(text) : undefined) ?? text);
    await log.change(edit).catch((failure: unknown) => listener.failed(failure));
  }

  async #resume(left: LogRequest): Promise<void> {
    this.#request = left;
    const { ending, job } = left;
    if (ending !== undefined) {
      let isAnswered = false;
      const look: LogEdit = (text) => {
        isAnswered = left.isAnswered(text, ending);
        return undefined;
      };
      await this.#options.log.change(look).catch((error: unknown) => this.#failed(error));
      if (isAnswered) return this.#goOn(left, ending, undefined);
      this.#finishing = this.#finish(left, ending);
      return this.#finishing;
    }
    if (job.dispatchedAt === undefined) this.#offer(left);
    else this.#clock.run(job.timeoutMs, this.#options.clock.now() - job.dispatchedAt);
  }

  #offer(request: LogRequest): void {
    const { job } = request;
    this.#clock.wait(job.timeoutMs);
    this.#move(job, "requested");
    this.#options.listener.requested(job);
  }

  #move(job: LogJob, state: LogJob["state"]): void {
    const { history, key, listener } = this.#options;
    job.state = state;
    history.save(key, isOver(job) ? undefined : this.#request);
    listener.moved(job);
    listener.changed();
  }

  async #end(ending: Ending): Promise<void> {
    const request = this.#request;
    if (request === undefined || isOver(request.job)) return;
    request.job.state = ending.state;
    request.ending = ending;
    this.#options.history.save(this.#options.key, request);
    this.#finishing = this.#finish(request, ending);
    await this.#finishing;
  }

  /** Writes the reply, then goes on with the next block or, in the same edit, with what waits in the file (22.11). */
  async #finish(request: LogRequest, ending: Ending): Promise<void> {
    this.#clock.stop();
    let reply: WrittenReply | undefined;
    let next: Acceptance | undefined;
    const edit: LogEdit = (text) => {
      const finished = request.finish(text, ending);
      reply = finished.reply;
      next = this.accept(finished.text, request.isLastBlock(ending));
      return next?.text ?? finished.text;
    };
    await this.#changeSurely(edit, (text) => {
      if (text === undefined) {
        [reply, next] = [undefined, undefined];
        this.#failed(new Error("the log is gone; a reply was dropped"));
      }
      if (reply !== undefined) this.#options.replies.add(reply);
      this.#options.listener.moved(request.job);
      this.past.add(request.job, ending);
      this.#options.listener.ended(request.job, ending);
      this.#goOn(request, ending, next === undefined ? undefined : { text: text!, next });
    });
  }

  #goOn(request: LogRequest, ending: Ending, more: More | undefined): void {
    const isMore = request.advance(ending) !== undefined;
    if (isMore && !this.#isClosed) return this.#offer(request);
    this.#request = undefined;
    this.#options.history.save(this.#options.key, undefined);
    if (more !== undefined) this.begin(more.text, more.next);
    this.#options.listener.changed();
  }

  async #update(): Promise<void> {
    const request = this.#request;
    if (request === undefined || isOver(request.job)) return;
    const edit: LogEdit = (text) =>
      this.#request === request && !isOver(request.job) ? request.updateRegion(text) : undefined;
    const written = this.#options.log.change(edit, { isPassing: true });
    await written.catch((error: unknown) => this.#failed(error));
  }

  /** A reply is not given up because the file cannot be written just now. */
  async #changeSurely(edit: LogEdit, done: NonNullable<EditOptions["done"]>): Promise<void> {
    let said = "";
    for (;;) {
      try {
        await this.#options.log.change(edit, { done });
        return;
      } catch (error) {
        if (said !== String(error)) this.#failed(error);
        said = String(error);
        if (this.#isClosed) return;
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(retryMs, resolve);
      this.#hurry = () => (cancel(), resolve());
    });
  }

  #failed(error: unknown): void {
    this.#options.listener.failed(error);
  }
}

function isRunning({ state }: LogJob): boolean {
  return state === "dispatched" || state === "started";
}
