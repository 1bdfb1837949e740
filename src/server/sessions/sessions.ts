/** Owner of all sessions: one per project, with their realm channels and their memory. */
import { UserError } from "../../protocol/errors.ts";
import type { Project, Session } from "../../protocol/model.ts";
import type { Streaming } from "../../protocol/packs.ts";
import type { CompositePart } from "../../protocol/vite-host.ts";
import { createSlots } from "../slots.ts";
import type { Ports } from "../dev-servers/ports.ts";
import type { UiConfig } from "../dev-servers/project-config.ts";
import type { Log } from "../log.ts";
import { openPageChannel, type PageChannel } from "../realms/page-channel.ts";
import type { Realms } from "../realms/realms.ts";
import type { WireHandler } from "../repl/repl-routes.ts";
import type { ProcessKeeper } from "../vite-host/vite-host.ts";
import { isInside } from "../vite-host/watcher.ts";
import type { ViteHosts } from "../vite-host/vite-hosts.ts";
import type { Caches } from "./caches.ts";
import { watchIdle } from "./idle-stop.ts";
import { memoryOf } from "./memory.ts";
import { SessionRunner } from "./session.ts";
import type { AttachedServer } from "./ui/attached-ui.ts";

export interface SessionsParts {
  readonly ports: Ports;
  readonly viteHosts: ViteHosts;
  readonly keeper: ProcessKeeper;
  readonly log: Log;
  readonly realms: Realms;
  readonly caches: Caches;
  readonly runDirectory: string;
  externalAddress(port: number): Promise<string>;
  streaming(): Streaming;
  /** What a project is in composite previews now. */
  composite(id: string): CompositePart;
  /** Projects whose pages show a project as a plugin. */
  shownBy(id: string): readonly string[];
  /** How the UI of a project is to be run; undefined when it has no configuration. */
  uiConfig(id: string): UiConfig | undefined;
  /** The setting, ms; 0 never. */
  idleStop(): number;
  /** Compiled block scripts by file name. */
  script(name: string): string | undefined;
  /** Answers realms of the older protocol, for the pages of a project. */
  wire(root: string): WireHandler;
  changed(sessions: readonly Session[]): void;
}

/** Memory is looked at this often, and only while something runs. */
const memoryEveryMs = 30_000;
/** The first look at a session that was opened, when its page is likely to be there. */
const memoryFirstMs = 3000;
/** Starting together they would only slow each other down (dev-servers section 13). */
const startsAtOnce = 3;

