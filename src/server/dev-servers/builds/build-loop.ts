/** When a project is built: one debounce, one build at a time, never a change forgotten (dev-servers 4.2). */
import type { Slots } from "../../slots.ts";

export interface BuildLoopOptions<Outcome> {
  readonly debounceMs: number;
  readonly onChangeDuringBuild: "queue" | "cancel";
  readonly slots: Slots;
  /** Builds within a slot. Undefined when the signal ended it. */
  build(signal: AbortSignal): Promise<Outcome | undefined>;
  /** Makes use of what was built. The slot is another's already; the next build waits. */
  apply(outcome: Outcome): Promise<void>;
  /** Of `build` or `apply`: a bug. */
  failed(error: unknown): void;
}

export class BuildLoop<Outcome> {
  readonly #options: BuildLoopOptions<Outcome>;
  #quiet: NodeJS.Timeout | undefined;
  #flight: Promise<void> | undefined;
  /** Of a build that waits for its slot or runs. */
  #abort: AbortController | undefined;
  /** Sources are being read, or were: a change from now on needs another build. */
  #isReading = false;
  #isDirty = false;
  #isStopped = false;

  constructor(options: BuildLoopOptions<Outcome>) {
    this.#options = options;
  }

  /** A source changed: builds after a time of quiet. */
  changed(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.request(), this.#options.debounceMs);
  }

  /** Builds at once, or as soon as the running build is over. */
  request(): void {
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
    if (this.#isStopped) return;
    if (this.#flight === undefined) {
      this.#flight = this.#fly();
      return;
    }
    // One that waits for its slot will see the change by itself.
    if (!this.#isReading) return;
    this.#isDirty = true;
    if (this.#options.onChangeDuringBuild === "cancel") this.#abort?.abort();
  }

  /** Ends a running build. Nothing begins after this, also before it resolves. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#quiet);
    this.#abort?.abort();
    await this.#flight;
  }

  async #fly(): Promise<void> {
    for (;;) {
      await this.#buildOnce();
      // A timer that still runs will ask by itself; without this look its changes would be built twice.
      if (!this.#isDirty || this.#quiet !== undefined || this.#isStopped) break;
    }
    this.#flight = undefined;
  }

  async #buildOnce(): Promise<void> {
    const { slots, build, apply, failed } = this.#options;
    this.#isDirty = false;
    const abort = new AbortController();
    this.#abort = abort;
    const release = await slots.take(abort.signal);
    if (release === undefined) return;
    try {
      this.#isReading = true;
      const outcome = await build(abort.signal);
      // A process that is being replaced is not interrupted by a change.
      this.#abort = undefined;
      release();
      if (outcome !== undefined && !this.#isStopped) await apply(outcome);
    } catch (error) {
      failed(error);
    } finally {
      this.#isReading = false;
      this.#abort = undefined;
      release();
    }
  }
}
