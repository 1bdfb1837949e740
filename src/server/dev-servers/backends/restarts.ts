/** A back end that ends by itself is started again, a few times (dev-servers section 11). */
import { UserError } from "../../../protocol/errors.ts";
import type { BackendEvents } from "./backend-events.ts";
import { firstLine, managerLine } from "./backend-lines.ts";
import type { BackendFacts, BackendRecord } from "./backend-record.ts";
import { createRestartBudget } from "./restart-budget.ts";
import type { Runtime } from "./runtime.ts";

export interface RestartsOptions {
  readonly record: BackendRecord;
  readonly runtime: Runtime;
  readonly events: BackendEvents;
  /** The back end is stopped. */
  readonly signal: AbortSignal;
  enqueue(step: () => Promise<void>): Promise<void>;
}

const none = { connected: false, pid: 0, address: "" };

export class Restarts {
  readonly #options: RestartsOptions;
  readonly #budget = createRestartBudget();
  #timer: NodeJS.Timeout | undefined;
  /** Why it does not run, while that is to be changed. */
  #reason: string | undefined;

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /** It ended without being asked to. */
  lost(description: string): void {
    const { record, signal } = this.#options;
    if (signal.aborted) return;
    this.#reason = description;
    // The build decides what runs next.
    if (this.#isBuilding) record.publish({ ...none, lastError: description });
    else record.move("exited", this.#schedule(description));
  }

  /** It was lost while a build ran, and that build made nothing that could run. @returns facts of the attempt to come */
  afterFailedBuild(): Partial<BackendFacts> {
    return this.#reason === undefined ? {} : this.#schedule(this.#reason);
  }

  /** Another one runs, or a person wants one: nothing is attempted, the record of crashes is wiped. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#reason = undefined;
    this.#budget.reset();
  }

  get #isBuilding(): boolean {
    return this.#options.record.facts().status === "building";
  }

  #schedule(why: string): Partial<BackendFacts> {
    const { events, enqueue } = this.#options;
    clearTimeout(this.#timer);
    this.#reason = why;
    const delay = this.#budget.next();
    if (delay === undefined) {
      const lastError = `${why}. It is not started again after several attempts: correct it, or restart it`;
      events.logged(managerLine("error", lastError));
      return { ...none, failure: "gave_up", lastError, nextRestartAt: "" };
    }
    events.logged(managerLine("error", `${why}. It is started again in ${delay / 1000} s`));
    this.#timer = setTimeout(() => void enqueue(() => this.#attempt()), delay);
    const nextRestartAt = new Date(Date.now() + delay).toISOString();
    return { ...none, failure: "crashed", lastError: why, nextRestartAt };
  }

  async #attempt(): Promise<void> {
    const { record, runtime, signal } = this.#options;
    if (this.#isBuilding || runtime.current() !== undefined) return;
    // It is no longer to come: it is now.
    record.publish({ nextRestartAt: "" });
    try {
      await runtime.start();
      this.#budget.cameUp();
      this.#cameUp();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (signal.aborted) return;
      this.#reason = error.message;
      if (!this.#isBuilding) record.publish(this.#schedule(error.message));
    }
  }

  #cameUp(): void {
    const { record, runtime } = this.#options;
    const running = runtime.current();
    // Gone again already, which was told by itself.
    if (running === undefined) return;
    this.#reason = undefined;
    const { errors, restarts } = record.facts();
    // The newest build may be a failed one: then it is the one before that runs again.
    const failed = errors.find(({ severity }) => severity === "error");
    const facts: Partial<BackendFacts> = {
      failure: failed && "build_failed",
      connected: true,
      pid: running.pid,
      address: running.address,
      restarts: restarts + 1,
      nextRestartAt: "",
      lastError: firstLine(failed?.message),
    };
    if (this.#isBuilding) record.publish(facts);
    else record.move("restarted", facts, failed === undefined ? "ready" : "error");
  }
}
