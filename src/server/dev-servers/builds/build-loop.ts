/** When a project is built: one debounce, one build at a time, never a change forgotten (dev-servers 4.2). */
import type { BuildSlots } from "./build-slots.ts";

export interface BuildLoopOptions<Outcome> {
  readonly debounceMs: number;
  readonly onChangeDuringBuild: "queue" | "cancel";
  readonly slots: BuildSlots;
  /** Builds within a slot. Undefined when the signal ended it. */
  build(signal: AbortSignal): Promise<Outcome | undefined>;
  /** Makes use of what was built. The slot is another's already; the next build waits. */
  apply(outcome: Outcome): Promise<void>;
  /** Of `build` or `apply`: a bug. */
  failed(error: unknown): void;
}

export interface BuildLoop {
  /** A source changed: builds after a time of quiet. */
  changed(): void;
  /** Builds at once, or as soon as the running build is over. */
  request(): void;
  /** Ends a running build. Nothing begins after this, also before it resolves. */
  stop(): Promise<void>;
}

export function createBuildLoop<Outcome>(options: BuildLoopOptions<Outcome>): BuildLoop {
  const { debounceMs, onChangeDuringBuild, slots, build, apply, failed } = options;
  let quiet: NodeJS.Timeout | undefined;
  let flight: Promise<void> | undefined;
  /** Of a build that waits for its slot or runs. */
  let abort: AbortController | undefined;
  /** Sources are being read: a change from now on needs another build. */
  let isReading = false;
  let isDirty = false;
  let isStopped = false;

  const once = async (): Promise<void> => {
    isDirty = false;
    abort = new AbortController();
    const release = await slots.take(abort.signal);
    if (release === undefined) return;
    try {
      isReading = true;
      const outcome = await build(abort.signal);
      abort = undefined;
      release();
      if (outcome !== undefined && !isStopped) await apply(outcome);
    } catch (error) {
      failed(error);
    } finally {
      isReading = false;
      abort = undefined;
      release();
    }
  };

  const fly = async (): Promise<void> => {
    do await once();
    // A timer that still runs will ask by itself; without this look its changes would be built twice.
    while (isDirty && quiet === undefined && !isStopped);
    flight = undefined;
  };

  const request = (): void => {
    clearTimeout(quiet);
    quiet = undefined;
    if (isStopped) return;
    if (flight === undefined) {
      flight = fly();
      return;
    }
    if (!isReading) return;
    isDirty = true;
    if (onChangeDuringBuild === "cancel") abort?.abort();
  };

  return {
    request,
    changed() {
      if (isStopped) return;
      clearTimeout(quiet);
      quiet = setTimeout(request, debounceMs);
    },
    async stop() {
      isStopped = true;
      clearTimeout(quiet);
      abort?.abort();
      await flight;
    },
  };
}
