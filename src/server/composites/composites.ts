/**
 * Composite previews: pages that show plugins of other projects, each from its own dev server (dev-servers section 10,
 * decision 13). Lets those pages in at the plugins' servers, and tells them what they have to know of the plugins.
 */
import { UserError } from "../../protocol/errors.ts";
import type { PluginFacts } from "../../protocol/plugins.ts";
import type { CompositePart } from "../../protocol/vite-host.ts";
import type { FoundProject } from "../dev-servers/combine.ts";
import type { DevServers } from "../dev-servers/dev-servers.ts";
import type { Projects } from "../dev-servers/projects.ts";
import type { Log } from "../log.ts";
import type { LiveRealm, Realms } from "../realms/realms.ts";
import type { SessionRunner } from "../sessions/session.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { hostPages, pagesShowing, pluginsOf, publishedBy, sharedBy } from "./members.ts";
import { pluginFacts } from "./plugin-facts.ts";
import { versionProblems } from "./versions.ts";

export interface CompositesParts {
  readonly projects: Pick<Projects, "found">;
  readonly sessions: Pick<Sessions, "get">;
  readonly devServers: Pick<DevServers, "start" | "restart" | "status">;
  readonly realms: Realms;
  readonly log: Log;
}

export class Composites {
  readonly #parts: CompositesParts;
  /** Host pages that are open: their plugins were started with them, once. */
  readonly #open = new Set<string>();
  /** Why a plugin could not be started. */
  readonly #faults = new Map<string, string>();
  /** What each page was told last. */
  readonly #told = new WeakMap<LiveRealm, string>();
  #isWorking = false;
  #isDirty = false;

  constructor(parts: CompositesParts) {
    this.#parts = parts;
    parts.realms.listen({
      loaded: (realm) => {
        this.#told.delete(realm);
        this.changed();
      },
      said: (realm, message) => {
        if (message.type === "restart-plugin") void this.#restart(realm, message.id);
      },
    });
  }

  /** What a project is in composites now. */
  part(id: string): CompositePart {
    const list = this.#list();
    const origin = this.#session(id)?.addresses?.outside;
    return {
      shared: sharedBy(list, id),
      plugins: pluginsOf(list, id),
      published: publishedBy(list, id),
      pages: this.#pagesOf(id),
      ...(pagesShowing(list, id).length === 0 || origin === undefined
        ? {}
        : { filesOrigin: new URL(origin).origin }),
    };
  }

  /** Ids of the projects whose pages show a project. */
  shownBy(id: string): readonly string[] {
    return pagesShowing(this.#list(), id).map(({ project }) => project.id);
  }

  /** Something that pages are told may be another one than before. Looked at once, whatever comes meanwhile. */
  changed(): void {
    this.#isDirty = true;
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#isDirty) {
      // Facts come in bursts.
      await new Promise((resolve) => setImmediate(resolve));
      this.#isDirty = false;
      await this.#look().catch((error: unknown) =>
        this.#parts.log.bug(error, "composing previews"),
      );
    }
    this.#isWorking = false;
  }

  async #look(): Promise<void> {
    const pages = hostPages(this.#list());
    for (const page of pages) this.#openOrClose(page);
    const plugins = new Set(pages.flatMap(({ config }) => config.ui?.plugins ?? []));
    // A page that hears of a server is let in there already. One that ends meanwhile is told of by its next state.
    const known = [...plugins].flatMap((id) => this.#session(id) ?? []);
    await Promise.allSettled(known.map((session) => session.recompose()));
    for (const { project } of pages)
      for (const realm of this.#parts.realms.all())
        if (realm.session === project.id && realm.kind === "page") this.#tell(realm, project.id);
  }

  #openOrClose(page: FoundProject): void {
    const { id } = page.project;
    if (!this.#isUp(id)) {
      this.#open.delete(id);
      return;
    }
    if (this.#open.has(id)) return;
    this.#open.add(id);
    for (const plugin of page.config.ui?.plugins ?? []) void this.#start(page, plugin);
  }

  async #start({ project: host }: FoundProject, id: string): Promise<void> {
    const plugin = this.#list().find(({ project }) => project.id === id)?.project;
    if (plugin === undefined) return;
    const mode = this.#parts.devServers.status(id)?.mode ?? "idle";
    if (mode === "idle") await this.#safely(id, () => this.#parts.devServers.start(id));
    const shared = sharedBy(this.#list(), id);
    this.#session(id)?.setProblems("composite", await versionProblems(host, plugin, shared));
  }

  /** A page asks for it, and only for a plugin that it shows. */
  async #restart({ session = "" }: LiveRealm, id: string): Promise<void> {
    if (!pluginsOf(this.#list(), session).includes(id)) return;
    // A process outside is not ours to start anew.
    if (this.#parts.devServers.status(id)?.mode === "external") return;
    await this.#safely(id, () => this.#parts.devServers.restart(id));
  }

  async #safely(id: string, act: () => Promise<unknown>): Promise<void> {
    this.#faults.delete(id);
    try {
      await act();
    } catch (error) {
      const { log } = this.#parts;
      if (!(error instanceof UserError)) log.bug(error, `starting the plugin ${id}`);
      const message = error instanceof Error ? error.message : String(error);
      log.add("warn", `The plugin ${id} was not started: ${message}`);
      this.#faults.set(id, message);
      this.changed();
    }
  }

  #tell(realm: LiveRealm, host: string): void {
    const place = this.#session(host)?.snapshot();
    if (place === undefined) return;
    const plugins = pluginsOf(this.#list(), host).map((id): PluginFacts => {
      const found = this.#list().find(({ project }) => project.id === id);
      const [state, session] = [this.#parts.devServers.status(id), this.#session(id)?.snapshot()];
      const parts = {
        id,
        fault: this.#faults.get(id) ?? "",
        ...(found === undefined ? {} : { name: found.project.name }),
        ...(found?.config.ui === undefined ? {} : { ui: found.config.ui }),
        ...(state === undefined ? {} : { state }),
        ...(session === undefined ? {} : { session }),
      };
      return pluginFacts(parts, realm.url, place);
    });
    const text = JSON.stringify(plugins);
    if (this.#told.get(realm) === text) return;
    if (realm.send({ type: "plugins", plugins })) this.#told.set(realm, text);
  }

  #list(): readonly FoundProject[] {
    return this.#parts.projects.found.list;
  }

  #session(id: string): SessionRunner | undefined {
    return this.#parts.sessions.get(id);
  }

  #isUp(id: string): boolean {
    const state = this.#session(id)?.snapshot().state.name ?? "stopped";
    return state !== "stopped";
  }

  #pagesOf(id: string): readonly string[] {
    const hosts = this.shownBy(id).filter((host) => this.#isUp(host));
    return hosts.flatMap((host) => this.#session(host)?.addresses?.origins ?? []);
  }
}
