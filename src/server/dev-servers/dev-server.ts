/**
 * The dev server of one project: its UI, its back end, and the process outside that may take their place, told as one state
 * and one log (dev-servers sections 3, 8, 9). The UI is the project's session, which previews open as well.
 */
import type { DevInfo, DevServerEvents, DevServerState } from "../../protocol/dev-server.ts";
import { UserError } from "../../protocol/errors.ts";
import type { ContributedMatchers } from "./problems/problem-parser.ts";
import { Backend } from "./backends/backend.ts";
import type { BackendEvents } from "./backends/backend-events.ts";
import type { BackendFacts } from "./backends/backend-record.ts";
import type { Slots } from "../slots.ts";
import type { FoundProject } from "./combine.ts";
import { devServerState, portOf, type OwnUi } from "./dev-server-state.ts";
import type { ExternalPart } from "./external/attachment.ts";
import { createLogLines, type LogLines } from "./log-lines.ts";
import type { ProcessKeeper } from "../vite-host/vite-host.ts";

/** Tells one event of section 8. */
export type Publish = <Name extends keyof DevServerEvents>(
  name: Name,
  payload: DevServerEvents[Name],
) => void;

export interface DevServerOptions {
  readonly found: FoundProject;
  readonly slots: Slots;
  readonly keeper: ProcessKeeper;
  /** Problem matchers of other extensions, as they are now. */
  matchers(): ContributedMatchers;
  readonly ui: UiOwner;
  readonly publish: Publish;
  bug(error: unknown, doing: string): void;
}

/** What the owner of sessions does for a dev server. */
export interface UiOwner {
  /** Starts the UI, or does nothing when it runs. Resolves when its address is known. */
  open(): Promise<void>;
  restart(): Promise<void>;
  /** Installs its packages, then starts it. Resolves as `open` does. */
  install(): Promise<void>;
  stop(): Promise<void>;
}

export class DevServer {
  readonly log: LogLines;
  readonly #options: DevServerOptions;
  #found: FoundProject;
  #ui: OwnUi | undefined;
  #backend: Backend | undefined;
  /** As last told: in the middle of a reload there are newer ones, which are told at its end. */
  #backendFacts: BackendFacts | undefined;
  #external: ExternalPart | undefined;
  #conflict: DevInfo | undefined;
  #state: DevServerState;

  constructor(options: DevServerOptions) {
    this.#options = options;
    this.#found = options.found;
    this.#state = this.#compute(new Date().toISOString());
    this.log = createLogLines({
      id: options.found.project.id,
      deliver: (lines) => options.publish("plugin/devserver/log", lines),
    });
  }

  get id(): string {
    return this.#found.project.id;
  }

  get found(): FoundProject {
    return this.#found;
  }

  state(): DevServerState {
    return this.#state;
  }

  get isManaged(): boolean {
    return this.#state.mode === "managed";
  }

