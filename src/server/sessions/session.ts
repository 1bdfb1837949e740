/** One workspace session: a project, the server of its pages, and the truth about their state. */
import { UserError } from "../../protocol/errors.ts";
import type { Problem, Project, Session, SessionState } from "../../protocol/model.ts";
import { realClock } from "../clock.ts";
import { createBackOff } from "../dev-servers/back-off.ts";
import type { Slots } from "../slots.ts";
import type { Tenant } from "../vite-host/tenants.ts";
import type { Addresses } from "./addresses.ts";
import { Recovery } from "./recovery.ts";
import { crashedTooOften, toFault, unresponsive } from "./session-faults.ts";
import { SessionUi, type SessionUiParts } from "./session-ui.ts";
import type { AttachedServer } from "./ui/attached-ui.ts";
import {
  snapshotOf,
  type UiExit,
  type UiFacts,
  type UiRun,
  type UiServer,
} from "./ui/ui-server.ts";
import { startInTurn } from "./ui/start-in-turn.ts";

export interface SessionParts extends Omit<
  SessionUiParts,
  "project" | "openChannel" | "step" | "edited"
> {
  /** How many servers may be starting at once, over all sessions. */
  readonly startSlots: Slots;
  /** Address of the realm channel of this session; opened before the first start. */
  openChannel(session: SessionRunner): Promise<string>;
}

/** Who finds problems of a session beside what serves its pages. */
type ProblemOwner = "page" | "composite";

/** Owns one session. Start, stop and restart go through one queue, so that they cannot overlap. */
export class SessionRunner {
  readonly id: string;
  readonly #parts: SessionParts;
  #project: Project;
  #state: SessionState = { name: "stopped" };
  readonly #ui: SessionUi;
  /** What is running now, as long as nobody ends it. */
  #run: UiRun | undefined;
  readonly #problems = new Map<ProblemOwner, readonly Problem[]>();
  #memory = 0;
  #restarts = 0;
  /** Monotonic ms. */
  #lastEdit = 0;
  #backOff = createBackOff();
  readonly #recovery = new Recovery();
  /** Only the newest wish counts: each one gives up what the one before it began. */
  #wish = new AbortController();
  #queue: Promise<unknown> = Promise.resolve();
  #reserved: Promise<void> = Promise.resolve();

