/**
 * Owner of the servers that other programs started and announced by a `.devinfo` (dev-servers section 6). It reads, asks
 * and forgets; none of their processes is ever signalled, killed or restarted.
 */
import path from "node:path";
import type { DevInfo } from "../../../protocol/dev-server.ts";
import { UserError } from "../../../protocol/errors.ts";
import { realClock, type Clock } from "../../clock.ts";
import { createQueues } from "../../files/queues.ts";
import { Attachment, type ExternalPart } from "./attachment.ts";
import { devInfoName, removeDevInfoFile } from "./dev-info-file.ts";
import { examine, type Finding } from "./examine.ts";
import { placesOf, type KnownProject, type Owner, type Places } from "./places.ts";
import { PlacesWatch } from "./watch-places.ts";

/** Why a server is no longer attached. `changed`: the file names another one, which follows. */
export type DetachReason = "removed" | "dead" | "changed" | "invalid" | "asked" | "stopped";

export interface ExternalsOptions {
  projects(): readonly KnownProject[];
  /** Absolute folders that may hold `plugins/<id>/.devinfo`. */
  stateDirectories(): readonly string[];
  /** Absolute globs of the setting `vitrine.devServers.devinfo`. */
  globs(): readonly string[];
  /** Hosts beside loopback that the user allows. */
  allowedHosts(): readonly string[];
  /**
   * Asked before a server that was found is attached: its project may be running managed (`onConflict`). A refusal is
   * remembered until the file changes. Nothing else happens to this project until it answers.
   */
  mayAttach(id: string, info: DevInfo): boolean | Promise<boolean>;
  readonly events: ExternalEvents;
  readonly clock?: Clock;
  /** Ms between two looks at an attached server. */
  readonly healthMs?: number;
}

export interface ExternalEvents {
  /** A server was attached, or a fact about it changed. */
  changed(part: ExternalPart): void;
  detached(id: string, reason: DetachReason): void;
  /** A file was not accepted; told once per content. */
  rejected(file: string, error: UserError): void;
  failed(error: Error): void;
}

/** Ms (dev-servers 6.2). */
const healthMs = 5000;

/** What was decided about the present text of a file. */
interface Verdict {
  readonly id: string;
  readonly text: string;
  /** Only a file that waits for another one of its project to go is looked at again without a change. */
  readonly waits: boolean;
}

export class Externals {
  readonly #options: ExternalsOptions;
  readonly #clock: Clock;
  readonly #attached = new Map<string, Attachment>();
  readonly #verdicts = new Map<string, Verdict>();
  /** Files that somebody named, with the project they were named for. */
  readonly #named = new Map<string, string>();
  /** One task at a time per project. */
  readonly #queues = createQueues();
  #places: Places;
  #watch: PlacesWatch | undefined;
  #isStopped = false;

  constructor(options: ExternalsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#places = this.#findPlaces();
  }

