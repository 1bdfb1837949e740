/** Workers that hang: the diagnostic, the end of their job, and when they hang again and again (13.2, 13.3, 15.10). */
import type { Instance } from "./instance.ts";

/** Restarts within ms that are worth a sentence. */
const often = { count: 3, ms: 60_000 } as const;

export class WorkerHealth {
  readonly #restarts = new Map<string, number[]>();

  /** @param restarting whether somebody said that the worker is started again */
  async unresponsive(instance: Instance, ms: number, restarting: boolean): Promise<void> {
    const job = instance.job;
    await instance.diagnostic(
      `Worker unresponsive for ${ms}ms${restarting ? ", restarting..." : ""}`,
    );
    // The job that hung is not handed to the new worker.
    if (job !== undefined && job.state !== "requested" && instance.job === job)
      await instance.fail("failed", `worker unresponsive for ${ms}ms, restarted`);
    if (restarting) await this.restarted(instance);
  }

  async restarted(instance: Instance): Promise<void> {
    const now = Date.now();
    const recent = (this.#restarts.get(instance.key) ?? []).filter((at) => now - at < often.ms);
    recent.push(now);
    this.#restarts.set(instance.key, recent);
    if (recent.length === often.count)
      await instance.diagnostic(
        `Worker restarted ${often.count} times within ${often.ms / 1000} s; look for code that never gives up control`,
      );
  }
}
