/** One workspace session: a project, its port, its Vite host, and the truth about their state. */
import { UserError } from "../../protocol/errors.ts";
import type { Problem, Project, Session, SessionState } from "../../protocol/model.ts";
import type { Streaming } from "../../protocol/packs.ts";
import type { ViteHostEvents, ServeOptions } from "../../protocol/vite-host.ts";
import { createBackOff } from "../dev-servers/back-off.ts";
import type { Ports } from "../dev-servers/ports.ts";
import type { Log } from "../log.ts";
import { resolveVite, type ResolvedVite } from "../vite-host/resolve-vite.ts";
import type { ViteHost, ViteHostExit } from "../vite-host/vite-host.ts";
import type { WarmHost } from "../vite-host/warm-host.ts";
import { within } from "../within.ts";
import { addressesOf, type Addresses } from "./addresses.ts";
import type { Caches } from "./caches.ts";
import { watchForCorrection } from "./correction.ts";
import { serveOptions } from "./serve-options.ts";
import {
  crashedTooOften,
  exitError,
  startTimeout,
  startTimeoutMs,
  toFault,
} from "./session-faults.ts";

/** Ports tried when another program takes one between our look and Vite's listen. */
const portTries = 5;

export interface SessionParts {
  readonly ports: Ports;
  readonly warmHost: WarmHost;
  readonly log: Log;
  readonly caches: Caches;
  /** Address of the realm channel of this session; opened before the first start. */
  openChannel(session: SessionRunner): Promise<string>;
  externalAddress(port: number): Promise<string>;
  /** The setting as it is now; a running session keeps the one it started with. */
  streaming(): Streaming;
  changed(): void;
}

