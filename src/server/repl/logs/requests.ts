/** The life of a realm's requests: accepted from its log, handed to the realm block by block, answered in the log (5 to 8). */
import { acceptRequest, type Acceptance } from "../../../markdown/log/accept.ts";
import type { LogEvent, LogResult } from "../../../markdown/log/events.ts";
import { reopenRequest } from "../../../markdown/log/regions.ts";
import { withoutLeftovers } from "./leftovers.ts";
import { isOver, isRunning, type LogJob } from "./log-job.ts";
import type { LogEdit } from "./log-text.ts";
import { PastJobs } from "./past-jobs.ts";
import { RequestClock } from "./request-clock.ts";
import { LogRequest, type Ending, type WrittenReply } from "./request.ts";
import type { RequestHow, RequestsOptions } from "./requests-options.ts";
import { SureEdits } from "./sure-edits.ts";

export class Requests {
  readonly #options: RequestsOptions;
  readonly #clock: RequestClock;
  readonly past = new PastJobs();
  #request: LogRequest | undefined;
  #isClosed = false;
  /** The reply that is being written. */
  #finishing: Promise<void> = Promise.resolve();
  readonly #edits: SureEdits;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#edits = new SureEdits({
      log: options.log,
      clock: options.clock,
      isClosed: () => this.#isClosed,
      failed: (error) => this.#failed(error),
    });
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
    const isIdle = this.#request === undefined && !this.#isClosed;
    return isIdle ? withoutLeftovers(text, this.#options.clock.now()) : text;
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
    this.#edits.hurry();
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
      if (isAnswered) return this.#goOn(left, ending);
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
    await this.#edits.change(edit, (text) => {
      if (text === undefined) {
        [reply, next] = [undefined, undefined];
        this.#failed(new Error("the log is gone; a reply was dropped"));
      }
      if (reply !== undefined) this.#options.replies.add(reply);
      this.#options.listener.moved(request.job);
      this.past.add(request.job, ending);
      this.#options.listener.ended(request.job, ending);
      this.#goOn(request, ending, next && [text!, next]);
    });
  }

  /** @param next what was accepted in the same edit, with the text of the file */
  #goOn(request: LogRequest, ending: Ending, next?: [string, Acceptance]): void {
    const isMore = request.advance(ending) !== undefined;
    if (isMore && !this.#isClosed) return this.#offer(request);
    this.#request = undefined;
    this.#options.history.save(this.#options.key, undefined);
    if (next !== undefined) this.begin(...next);
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

  #failed(error: unknown): void {
    this.#options.listener.failed(error);
  }
}
