/** One realm as the REPL knows it: its log, the request that runs in it, and what it says in between. */
import type { Acceptance } from "../../../markdown/log/accept.ts";
import { findAnchor } from "../../../markdown/log/anchor.ts";
import type { LogEvent, LogResult } from "../../../markdown/log/events.ts";
import { formatDiagnostic, formatFooter } from "../../../markdown/log/format.ts";
import { placeAboveRegion } from "../../../markdown/log/regions.ts";
import type { TestProgress } from "../../../markdown/log/tests.ts";
import type { Log, RealmKind } from "../../../protocol/model.ts";
import { appendChunk, withDraft } from "./append-chunk.ts";
import { Background } from "./background.ts";
import type { LogJob } from "./log-job.ts";
import type { AppendOptions, InstanceOptions } from "./instance-options.ts";
import type { EditOptions, LogEdit, LogText } from "./log-text.ts";
import { Replies } from "./replies.ts";
import { Requests } from "./requests.ts";
import type { Ending, LogRequest } from "./request.ts";
import { TestSection } from "./test-section.ts";

/** Ms without contact after which a realm counts as offline: two of the longest polls (11.1). */
const offlineMs = 30_000;

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
  readonly #background: Background;
  readonly #tests: TestSection;
  readonly #replies: Replies;
  readonly #requests: Requests;
  /** Until what an earlier process left is taken over, nothing else is done. */
  #opened: Promise<void> = Promise.resolve();

  constructor(options: InstanceOptions) {
    const { key, kind, log, history, clock, listener, timeoutMs } = options;
    const write = (edit: LogEdit, how?: EditOptions): Promise<string | undefined> =>
      this.#write(edit, how);
    this.#options = options;
    this.key = key;
    this.kind = kind;
    this.log = log;
    this.#background = new Background(key, write, clock);
    this.#tests = new TestSection(write);
    this.#replies = new Replies(key, write, clock);
    this.#requests = new Requests({
      key,
      log,
      history,
      clock,
      timeoutMs,
      background: this.#background,
      replies: this.#replies,
      isOnline: () => this.isOnline,
      listener: {
        requested: (job) => listener.requested(this, job),
        ended: (job, ending) => {
          this.lastFailed = !ending.result.ok;
          this.#tests.end();
          listener.ended(this, job, ending);
        },
        failed: (error) => listener.failed(this, error),
        moved: (job) => listener.moved(this, job),
        changed: () => listener.changed(this),
      },
    });
  }

  /** The job that runs, or waits for its realm. */
  get job(): LogJob | undefined {
    return this.#requests.job;
  }

  get state(): Log["state"] {
    if (this.#requests.isBusy) return "executing";
    return this.isOnline ? "live" : "offline";
  }

  get isOnline(): boolean {
    if (this.connections > 0) return true;
    return !this.hasLeft && this.#options.clock.now() - this.lastSeen < offlineMs;
  }

  /** The realm is there. */
  contact(): void {
    const wasOnline = this.isOnline;
    this.lastSeen = this.#options.clock.now();
    this.hasLeft = false;
    if (!wasOnline) this.#options.listener.changed(this);
  }

  /** Resolves when what an earlier process left was taken over. */
  get opened(): Promise<void> {
    return this.#opened;
  }

  /** Does what must be done before anything else. */
  open(prepare: () => Promise<void>): Promise<void> {
    this.#opened = prepare();
    return this.#opened;
  }

  /** Looks at the file, and accepts what an agent has appended while nothing runs. */
  async look(): Promise<void> {
    await this.#opened;
    let accepted: Acceptance | undefined;
    const edit: LogEdit = (text) => {
      const settled = this.#requests.withoutLeftovers(text);
      accepted = this.#requests.accept(settled);
      return accepted?.text ?? settled;
    };
    await this.#write(edit, {
      isPassing: true,
      isAcceptance: true,
      done: (text) => {
        if (text !== undefined && accepted !== undefined) this.#requests.begin(text, accepted);
        else this.#requests.heed(text);
      },
    });
  }

  /**
   * Puts a chunk below the anchor, and accepts it if nothing runs.
   * @returns the request, undefined when the chunk waits in the file
   * @throws what `check` throws, and UserError when it could not be written
   */
  async append(chunk: string, options: AppendOptions = {}): Promise<LogRequest | undefined> {
    await this.#opened;
    let accepted: Acceptance | undefined;
    let request: LogRequest | undefined;
    const edit: LogEdit = (text) => {
      const next = appendChunk(text, chunk);
      accepted = this.#requests.accept(next.text);
      return withDraft(accepted?.text ?? next.text, next.draft);
    };
    await this.log.change(edit, {
      create: true,
      // The realm need not wait for that; who asked is told when it is durable.
      isPassing: true,
      ...(options.check === undefined ? {} : { check: options.check }),
      done: (text) => {
        if (text !== undefined && accepted !== undefined)
          request = this.#requests.begin(text, accepted, options);
      },
    });
    this.#options.listener.changed(this);
    await this.log.durable();
    return request;
  }

  /** Hands the waiting job to a realm. @param worker who takes it, where several may */
  take(worker?: string): LogJob | undefined {
    return this.#requests.take(worker);
  }

  /** It never reached the realm: it waits again. */
  release(job: LogJob): void {
    this.#requests.release(job);
  }

  started(job: LogJob): void {
    this.#requests.started(job);
  }

  /** A job of this instance, also one that is over. */
  findJob(id: string): LogJob | undefined {
    return this.#requests.find(id);
  }

  /** How a job ended, undefined while it has not. */
  endingOf(id: string): Ending | undefined {
    return this.#requests.past.ending(id);
  }

  /** Calls at the end of each job. @returns ends that */
  onEnded(call: () => void): () => void {
    return this.#requests.past.onAdded(call);
  }

  /**
   * The answer of a realm. An answer to another job than the one that runs is late, or nothing (section 7).
   * @param at epoch ms of its arrival
   */
  async result(
    jobId: string | null,
    result: LogResult,
    at = this.#options.clock.now(),
  ): Promise<"written" | "late" | "ignored"> {
    await this.#opened;
    if (await this.#requests.result(jobId, result, at)) return "written";
    await this.#requests.settled;
    return jobId !== null && (await this.#replies.late(jobId, result)) ? "late" : "ignored";
  }

  /** The job tells that it goes on, with the events since the last time. */
  progress(events: readonly LogEvent[]): void {
    this.#requests.progress(events);
  }

  /** Events join the job that runs, the reply that was just written, or the background. */
  async flush(events: readonly LogEvent[], reportedAt?: string): Promise<void> {
    await this.#opened;
    if (events.length === 0 || this.#requests.addEvents(events)) return;
    await this.#requests.settled;
    if (!(await this.#replies.join(events))) this.#background.add(events, reportedAt);
  }

  /** Writes a diagnostic, making the file if need be. */
  async diagnostic(message: string): Promise<void> {
    await this.#opened;
    const block = formatDiagnostic(message, this.#options.clock.now());
    await this.#write((text) => placeAboveRegion(text, block), { create: true });
  }

  /** Progress of a test run; the job that runs the tests goes on. */
  async tests(progress: TestProgress): Promise<void> {
    await this.#opened;
    this.#requests.progress([]);
    await this.#tests.show(progress);
  }

  /** Ends the job that runs, or waits, without an answer. */
  async fail(state: "failed" | "lost" | "cancelled", error: string): Promise<void> {
    await this.#opened;
    await this.#requests.giveUp(state, () => error);
  }

  /** Makes the file: title, guide, anchor. */
  async create(): Promise<void> {
    await this.#opened;
    await this.#create();
  }

  /**
   * Goes on with the request of an earlier process, or finishes the region of one that nobody knows. Within `open`.
   * @param isOurs whether an earlier process of this run knew the log
   */
  async takeOver({ isOurs, create }: { isOurs: boolean; create: boolean }): Promise<void> {
    await this.#requests.takeOver(isOurs);
    if (create)
      await this.#create().catch((error: unknown) => this.#options.listener.failed(this, error));
  }

  /** The server ends: an open region is finished, events are written (section 17). */
  async close(message: string): Promise<void> {
    await this.#opened;
    await this.#requests.close(message);
    await this.#background.close();
    // What was saved a moment ago over an older text is merged now: to the next server it would be all there is.
    await this.#write(() => undefined);
  }

  /** Stops without touching the file: somebody else goes on with it. */
  abandon(): void {
    this.#requests.abandon();
    this.#background.stop();
  }

  async #create(): Promise<void> {
    await this.log.change(
      (text) => (findAnchor(text) === undefined ? text + formatFooter() : undefined),
      { create: true },
    );
    this.#options.listener.changed(this);
  }

  async #write(edit: LogEdit, how: EditOptions = {}): Promise<string | undefined> {
    const existed = this.log.exists;
    try {
      return await this.log.change(edit, how);
    } catch (error) {
      this.#options.listener.failed(this, error);
      return undefined;
    } finally {
      if (existed !== this.log.exists) this.#options.listener.changed(this);
    }
  }
}