  /** Starts what does not run. Resolves when the UI has its address and the sources are watched. */
  async start(): Promise<void> {
    const { project } = this.#found;
    const { ui } = this.#options;
    await Promise.all([project.hasUI ? ui.open() : undefined, this.#startBackend()]);
  }

  /** Installs the packages of the UI, then starts it; and whatever else does not run. @throws UserError `bad_request` */
  async install(): Promise<void> {
    const { name, hasUI } = this.#found.project;
    if (!hasUI)
      throw new UserError("bad_request", `${name} has no UI whose packages could be installed`);
    if (this.#external !== undefined)
      throw new UserError(
        "bad_request",
        `${name} is served by process ${this.#external.external?.pid}, which Vitrine did not start. Detach from it first`,
      );
    await Promise.all([this.#options.ui.install(), this.#startBackend()]);
  }

  async restart(): Promise<void> {
    if (!this.isManaged) return this.start();
    const backend = this.#backend;
    if (this.#found.project.hasUI) await this.#options.ui.restart();
    if (backend === undefined || backend.facts().status === "stopped") await this.#startBackend();
    else await backend.restart();
  }

  /** @returns false when its back end does not run. @throws UserError `not_running` when it has none */
  rebuild(): boolean {
    const { name, hasBackend } = this.#found.project;
    if (!hasBackend)
      throw new UserError("not_running", `${name} has no back end that could be built`);
    const backend = this.#backend;
    if (backend === undefined || backend.facts().status === "stopped") return false;
    backend.rebuild();
    return true;
  }

  /** Ends both parts. When it resolves, nothing more is told. */
  async stop(): Promise<void> {
    this.#conflict = undefined;
    const hasUi = this.#ui !== undefined && this.#ui.state.name !== "stopped";
    await Promise.all([hasUi ? this.#options.ui.stop() : undefined, this.#backend?.stop()]);
    this.log.flush();
    this.#update();
  }

  /** What the session of the project says now. */
  uiChanged(ui: OwnUi): void {
    this.#ui = ui;
    this.#update();
  }

  /** A process outside is attached, or a fact about it changed; undefined when it is gone. */
  externalChanged(part: ExternalPart | undefined): void {
    this.#external = part;
    if (part !== undefined) this.#conflict = undefined;
    this.#update();
  }

  /** A process outside offers itself while this one runs. */
  conflicts(info: DevInfo | undefined): void {
    this.#conflict = info;
    this.#update();
  }

  /** The configuration of the project changed. A back end that runs goes on with the new one. */
  async configured(found: FoundProject): Promise<void> {
    const isSame = JSON.stringify(found.config.backend) === this.#backendText();
    this.#found = found;
    const runs = this.#backend !== undefined && this.#backend.facts().status !== "stopped";
    if (isSame || !runs) return this.#update();
    this.log.add(
      "manager",
      "The configuration of the back end changed: it is started anew",
      "info",
    );
    await this.#backend?.stop();
    await this.#startBackend();
  }

  /** Says nothing any more. */
  close(): void {
    this.log.close();
  }

  #backendText(): string | undefined {
    return JSON.stringify(this.#found.config.backend);
  }

  async #startBackend(): Promise<void> {
    const { config } = this.#found;
    const runs = this.#backend !== undefined && this.#backend.facts().status !== "stopped";
    if (config.backend === undefined || runs) return;
    const { slots, keeper, matchers, bug } = this.#options;
    this.#backend = new Backend({
      project: config,
      config: config.backend,
      slots,
      keeper,
      contributed: matchers(),
      vitePort: () => portOf(this.#ui),
      events: this.#backendEvents(),
      bug,
    });
    this.#backendFacts = this.#backend.facts();
    await this.#backend.start();
    this.#update();
  }

  #backendEvents(): BackendEvents {
    const { publish } = this.#options;
    const reload = (generation: number): { id: string; pluginID: string; generation: number } => ({
      id: this.id,
      pluginID: this.id,
      generation,
    });
    return {
      changed: () => {
        this.#backendFacts = this.#backend?.facts();
        this.#update();
      },
      logged: ({ source, level, raw }) => this.log.add(source, raw, level),
      errors: (errors) => {
        this.log.flush();
        publish("plugin/devserver/error", { pluginID: this.id, errors });
      },
      reloadStarted: (generation) => publish("plugin/dev_reload_start", reload(generation)),
      reloadCompleted: (generation, durationMs) =>
        publish("plugin/dev_reload_complete", { ...reload(generation), durationMs }),
      reloadFailed: (generation, error) =>
        publish("plugin/dev_reload_error", { ...reload(generation), error }),
    };
  }

  /** Every change is told once, and what is no change is not told (section 3.1). */
  #update(): void {
    const before = this.#state;
    const same = this.#compute(before.since);
    if (JSON.stringify(same) === JSON.stringify(before)) return;
    const isSameWord = same.aggregate === before.aggregate && same.mode === before.mode;
    this.#state = isSameWord ? same : { ...same, since: new Date().toISOString() };
    // What was printed before the change is read before it.
    this.log.flush();
    this.#options.publish("plugin/devserver/status", this.#state);
  }

  #compute(since: string): DevServerState {
    return devServerState({
      found: this.#found,
      ui: this.#ui,
      backend: this.#backendFacts,
      external: this.#external,
      conflict: this.#conflict,
      since,
    });
  }
}
