/**
 * Owner of the dev servers of the workspace: one list with truthful states, started by us or attached from outside (dev-servers
 * section 7). Calls for one project follow each other; those for different projects run at once.
 */
import type {
  BuildError,
  DevInfo,
  DevServerLine,
  DevServerState,
} from "../../protocol/dev-server.ts";
import type { DevServerSettings } from "../../protocol/contract.ts";
import { UserError } from "../../protocol/errors.ts";
import type { LogEntry, Project, Session } from "../../protocol/model.ts";
import { createQueues } from "../files/queues.ts";
import type { Log } from "../log.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { TrustGate } from "../trust-gate.ts";
import type { ProcessKeeper } from "../vite-host/vite-host.ts";
import { createSlots } from "../slots.ts";
import { within } from "../within.ts";
import { Arrivals } from "./arrivals.ts";
import { DevServer, type Publish } from "./dev-server.ts";
import { createExternals } from "./attached.ts";
import type { ExternalPart } from "./external/attachment.ts";
import type { Externals } from "./external/externals.ts";
import { createUiOwner, hideAttached, ownUiOf, showAttached } from "./project-ui.ts";
import type { Projects } from "./projects.ts";
import { checkLimit } from "./running-limit.ts";
import { outside, withoutConfig } from "./unlisted.ts";
import { sourceOfLine } from "./vite-lines.ts";

export interface DevServersParts {
  readonly projects: Projects;
  readonly sessions: Sessions;
  readonly trust: TrustGate;
  readonly keeper: ProcessKeeper;
  readonly log: Log;
  /** Absolute state directory. */
  readonly stateDirectory: string;
  /** As they are now. */
  settings(): DevServerSettings;
  readonly publish: Publish;
  /** A project is none any more: `list()` does not have it. */
  forgotten(id: string): void;
}

/** Ms within which everything ends that can (section 7). */
const shutdownMs = 10_000;

export class DevServers {
  readonly #parts: DevServersParts;
  readonly #servers = new Map<string, DevServer>();
  readonly #queues = createQueues();
  readonly #slots;
  readonly #externals: Externals;
  readonly #arrivals = new Arrivals();