  constructor(project: Project, parts: SessionParts) {
    this.id = project.id;
    this.#project = project;
    this.#parts = parts;
    this.#ui = new SessionUi({
      ...parts,
      project: () => this.#project,
      openChannel: () => parts.openChannel(this),
      step: (text) => this.#step(text),
      edited: () => {
        this.#lastEdit = performance.now();
      },
    });
  }

  /** As it is known now: what runs keeps what it was started with. */
  get project(): Project {
    return this.#project;
  }

  /** The snapshot others see; realms are added by their owner. */
  snapshot(): Omit<Session, "realms"> {
    const facts = snapshotOf(this.#ui.facts);
    return {
      id: this.id,
      kind: "workspace",
      project: this.project,
      state: this.#state,
      memory: this.#memory,
      ...facts,
      problems: [...facts.problems, ...[...this.#problems.values()].flat()],
    };
  }

  /** Of what serves the pages, once something was chosen to. */
  get ui(): (UiFacts & Pick<UiServer, "kind">) | undefined {
    return this.#ui.facts;
  }

  /** Undefined also for a live session that no Vite host of ours serves. */
  get vite(): Tenant["methods"] | undefined {
    return this.#state.name === "live" ? this.#ui.facts?.vite : undefined;
  }

  get addresses(): Addresses | undefined {
    return this.#ui.facts?.addresses;
  }

  get isLive(): boolean {
    return this.#state.name === "live";
  }

  /** How often it was started again after a crash, since it was last stopped. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Monotonic ms of the last edit, of the start when there was none since. */
  get lastEdit(): number {
    return this.#lastEdit;
  }

  /** Reserves the address and starts; resolves when the address is known, not when it serves. */
  async open(): Promise<void> {
    const isDown = this.#state.name === "stopped" || this.#state.name === "error";
    // A server that does not answer at the moment is not ended by somebody who wants to see its page.
    if (!isDown || this.#run !== undefined) return this.#reserved;
    await this.#begin("Reserving a port");
  }

  async restart(): Promise<void> {
    await this.#begin("Restarting");
  }

  /** The pages that show it as a plugin may be other ones. Resolves when they are let in. */
  async recompose(): Promise<void> {
    if (this.isLive) await this.#ui.server?.recompose();
  }

  /** Installs its packages, whatever is there, and starts it. What runs is ended first. */
  async install(): Promise<void> {
    await this.#begin("Installing packages", true);
  }

  /** The project, or its configuration, may be another one: one that could not start tries again with it. */
  async reconfigure(project = this.#project): Promise<void> {
    this.#project = project;
    if (this.#state.name === "error" && this.#ui.isOutdated) await this.restart();
  }

  /** From now on a process outside serves the pages, or another one, or the same one elsewhere. */
  async attach(server: AttachedServer): Promise<void> {
    const isOther = this.#ui.attach(server);
    if (!isOther && this.#state.name !== "stopped") return;
    await this.#begin(`Attaching to process ${server.pid}`);
  }

  /** Forgets the process outside, which lives on; the pages lose their address. @returns false when there was none */
  async detach(): Promise<boolean> {
    if (!this.#ui.detach()) return false;
    await this.stop();
    return true;
  }

  /** Ends what was started here and gives the address back. */
  async stop(): Promise<void> {
    const wish = this.#newWish();
    this.#restarts = 0;
    this.#set({ name: "stopped" });
    await this.#enqueue(async () => {
      await this.#stopUi();
      await this.#ui.server?.release();
      this.#problems.clear();
      if (!wish.aborted) this.#set({ name: "stopped" });
    });
  }

  /** Beside those that what serves the pages has found. Each owner replaces its own. */
  setProblems(owner: ProblemOwner, problems: readonly Problem[]): void {
    this.#problems.set(owner, problems);
    this.#parts.changed();
  }

  setMemory(bytes: number): void {
    // Ten per cent: smaller changes are noise and would redraw the tree for nothing.
    if (Math.abs(bytes - this.#memory) <= this.#memory / 10) return;
    this.#memory = bytes;
    this.#parts.changed();
  }

  #enqueue<Result>(step: () => Promise<Result>): Promise<Result> {
    const next = this.#queue.then(step);
    this.#queue = next.catch(() => {});
    return next;
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#parts.changed();
  }

  #step(step: string): void {
    if (this.#state.name === "starting") this.#set({ ...this.#state, step });
  }

  #newWish(): AbortSignal {
    this.#recovery.forget();
    this.#wish.abort();
    this.#wish = new AbortController();
    return this.#wish.signal;
  }

  async #begin(step: string, installs = false): Promise<void> {
    const wish = this.#newWish();
    this.#ui.installNext(installs);
    this.#backOff.reset();
    this.#set({ name: "starting", step, since: Date.now() });
    this.#reserved = this.#enqueue(async () => {
      await this.#stopUi();
      if (wish.aborted) return;
      await this.#ui.prepare().catch((error: unknown) => this.#fail(error, wish));
      this.#parts.changed();
    });
    void this.#enqueue(() => this.#start(wish));
    await this.#reserved;
  }

  async #start(wish: AbortSignal): Promise<void> {
    const ui = this.#ui.server;
    if (wish.aborted || this.#state.name !== "starting" || ui === undefined) return;
    this.#recovery.forget();
    try {
      const run = await startInTurn(ui, this.#parts.startSlots, wish, (step) => this.#step(step));
      if (run !== undefined && !wish.aborted) this.#serves(ui, run);
    } catch (error) {
      await this.#stopUi();
      this.#fail(error, wish);
    }
  }

  #serves(ui: UiServer, run: UiRun): void {
    this.#run = run;
    this.#lastEdit = performance.now();
    this.#backOff.recovered();
    this.#set({ name: "live", since: Date.now() });
    this.#watchHealth(ui, false);
    void run.exited.then((exit) => this.#exited(run, exit));
  }

  #watchHealth(ui: UiServer, isLost: boolean): void {
    this.#recovery.whileHealthy({
      clock: realClock,
      isLost,
      probe: () => ui.isAnswering(),
      lost: () => {
        const fault = unresponsive(this.project, ui.facts().serverUrl);
        this.#parts.log.add("error", fault.message, { session: this.id });
        this.#set({ name: "error", fault });
        ui.lost?.();
      },
      back: () => this.#set({ name: "live", since: Date.now() }),
    });
  }

  #exited(run: UiRun, exit: UiExit): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#memory = 0;
    this.#recovery.forget();
    const { code, message, lastLines, isInnocent } = exit;
    const delay = isInnocent === true ? 0 : this.#backOff.crashed();
    this.#parts.log.add("error", [message, ...lastLines].join("\n"), { session: this.id });
    if (delay === undefined) return this.#set({ name: "error", fault: crashedTooOften(exit) });
    const at = Date.now() + delay;
    const attempt = this.#backOff.attempt();
    this.#set({ name: "restarting", fault: { code, message }, at, attempt });
    const wish = this.#wish.signal;
    this.#recovery.after(delay, () => {
      this.#restarts++;
      this.#set({ name: "starting", step: "Restarting after a crash", since: Date.now() });
      void this.#enqueue(() => this.#start(wish));
    });
  }

  #fail(error: unknown, wish: AbortSignal): void {
    if (wish.aborted) return;
    if (!(error instanceof UserError)) this.#parts.log.bug(error, `starting ${this.project.name}`);
    const fault = toFault(error);
    this.#parts.log.add("error", fault.message, { session: this.id });
    this.#set({ name: "error", fault });
    const { server } = this.#ui;
    if (this.addresses === undefined || server === undefined) return;
    if (server.kind === "attached") return this.#watchHealth(server, true);
    this.#recovery.afterEdit(this.project.root, () => void this.restart());
  }

  async #stopUi(): Promise<void> {
    this.#run = undefined;
    this.#memory = 0;
    await this.#ui.server?.stop();
  }
}
