/** What follows a build: its errors are told, or what it made comes to run (dev-servers 4.4 and the orders of section 8). */
import type { BuildError } from "../../../protocol/dev-server.ts";
import { UserError } from "../../../protocol/errors.ts";
import type { BuildOutcome } from "../builds/build-output.ts";
import { failureOf } from "../builds/run-build.ts";
import type { BackendConfig, ProjectConfig } from "../project-config.ts";
import type { BackendEvents } from "./backend-events.ts";
import { firstLine, managerLine } from "./backend-lines.ts";
import type { BackendFacts, BackendRecord } from "./backend-record.ts";
import { createDeployment, type Deployment } from "./deployment.ts";
import type { Restarts } from "./restarts.ts";
import type { Runtime } from "./runtime.ts";

export interface ReloadsOptions {
  readonly config: BackendConfig;
  readonly project: ProjectConfig;
  readonly record: BackendRecord;
  readonly runtime: Runtime;
  readonly events: BackendEvents;
  readonly restarts: Restarts;
  /** The back end is stopped: nothing is told any more. */
  readonly signal: AbortSignal;
}

type Facts = Partial<BackendFacts>;

export class Reloads {
  readonly #options: ReloadsOptions;
  readonly #deployment: Deployment;
  #isDeployed = false;

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#deployment = createDeployment(options.config);
  }

  /** Whether something was built that can be started. */
  get canRestart(): boolean {
    return this.#isDeployed && this.#options.config.run !== undefined;
  }

  /** A build ended. */
  async settle({ duration, errors, isGood }: BuildOutcome): Promise<void> {
    const { config, events, record } = this.#options;
    const built =
      config.build === undefined
        ? {}
        : { lastBuildDuration: duration, lastBuildTime: new Date().toISOString() };
    const seconds = (duration / 1e9).toFixed(1);
    if (config.build !== undefined && isGood)
      events.logged(managerLine("info", `Built in ${seconds} s`));
    if (!isGood) return this.#fail(errors, built);
    const isNew = await this.#deploy();
    if (typeof isNew === "string") return this.#fail([this.#failureOf(isNew)], built);
    this.#tellErrors(errors);
    if (isNew) return this.#takeOver(built);
    events.logged(managerLine("info", "The build made the same as before: nothing is reloaded"));
    record.move("unchanged", { ...built, lastError: "", ...this.#connection() }, "ready");
  }

  /** The same build in a new process. */
  async restart(): Promise<void> {
    const { record, runtime, signal } = this.#options;
    const failure = await this.#reload(async () => {
      await runtime.stop();
      await runtime.start();
    });
    if (signal.aborted) return;
    const { errors, lastError, status } = record.facts();
    const facts = { ...this.#connection(), nextRestartAt: "" };
    if (status === "building") return record.publish({ ...facts, lastError: failure ?? "" });
    if (failure !== undefined)
      return record.move("exited", { ...facts, failure: "start_failed", lastError: failure });
    // The newest build may be a failed one: then it is the one before that runs again.
    if (errors.some(isError)) {
      const failed = { ...facts, failure: "build_failed", lastError } as const;
      return record.move("restarted", failed, "error");
    }
    record.move("restarted", { ...facts, lastError: "" }, "ready");
  }

  /** @returns whether there is anything new to run, or what is wrong with it */
  async #deploy(): Promise<boolean | string> {
    try {
      const isUnchanged = await this.#deployment.isUnchanged();
      if (isUnchanged && this.#serves) return false;
      await this.#deployment.deploy();
      this.#isDeployed = true;
      return true;
    } catch (error) {
      if (error instanceof UserError) return error.message;
      throw error;
    }
  }

  async #takeOver(built: Facts): Promise<void> {
    const { config, record, restarts, runtime, signal } = this.#options;
    const good = { ...built, lastError: "", nextRestartAt: "" };
    if (config.reload === "none" && this.#serves)
      return record.move("reloaded", { ...good, ...this.#connection() });
    const failure = await this.#reload(runtime.replace);
    if (signal.aborted) return;
    if (failure === undefined) {
      record.move("reloaded", { ...good, ...this.#connection() });
      // It may have ended while its coming was told.
      if (!this.#serves) restarts.lost("The back end ended as soon as it served");
      return;
    }
    const failed = { ...built, failure: "start_failed", lastError: failure } as const;
    record.move("reloadFailed", { ...failed, ...this.#connection() });
    await this.#rollBack(failure);
  }

  /** A new process, with its events. @returns why there is none, which was told already */
  async #reload(step: () => Promise<void>): Promise<string | undefined> {
    const { events, record, restarts, signal } = this.#options;
    const generation = record.facts().generation + 1;
    const began = performance.now();
    events.reloadStarted(generation);
    try {
      await step();
      if (!this.#serves)
        throw new UserError("server_gone", "The back end ended at once. Look at its output");
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (!signal.aborted) events.logged(managerLine("error", error.message));
      events.reloadFailed(generation, error.message);
      return error.message;
    }
    restarts.reset();
    record.note({ generation });
    events.reloadCompleted(generation, Math.round(performance.now() - began));
    return undefined;
  }

  /** The preview keeps a back end that works, and `lastError` says which one. */
  async #rollBack(failure: string): Promise<void> {
    const { events, record, runtime, signal } = this.#options;
    const tell = (what: string): void =>
      record.publish({ ...this.#connection(), lastError: `${failure}. ${what}` });
    if (runtime.current() !== undefined) return tell("The process before it still runs");
    try {
      if (!(await this.#deployment.rollBack())) return tell("No version runs");
      await runtime.start();
      events.logged(managerLine("warn", "The previous version runs again"));
      tell("The previous version runs again");
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (!signal.aborted) tell(`The previous version did not come up either: ${error.message}`);
    }
  }

  #fail(errors: readonly BuildError[], built: Facts): void {
    const { record, restarts, runtime } = this.#options;
    this.#tellErrors(errors);
    const attempt = runtime.current() === undefined ? restarts.afterFailedBuild() : {};
    const lastError = firstLine(errors.find(isError)?.message);
    record.move("buildFailed", { ...built, ...attempt, failure: "build_failed", lastError });
  }

  #tellErrors(errors: readonly BuildError[]): void {
    const { events, record } = this.#options;
    const before = record.facts().errors;
    record.note({ errors });
    if (errors.length > 0 || before.length > 0) events.errors(errors);
  }

  #failureOf(message: string): BuildError {
    const { config, project } = this.#options;
    const { root } = project;
    return failureOf(message, config.build, { cwd: config.build?.cwd ?? root, root });
  }

  /** A back end that is only built has nothing to connect to, and nothing that could be missing. */
  get #serves(): boolean {
    const { config, runtime } = this.#options;
    return config.run === undefined || runtime.current() !== undefined;
  }

  #connection(): Facts {
    const running = this.#options.runtime.current();
    return {
      connected: this.#serves,
      pid: running?.pid ?? 0,
      address: running?.address ?? "",
    };
  }
}

function isError({ severity }: BuildError): boolean {
  return severity === "error";
}
