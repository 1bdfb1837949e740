/** A back end that ends by itself is started again, a few times (dev-servers section 11). */
import { UserError } from "../../../protocol/errors.ts";
import type { BackendEvents } from "./backend-events.ts";
import { managerLine } from "./backend-lines.ts";
import type { BackendFacts, BackendRecord } from "./backend-record.ts";
import { createRestartBudget } from "./restart-budget.ts";
import type { Runtime } from "./runtime.ts";

export interface Restarts {
  /** It ended without being asked to. */
  lost(description: string): void;
  /** It was lost while a build ran, and that build made nothing that could run. @returns facts of the attempt to come */
  afterFailedBuild(): Partial<BackendFacts>;
  /** Another one runs, or a person wants one: nothing is attempted, the record of crashes is wiped. */
  reset(): void;
}

export interface RestartsOptions {
  readonly record: BackendRecord;
  readonly runtime: Runtime;
  readonly events: BackendEvents;
  readonly signal: AbortSignal;
  enqueue(step: () => Promise<void>): Promise<void>;
}

const none = { connected: false, pid: 0, address: "" };

export function createRestarts({
  record,
  runtime,
  events,
  signal,
  enqueue,
}: RestartsOptions): Restarts {
  const budget = createRestartBudget();
  let timer: NodeJS.Timeout | undefined;
  let reason: string | undefined;
  const isBuilding = (): boolean => record.facts().status === "building";

  const schedule = (why: string): Partial<BackendFacts> => {
    reason = why;
    const delay = budget.next();
    if (delay === undefined) {
      const lastError = `${why}. It is not started again after several attempts: correct it, or restart it`;
      events.logged(managerLine("error", lastError));
      return { ...none, lastError, nextRestartAt: "" };
    }
    events.logged(managerLine("error", `${why}. It is started again in ${delay / 1000} s`));
    timer = setTimeout(() => void enqueue(attempt), delay);
    return { ...none, lastError: why, nextRestartAt: new Date(Date.now() + delay).toISOString() };
  };

  const attempt = async (): Promise<void> => {
    // A build that runs decides what is started.
    if (isBuilding() || runtime.current() !== undefined) return;
    try {
      await runtime.start();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (!signal.aborted && !isBuilding()) record.publish(schedule(error.message));
      return;
    }
    budget.cameUp();
    cameUp();
  };

  const cameUp = (): void => {
    const running = runtime.current();
    // Gone again already, which was told by itself.
    if (running === undefined) return;
    reason = undefined;
    const { errors, restarts } = record.facts();
    const failed = errors.find(({ severity }) => severity === "error");
    const facts = {
      connected: true,
      pid: running.pid,
      address: running.address,
      restarts: restarts + 1,
      nextRestartAt: "",
      lastError: failed?.message.split("\n", 1)[0] ?? "",
    };
    if (isBuilding()) record.publish(facts);
    else record.move("restarted", facts, failed === undefined ? "ready" : "error");
  };

  return {
    lost(description) {
      if (signal.aborted) return;
      reason = description;
      if (isBuilding()) record.publish({ ...none, lastError: description });
      else record.move("exited", schedule(description));
    },
    afterFailedBuild: () => (reason === undefined ? {} : schedule(reason)),
    reset() {
      clearTimeout(timer);
      reason = undefined;
      budget.reset();
    },
  };
}