  /** Also after projects or settings have changed. Resolves when every file that stands there now was judged. */
  async refresh(): Promise<void> {
    if (this.#isStopped) return;
    this.#places = this.#findPlaces();
    const before = this.#watch;
    const watch = new PlacesWatch({
      places: this.#places,
      clock: this.#clock,
      changed: (file) => this.#notice(file),
      failed: (error) => this.#options.events.failed(error),
    });
    this.#watch = watch;
    before?.close();
    for (const [id, { options }] of this.#attached)
      if (this.#ownerOf(options.file)?.id !== id) this.#detach(id, "removed");
    await watch.start();
    await this.#queues.idle();
  }

  /**
   * Attaches to the server of a file, whatever was decided about it before.
   * @param file absolute; by default where the project's file was found, or its root
   * @throws UserError `not_found`, `invalid_devinfo` or `dead_pid`
   */
  attach(id: string, file?: string): Promise<ExternalPart> {
    return this.#queues.run(id, async () => {
      const owner = this.#ownerNamed(id);
      const found = file ?? this.#fileOf(owner);
      const finding = await this.#examine(owner, found);
      if (finding.kind === "missing")
        throw new UserError(
          "not_found",
          `There is no file ${found}; start the server that writes it, or name another file`,
        );
      if (finding.kind === "invalid") throw finding.error;
      if (finding.kind === "dead") {
        await removeDevInfoFile(found, finding.text);
        throw new UserError(
          "dead_pid",
          `The process ${finding.info.pid} of ${found} does not run; start it again`,
        );
      }
      await this.#swap(owner, found, finding);
      if (file !== undefined) this.#name(file, id);
      const attachment = this.#attached.get(id);
      if (attachment === undefined) throw new UserError("server_gone", "Vitrine is stopping");
      return attachment.part();
    });
  }

  /** Forgets the server until its file changes. @returns false when none is attached */
  detach(id: string): Promise<boolean> {
    return this.#queues.run(id, async () => this.#detach(id, "asked"));
  }

  info(id: string): DevInfo | null {
    return this.#attached.get(id)?.options.info ?? null;
  }

  part(id: string): ExternalPart | undefined {
    return this.#attached.get(id)?.part();
  }

  list(): readonly ExternalPart[] {
    return [...this.#attached.values()].map((attachment) => attachment.part());
  }

  /** Detaches all; once it has resolved nothing is told any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#watch?.close();
    for (const id of this.#attached.keys()) this.#detach(id, "stopped");
  }

  #findPlaces(): Places {
    const { projects, stateDirectories, globs } = this.#options;
    return placesOf({
      projects: projects(),
      stateDirectories: stateDirectories(),
      globs: globs(),
      files: [...this.#named.keys()],
    });
  }

  #ownerOf(file: string): Owner | undefined {
    const named = this.#named.get(file);
    if (named !== undefined) return this.#ownerNamed(named);
    return this.#places.isPlace(file) ? this.#places.ownerOf(file) : undefined;
  }

  #ownerNamed(id: string): Owner {
    const project = this.#options.projects().find((one) => one.id === id);
    if (project !== undefined) return { ...project, names: [id, path.basename(project.root)] };
    const file = [...this.#verdicts].find(([, verdict]) => verdict.id === id)?.[0];
    const owner = file === undefined ? undefined : this.#places.ownerOf(file);
    if (owner !== undefined) return owner;
    throw new UserError("not_found", `There is no project ${id}; look at the list of projects`);
  }

  #fileOf({ id, root }: Owner): string {
    const found = [...this.#verdicts].find(([, verdict]) => verdict.id === id)?.[0];
    return found ?? path.join(root, devInfoName);
  }

  /** From now on the file is watched like those in the usual places. */
  #name(file: string, id: string): void {
    this.#named.set(file, id);
    if (this.#places.isPlace(file)) return;
    // Not awaited: it waits for the tasks of the project, and this is one.
    this.refresh().catch((error: unknown) => this.#options.events.failed(error as Error));
  }

  #notice(file: string): void {
    const owner = this.#ownerOf(file);
    if (owner === undefined || this.#isStopped) return;
    this.#queues
      .run(owner.id, () => this.#judge(owner, file))
      .catch((error: unknown) => this.#options.events.failed(error as Error));
  }

  #examine({ names }: Owner, file: string): Promise<Finding> {
    return examine(file, { names, allowedHosts: this.#options.allowedHosts() }, this.#clock);
  }

  async #judge(owner: Owner, file: string): Promise<void> {
    const finding = await this.#examine(owner, file);
    if (this.#isStopped) return;
    const isOwn = this.#attached.get(owner.id)?.options.file === file;
    if (finding.kind === "missing") {
      this.#verdicts.delete(file);
      if (isOwn) await this.#lose(owner, "removed");
      return;
    }
    if (this.#verdicts.get(file)?.text === finding.text) return;
    const { text } = finding;
    if (finding.kind === "alive") return this.#meet(owner, file, finding);
    this.#verdicts.set(file, { id: owner.id, text, waits: false });
    if (finding.kind === "invalid") this.#options.events.rejected(file, finding.error);
    if (finding.kind === "dead") await removeDevInfoFile(file, text);
    if (isOwn) await this.#lose(owner, finding.kind);
  }

  /** A server that lives was found. */
  async #meet(
    owner: Owner,
    file: string,
    finding: Extract<Finding, { kind: "alive" }>,
  ): Promise<void> {
    const { id } = owner;
    const { text, info } = finding;
    const attached = this.#attached.get(id)?.options.file;
    const waits = attached !== undefined && attached !== file;
    this.#verdicts.set(file, { id, text, waits });
    if (waits || !(await this.#options.mayAttach(id, info)) || this.#isStopped) return;
    // The question may have taken a person's time.
    const now = await this.#examine(owner, file);
    if (now.kind === "alive" && now.text === text) return this.#swap(owner, file, now);
    this.#verdicts.delete(file);
    return this.#judge(owner, file);
  }

  async #swap(
    owner: Owner,
    file: string,
    { text, info, start }: Extract<Finding, { kind: "alive" }>,
  ): Promise<void> {
    const { events, healthMs: every = healthMs } = this.#options;
    this.#verdicts.set(file, { id: owner.id, text, waits: false });
    this.#detach(owner.id, "changed");
    const attachment = new Attachment({
      owner,
      file,
      text,
      info,
      start,
      clock: this.#clock,
      healthMs: every,
      changed: () => events.changed(attachment.part()),
      died: () => void this.#queues.run(owner.id, () => this.#bury(attachment)),
      looking: () => this.#notice(file),
    });
    await attachment.open();
    if (this.#isStopped) return attachment.detach();
    this.#attached.set(owner.id, attachment);
    events.changed(attachment.part());
  }

  async #bury(attachment: Attachment): Promise<void> {
    const { owner, file, text } = attachment.options;
    if (this.#attached.get(owner.id) !== attachment) return;
    await removeDevInfoFile(file, text);
    await this.#lose(owner, "dead");
  }

  /** The server went by itself; another file of the project may be waiting. */
  async #lose(owner: Owner, reason: DetachReason): Promise<void> {
    this.#detach(owner.id, reason);
    for (const [file, { id, waits }] of this.#verdicts) {
      if (id !== owner.id || !waits) continue;
      this.#verdicts.delete(file);
      await this.#judge(owner, file);
    }
  }

  #detach(id: string, reason: DetachReason): boolean {
    const attachment = this.#attached.get(id);
    if (attachment === undefined) return false;
    this.#attached.delete(id);
    attachment.detach();
    this.#options.events.detached(id, reason);
    return true;
  }
}