/** Owns one session. Start, stop and restart go through one queue, so that they cannot overlap. */
export class SessionRunner {
  readonly id: string;
  readonly project: Project;
  #parts: SessionParts;
  #state: SessionState = { name: "stopped" };
  #addresses: Addresses | undefined;
  #port = 0;
  #pipe = "";
  #host: ViteHost | undefined;
  #viteVersion = "";
  #notices: readonly string[] = [];
  #viteProblems: readonly Problem[] = [];
  #pageProblems: readonly Problem[] = [];
  #memory = 0;
  #backOff = createBackOff();
  #retry: NodeJS.Timeout | undefined;
  #configWatch: { close(): void } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(project: Project, parts: SessionParts) {
    this.id = project.id;
    this.project = project;
    this.#parts = parts;
  }

  /** The snapshot others see; realms are added by their owner. */
  snapshot(): Omit<Session, "realms"> {
    return {
      id: this.id,
      kind: "workspace",
      project: this.project,
      state: this.#state,
      port: this.#port,
      url: this.#addresses?.url ?? "",
      outsideUrl: this.#addresses?.outsideUrl ?? "",
      pid: this.#host?.pid ?? 0,
      memory: this.#memory,
      viteVersion: this.#viteVersion,
      notices: this.#notices,
      problems: [...this.#viteProblems, ...this.#pageProblems],
    };
  }

  get host(): ViteHost | undefined {
    return this.#state.name === "live" ? this.#host : undefined;
  }

  get addresses(): Addresses | undefined {
    return this.#addresses;
  }

  /** Reserves the address and starts; resolves when the address is known, not when it serves. */
  async open(): Promise<void> {
    if (this.#state.name !== "stopped" && this.#state.name !== "error") return;
    this.#set({ name: "starting", step: "Reserving a port", since: Date.now() });
    try {
      await this.#reserve(this.#port === 0 ? undefined : this.#port);
    } catch (error) {
      return this.#fail(error);
    }
    this.#backOff.reset();
    void this.#enqueue(() => this.#start());
  }

  async restart(): Promise<void> {
    this.#backOff.reset();
    if (this.#addresses === undefined) return this.open();
    this.#set({ name: "starting", step: "Restarting", since: Date.now() });
    void this.#enqueue(async () => {
      await this.#stopHost();
      await this.#start();
    });
  }

  /** Ends the Vite host and gives the port back. */
  async stop(): Promise<void> {
    this.#forgetRetry();
    this.#set({ name: "stopped" });
    await this.#enqueue(async () => {
      await this.#stopHost();
      await this.#parts.ports.release(this.#port);
      await this.#parts.caches.release(this.project.root);
      this.#viteProblems = [];
      this.#pageProblems = [];
      this.#set({ name: "stopped" });
    });
  }

  setPageProblems(problems: readonly Problem[]): void {
    this.#pageProblems = problems;
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

  async #reserve(preferred: number | undefined): Promise<void> {
    const { id, root } = this.project;
    this.#port = await this.#parts.ports.reserve(preferred, { id, root });
    this.#addresses = addressesOf(this.#port, await this.#parts.externalAddress(this.#port));
    if (this.#pipe === "") this.#pipe = await this.#parts.openChannel(this);
    this.#parts.changed();
  }

  async #start(): Promise<void> {
    if (this.#state.name === "stopped") return;
    this.#forgetRetry();
    try {
      const vite = await resolveVite(this.project);
      for (let tries = 1; ; tries++) {
        try {
          return await this.#serve(vite);
        } catch (error) {
          if (!(error instanceof UserError) || error.code !== "port_in_use" || tries === portTries)
            throw error;
          this.#parts.log.add("warn", `${error.message}; trying the next one`, {
            session: this.id,
          });
          await this.#reserve(undefined);
        }
      }
    } catch (error) {
      await this.#stopHost();
      this.#fail(error);
    }
  }

  async #serve(vite: ResolvedVite): Promise<void> {
    const host = this.#parts.warmHost.take(vite.url);
    this.#host = host;
    host.listen(this.#hostEvents());
    const early = host.exited.then((exit) => {
      throw exitError(this.project, exit);
    });
    const serving = this.#serveOptions(vite).then((options) => host.methods.serve(options));
    const served = await within(Promise.race([serving, early]), startTimeoutMs, "late");
    if (served === "late") throw startTimeout(this.project);
    this.#viteVersion = served.viteVersion;
    this.#notices = vite.own
      ? served.notices
      : [
          `${this.project.name} has no Vite of its own: Vitrine's ${vite.version} serves it`,
          ...served.notices,
        ];
    this.#addresses = addressesOf(this.#port, this.#addresses?.outside ?? "", served.base);
    this.#backOff.recovered();
    this.#set({ name: "live", since: Date.now() });
    void host.exited.then((exit) => this.#hostExited(host, exit));
    this.#parts.warmHost.prepare(vite.url);
  }

  #serveOptions(vite: ResolvedVite): Promise<ServeOptions> {
    return serveOptions({
      project: this.project,
      vite,
      addresses: this.#addresses ?? addressesOf(this.#port, ""),
      port: this.#port,
      pipe: this.#pipe,
      caches: this.#parts.caches,
      streaming: this.#parts.streaming(),
    });
  }

  #hostEvents(): ViteHostEvents {
    return {
      step: (text) => {
        if (this.#state.name === "starting") this.#set({ ...this.#state, step: text });
      },
      problemsChanged: (problems) => {
        this.#viteProblems = problems;
        this.#parts.changed();
      },
      served: () => this.#parts.changed(),
      logged: ({ level, message, source }) =>
        this.#parts.log.add(level, message, { source, session: this.id }),
    };
  }

  #hostExited(host: ViteHost, exit: ViteHostExit): void {
    if (this.#host !== host || this.#state.name !== "live") return;
    this.#host = undefined;
    this.#memory = 0;
    const { message } = exitError(this.project, exit);
    const delay = this.#backOff.crashed();
    this.#parts.log.add("error", [message, ...exit.lastLines].join("\n"), { session: this.id });
    if (delay === undefined) {
      return this.#set({ name: "error", fault: crashedTooOften(message) });
    }
    this.#set({
      name: "restarting",
      fault: { code: "vite_crashed", message },
      at: Date.now() + delay,
      attempt: this.#backOff.attempt(),
    });
    this.#retry = setTimeout(() => {
      this.#set({ name: "starting", step: "Restarting after a crash", since: Date.now() });
      void this.#enqueue(() => this.#start());
    }, delay);
  }

  #fail(error: unknown): void {
    if (this.#state.name === "stopped") return;
    if (!(error instanceof UserError)) this.#parts.log.bug(error, `starting ${this.project.name}`);
    const fault = toFault(error);
    this.#parts.log.add("error", fault.message, { session: this.id });
    this.#set({ name: "error", fault });
    this.#retryOnChange();
  }

  /** What a user mends is a file: the config, the packages, the page. Nothing is retried on a timer. */
  #retryOnChange(): void {
    if (this.#addresses === undefined) return;
    this.#configWatch?.close();
    this.#configWatch = watchForCorrection(this.project.root, () => void this.restart());
  }

  #forgetRetry(): void {
    clearTimeout(this.#retry);
    this.#configWatch?.close();
    this.#configWatch = undefined;
  }

  async #stopHost(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    this.#memory = 0;
    await host?.stop();
  }
}
