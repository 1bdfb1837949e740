/** Workers that report over HTTP (15.10). */
import type { Repl } from "../logs/repl.ts";
import type { ApiAnswer } from "./answers.ts";
import { refused } from "./answers.ts";
import { check, heartbeatBody, registerBody } from "./bodies.ts";

/** Ms, as the existing client keeps them (13.2). */
const heartbeat = { intervalMs: 10_000, timeoutMs: 20_000 } as const;

/** Who registered here and must be heard of, by key. */
export class RegisteredWorkers {
  readonly #repl: Repl;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(repl: Repl) {
    this.#repl = repl;
  }

  async register(data: unknown): Promise<ApiAnswer> {
    const { workerName, parentPage, url } = check(registerBody, data);
    const known = this.#repl.find(workerName);
    const isAgain = known !== undefined && this.#timers.has(known.key);
    const instance = this.#repl.contact(workerName, {
      kind: "worker",
      url: url ?? `worker://${workerName}`,
      ...(parentPage === undefined ? {} : { parent: parentPage }),
    });
    if (isAgain) {
      const { job } = instance;
      if (job !== undefined && job.state !== "requested")
        await instance.fail("failed", "worker restarted before the result arrived");
      await this.#repl.workers.restarted(instance);
    }
    this.#expect(instance.key);
    const { key } = instance;
    const query = new URLSearchParams({ name: key, url: instance.url });
    return {
      status: 200,
      body: {
        name: key,
        pollUrl: `/instances/${key}/jobs/poll`,
        channelUrl: `/-daebug-channel?${query.toString()}`,
        heartbeatIntervalMs: heartbeat.intervalMs,
        heartbeatTimeoutMs: heartbeat.timeoutMs,
      },
    };
  }

  async heartbeat(name: string, data: unknown): Promise<ApiAnswer> {
    const { state, silentMs } = check(heartbeatBody, data);
    const instance = this.#repl.find(name);
    if (instance === undefined)
      return refused("not-found", `There is no worker ${name.slice(0, 100)}. Register it first`);
    if (state === "gone") this.#leave(instance.key);
    else {
      instance.contact();
      this.#expect(instance.key);
    }
    if (state === "unresponsive") await this.#repl.workers.unresponsive(instance, silentMs, true);
    if (state === "restarted") await this.#repl.workers.restarted(instance);
    return { status: 200, body: { ok: true } };
  }

  close(): void {
    for (const key of this.#timers.keys()) this.#leave(key);
  }

  #expect(key: string): void {
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => void this.#silent(key), heartbeat.timeoutMs);
    timer.unref();
    this.#timers.set(key, timer);
  }

  #leave(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    const instance = this.#repl.find(key);
    if (instance !== undefined) instance.hasLeft = true;
    this.#repl.changed();
  }

  async #silent(key: string): Promise<void> {
    this.#leave(key);
    const instance = this.#repl.find(key);
    if (instance !== undefined)
      await this.#repl.workers.unresponsive(instance, heartbeat.timeoutMs, false);
  }
}