export class Sessions {
  readonly #parts: SessionsParts;
  readonly #runners = new Map<string, SessionRunner>();
  readonly #channels = new Map<string, PageChannel>();
  readonly #memory: NodeJS.Timeout;
  readonly #startSlots = createSlots(() => startsAtOnce);
  readonly #endIdle: () => void;
  #telling = false;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    parts.realms.listen({ changed: () => this.#changed() });
    this.#memory = setInterval(() => void this.#measure(), memoryEveryMs).unref();
    this.#endIdle = watchIdle({
      realms: parts.realms,
      runners: () => this.#runners.values(),
      shownBy: parts.shownBy,
      idleStop: parts.idleStop,
      stop: (runner) => void this.#stopIdle(runner),
    });
  }

  /** Starts the session of a project, or answers with the running one. */
  async open(project: Project): Promise<Session> {
    const runner = this.#runnerFor(project);
    await runner.reconfigure(project);
    await runner.open();
    setTimeout(() => void this.#measure(), memoryFirstMs).unref();
    return this.#snapshot(project.id);
  }

  async stop(id: string): Promise<void> {
    await this.#known(id).stop();
    this.#parts.realms.removeSession(id);
  }

  async restart(id: string): Promise<Session> {
    await this.#known(id).restart();
    return this.#snapshot(id);
  }

  /** Installs the packages of a project, then starts its session. */
  async install(project: Project): Promise<Session> {
    await this.#runnerFor(project).install();
    return this.#snapshot(project.id);
  }

  /**
   * Shows the pages of a process that somebody else started, or moves them to another address while they are open. It is
   * shown until it is detached; a stopped session shows it again when it is opened.
   */
  async attach(project: Project, server: AttachedServer): Promise<Session> {
    await this.#runnerFor(project).attach(server);
    return this.#snapshot(project.id);
  }

  /** The process lives on. */
  async detach(id: string): Promise<void> {
    if (await this.#known(id).detach()) this.#parts.realms.removeSession(id);
  }

  /** Ends and forgets the session of a project that is none any more, unless somebody opens it meanwhile. */
  async remove(id: string): Promise<void> {
    const runner = this.#runners.get(id);
    if (runner === undefined) return;
    await runner.stop();
    this.#parts.realms.removeSession(id);
    if (runner.snapshot().state.name !== "stopped") return;
    this.#runners.delete(id);
    const channel = this.#channels.get(id);
    this.#channels.delete(id);
    this.#changed();
    await channel?.close();
  }

  /** Projects, or their configurations, have changed. @param projects as they are now */
  async reconfigure(projects: readonly Project[]): Promise<void> {
    const changed = [...this.#runners.values()].map((runner) =>
      runner.reconfigure(projects.find(({ id }) => id === runner.id)),
    );
    await Promise.all(changed);
  }

  get(id: string): SessionRunner | undefined {
    return this.#runners.get(id);
  }

  /** The session whose project holds a file, the innermost one. */
  forFile(file: string): SessionRunner | undefined {
    return [...this.#runners.values()]
      .filter(({ project }) => isInside(file, project.root))
      .toSorted((a, b) => b.project.root.length - a.project.root.length)[0];
  }

  list(): readonly Session[] {
    const realms = this.#parts.realms.all();
    return [...this.#runners.values()].map((runner) => ({
      ...runner.snapshot(),
      realms: realms.filter((realm) => realm.session === runner.id).map((realm) => realm.facts()),
    }));
  }

  async stopAll(): Promise<void> {
    clearInterval(this.#memory);
    this.#endIdle();
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
    await Promise.all([...this.#channels.values()].map((channel) => channel.close()));
  }

  #runnerFor(project: Project): SessionRunner {
    const existing = this.#runners.get(project.id);
    if (existing !== undefined) return existing;
    const { ports, caches, viteHosts, keeper, log, externalAddress, streaming } = this.#parts;
    const runner = new SessionRunner(project, {
      ports,
      viteHosts,
      keeper,
      log,
      caches,
      externalAddress,
      streaming,
      composite: () => this.#parts.composite(project.id),
      startSlots: this.#startSlots,
      uiConfig: () => this.#parts.uiConfig(project.id),
      openChannel: (session) => this.#openChannel(session),
      changed: () => this.#changed(),
    });
    this.#runners.set(project.id, runner);
    return runner;
  }

  async #openChannel(runner: SessionRunner): Promise<string> {
    const { realms, runDirectory, script, wire } = this.#parts;
    const addresses = (): { origins: readonly string[]; hosts: readonly string[] } =>
      runner.addresses ?? { origins: [], hosts: [] };
    const channel = await openPageChannel({
      session: runner.id,
      runDirectory,
      realms,
      script,
      addresses,
      root: runner.project.root,
      wire: wire(runner.project.root),
      base: () => runner.addresses?.base ?? "/",
    });
    this.#channels.set(runner.id, channel);
    return channel.pipe;
  }

  #known(id: string): SessionRunner {
    const runner = this.#runners.get(id);
    if (runner === undefined) throw new UserError("not_found", `There is no session ${id}`);
    return runner;
  }

  #snapshot(id: string): Session {
    const session = this.list().find((candidate) => candidate.id === id);
    if (session === undefined) throw new UserError("not_found", `There is no session ${id}`);
    return session;
  }

  /** Many facts change in one tick; the snapshot is sent once. */
  #changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      this.#parts.changed(this.list());
    });
  }

  async #stopIdle(runner: SessionRunner): Promise<void> {
    const { log, idleStop } = this.#parts;
    const minutes = Math.round(idleStop() / 6000) / 10;
    log.add(
      "info",
      `${runner.project.name} was stopped: no page and no edit for ${minutes} min (setting vitrine.devServers.idleStop)`,
      { session: runner.id },
    );
    await this.stop(runner.id);
  }

  async #measure(): Promise<void> {
    const running = [...this.#runners.values()].filter((runner) => pidOf(runner) !== 0);
    if (running.length === 0) return;
    const memory = await memoryOf(running.map(pidOf));
    for (const runner of running) {
      const pid = pidOf(runner);
      const bytes = memory.get(pid);
      // Of a process that several share each has its part.
      const sharers = running.filter((other) => pidOf(other) === pid).length;
      if (bytes !== undefined) runner.setMemory(bytes / sharers);
    }
  }
}

/** Of what serves its pages, 0 when nothing does. */
function pidOf({ isLive, ui }: SessionRunner): number {
  return isLive ? (ui?.pid ?? 0) : 0;
}
