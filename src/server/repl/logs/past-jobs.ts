/** Jobs that are over and still known by their id, and who waits for one to end. */
import type { LogJob } from "./log-job.ts";
import type { Ending } from "./request.ts";

const kept = 200;

export class PastJobs {
  readonly #jobs = new Map<string, { readonly job: LogJob; readonly ending: Ending }>();
  readonly #waiting = new Set<() => void>();

  add(job: LogJob, ending: Ending): void {
    this.#jobs.set(job.id, { job, ending });
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > kept && oldest !== undefined) this.#jobs.delete(oldest);
    for (const call of this.#waiting) call();
  }

  job(id: string): LogJob | undefined {
    return this.#jobs.get(id)?.job;
  }

  ending(id: string): Ending | undefined {
    return this.#jobs.get(id)?.ending;
  }

  /** Calls at the end of each job. @returns ends that */
  onAdded(call: () => void): () => void {
    this.#waiting.add(call);
    return () => void this.#waiting.delete(call);
  }
}