  constructor(parts: DevServersParts) {
    this.#parts = parts;
    this.#slots = createSlots(() => parts.settings().maxConcurrentBuilds);
    this.#externals = createExternals({
      ...parts,
      known: () => parts.projects.places(),
      changed: (part) => this.#attached(part),
      detached: (id) => this.#detached(id),
      mayAttach: (id, info) => this.#mayAttach(id, info),
    });
  }

  /** Starts what does not run of a project. @throws UserError `not_found`, `not_trusted`, `limit` */
  start(id: string): Promise<DevServerState> {
    return this.#begin(id, (server) => server.start());
  }

  /**
   * Starts the project in a folder of the workspace under an id of the caller's choice. It need not be configured.
   * @param folder absolute path
   * @throws UserError as `start` does, and `path_refused`, `bad_request` or `html_missing`
   */
  async startForPath(id: string, folder: string): Promise<DevServerState> {
    this.#parts.trust.require("Starting a dev server");
    await this.#parts.projects.adopt(id, folder);
    return this.start(id);
  }

  /** Ends what is ours; of what is not, only the attachment. @throws UserError `not_running` */
  async stop(id: string): Promise<void> {
    await this.#run(id, async (server) => {
      if (await this.#externals.detach(id)) return;
      if (!server.isManaged) throw notRunning(server, "there is nothing to stop");
      await server.stop();
    });
  }

  /** Also starts what does not run. */
  restart(id: string): Promise<DevServerState> {
    return this.#begin(id, (server) => server.restart());
  }

  /**
   * Installs the packages of a project and starts it. Resolves when that has begun: the state and the log tell the rest.
   * @throws UserError as `start` does, and `bad_request` when there is nothing to install for
   */
  install(id: string): Promise<DevServerState> {
    return this.#begin(id, (server) => server.install());
  }

  /** Builds the back end; the UI goes on. @throws UserError `not_running` */
  async rebuild(id: string): Promise<void> {
    await this.#run(id, async (server) => {
      if (!server.rebuild()) throw notRunning(server, "start it first");
    });
  }

  /** Attaches to the process of a `.devinfo`; one of ours that runs is stopped for it. */
  attach(id: string, file?: string): Promise<DevServerState> {
    this.#parts.trust.require("Attaching to a dev server");
    return this.#run(id, async (server) => {
      if (server.isManaged) await server.stop();
      await this.#externals.attach(id, file);
      return server.state();
    });
  }

  /**
   * Lets go of a process outside, or declines one that offers itself.
   * @throws UserError `not_running` when there is neither
   */
  async detach(id: string): Promise<void> {
    await this.#run(id, async (server) => {
      if (server.state().conflict !== undefined) return server.conflicts(undefined);
      if (await this.#externals.detach(id)) return;
      const { name } = server.state();
      throw new UserError("not_running", `${name} is not attached to a process`);
    });
  }

  /** Undefined for a project that was never started or attached. */
  status(id: string): DevServerState | undefined {
    return this.#servers.get(id)?.state();
  }

  list(): readonly DevServerState[] {
    return [...this.#servers.values()].map((server) => server.state());
  }

  /** The newest lines, oldest first. @param count 0 or less for all that are kept */
  logs(id: string, count: number): readonly DevServerLine[] {
    return this.#servers.get(id)?.log.logs(count) ?? [];
  }

  errors(id: string): readonly BuildError[] {
    return this.status(id)?.errors ?? [];
  }

  externalInfo(id: string): DevInfo | null {
    return this.#externals.info(id);
  }

  /**
   * The projects, or their configuration, are other ones than before.
   * @param gone those that are none any more, or lie elsewhere now
   */
  async projectsChanged(gone: readonly Project[]): Promise<void> {
    const { projects, sessions, trust } = this.#parts;
    if (!trust.trusted) return;
    const { list } = projects.found;
    await Promise.all(gone.map((project) => this.#forget(project)));
    await Promise.all([...this.#servers.values()].map((server) => this.#configure(server)));
    await sessions.reconfigure(list.map(({ project }) => project));
    await this.#externals.refresh();
    const ids = this.#arrivals.toStart(list.map(({ project }) => project));
    for (const id of ids) this.#safely(this.start(id));
  }

  /** Sessions are the UIs of projects, whoever opened them. */
  sessionsChanged(sessions: readonly Session[]): void {
    for (const session of sessions) {
      const { id, state, project } = session;
      const ui = ownUiOf(this.#parts.sessions, session);
      if (ui !== undefined && (this.#servers.has(id) || state.name !== "stopped"))
        this.#server(id, project).uiChanged(ui);
    }
  }

  /** What Vite prints belongs to the log of its project, while that runs. */
  logged(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      const source = sourceOfLine(entry);
      const server = this.#servers.get(entry.session ?? "");
      if (source && server?.isManaged) server.log.add(source, entry.message, entry.level);
    }
  }

  /** Stops all that is ours, lets go of the rest; bounded by 10 s. They can be started again. */
  async shutdown(): Promise<void> {
    const active = this.list().filter(({ mode }) => mode !== "idle");
    const stopped = Promise.allSettled(active.map(({ pluginID }) => this.stop(pluginID)));
    await within(stopped, shutdownMs, undefined);
  }

  /** The server ends: nothing is started, found or told any more. */
  async close(): Promise<void> {
    await this.shutdown();
    this.#externals.stop();
    for (const server of this.#servers.values()) server.close();
  }

  #begin(id: string, act: (server: DevServer) => Promise<void>): Promise<DevServerState> {
    this.#parts.trust.require("Starting a dev server");
    return this.#run(id, async (server) => {
      const { settings, sessions } = this.#parts;
      if (!server.isManaged) checkLimit(settings().maxRunning, this.list(), sessions.list());
      await act(server);
      return server.state();
    });
  }

  #attached(part: ExternalPart): void {
    const server = this.#server(part.pluginID, outside(part));
    server.externalChanged(part);
    this.#safely(showAttached(this.#parts.sessions, server.found.project, part));
  }

  #detached(id: string): void {
    this.#servers.get(id)?.externalChanged(undefined);
    this.#safely(hideAttached(this.#parts.sessions, id));
  }

  async #run<Result>(id: string, task: (server: DevServer) => Promise<Result>): Promise<Result> {
    const { projects } = this.#parts;
    const project = projects.listed(id)?.project;
    const server = project === undefined ? this.#servers.get(id) : this.#server(id, project);
    if (server !== undefined) return this.#queues.run(id, () => task(server));
    const names = projects.places().map((one) => one.id);
    throw new UserError("not_found", `There is no project ${id}. Known now: ${names.join(", ")}`);
  }

  /** @param project as it was opened or attached, where nothing is configured or found under its id */
  #server(id: string, project: Project): DevServer {
    const known = this.#servers.get(id);
    if (known !== undefined) return known;
    const { keeper, log, publish, settings, sessions } = this.#parts;
    const server: DevServer = new DevServer({
      found: this.#parts.projects.listed(id) ?? withoutConfig(project),
      slots: this.#slots,
      keeper,
      publish,
      matchers: () => settings().problemMatchers,
      bug: (error, doing) => log.bug(error, doing),
      ui: createUiOwner(sessions, id, () => server),
    });
    this.#servers.set(id, server);
    return server;
  }

  async #configure(server: DevServer): Promise<void> {
    const found = this.#parts.projects.listed(server.id);
    if (found === undefined) return;
    await this.#queues.run(server.id, () => server.configured(found));
  }

  /** Ends what runs of a project that is none any more. */
  async #forget(project: Project): Promise<void> {
    const { id } = project;
    await this.#queues.run(id, async () => {
      const server = this.#servers.get(id);
      this.#arrivals.gone(project, server?.isManaged === true);
      await this.#externals.forget(id);
      await server?.stop();
      await this.#parts.sessions.remove(id);
      server?.close();
      this.#servers.delete(id);
      this.#parts.forgotten(id);
    });
  }

  /** A process outside offers itself (section 6.2, 8). What is asked is answered by `attach`, or by nothing. */
  #mayAttach(id: string, info: DevInfo): boolean | Promise<boolean> {
    const server = this.#servers.get(id);
    if (server === undefined || !server.isManaged) return true;
    const { onConflict } = this.#parts.settings();
    if (onConflict === "preferExternal")
      return this.#queues.run(id, async () => {
        if (server.isManaged) await server.stop();
        return true;
      });
    if (onConflict === "ask") server.conflicts(info);
    return false;
  }

  #safely(done: Promise<unknown>): void {
    const { log } = this.#parts;
    done.catch((error: unknown) => log.failed(error, "following dev servers"));
  }
}

function notRunning(server: DevServer, advice: string): UserError {
  return new UserError("not_running", `${server.state().name} does not run: ${advice}`);
}
