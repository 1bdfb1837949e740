/**
 * Owner of the servers that other programs started and announced by a `.devinfo` (dev-servers section 6). It reads, asks
 * and forgets; none of their processes is ever signalled, killed or restarted.
 */
import path from "node:path";
import type { DevInfo } from "../../../protocol/dev-server.ts";
import { UserError } from "../../../protocol/errors.ts";
import { realClock, type Clock } from "../../clock.ts";
import { createQueues } from "../../files/queues.ts";
import type { Attachment, ExternalPart } from "./attachment.ts";
import { Attachments, type DetachReason } from "./attachments.ts";
import { devInfoName, removeDevInfoFile } from "./dev-info-file.ts";
import { examine, type Finding } from "./examine.ts";
import { placesOf, type KnownProject, type Owner, type Places } from "./places.ts";
import { PlacesWatch } from "./watch-places.ts";

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
   * remembered until the file changes, and an answer that comes after such a change is ignored.
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

type Alive = Extract<Finding, { kind: "alive" }>;

/** What was decided about the present text of a file. */
interface Verdict {
  readonly id: string;
  readonly text: string;
  /** Only a file that waits for another one of its project to go is looked at again without a change. */
  readonly waits: boolean;
}

/** Ms (dev-servers 6.2). */
const healthMs = 5000;

export class Externals {
  readonly #options: ExternalsOptions;
  readonly #clock: Clock;
  readonly #attachments: Attachments;
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
    const { changed, detached } = options.events;
    this.#attachments = new Attachments({
      clock: this.#clock,
      healthMs: options.healthMs ?? healthMs,
      changed,
      detached,
      died: (attachment) => this.#run(attachment.options.owner.id, () => this.#bury(attachment)),
      looking: (file) => this.#notice(file),
    });
  }

  /** At the start, and when projects or settings have changed. Resolves when every file that stands there was judged. */
  async refresh(): Promise<void> {
    if (this.#isStopped) return;
    this.#places = this.#findPlaces();
    this.#watch?.close();
    this.#watch = new PlacesWatch({
      places: this.#places,
      clock: this.#clock,
      changed: (file) => this.#notice(file),
      failed: (error) => this.#options.events.failed(error),
    });
    for (const { options } of this.#attachments.list()) {
      const { owner, file } = options;
      if (this.#ownerOf(file)?.id !== owner.id) this.#attachments.detach(owner.id, "removed");
    }
    await this.#watch.start();
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
      if (finding.kind !== "alive") throw await this.#unfit(found, finding);
      const attachment = await this.#attach(owner, found, finding);
      if (attachment === undefined) throw new UserError("server_gone", "Vitrine is stopping");
      if (file !== undefined) this.#name(file, id);
      return attachment.part();
    });
  }

  /** Forgets the server until its file changes. @returns false when none is attached */
  detach(id: string): Promise<boolean> {
    return this.#queues.run(id, async () => this.#attachments.detach(id, "asked"));
  }

  /** Its project is none any more: what was attached, named or decided for it is forgotten. */
  forget(id: string): Promise<void> {
    return this.#queues.run(id, async () => {
      for (const [file, owner] of this.#named) if (owner === id) this.#named.delete(file);
      this.#attachments.detach(id, "removed");
      for (const [file, verdict] of this.#verdicts)
        if (verdict.id === id) this.#verdicts.delete(file);
    });
  }

  info(id: string): DevInfo | null {
    return this.#attachments.get(id)?.options.info ?? null;
  }

  part(id: string): ExternalPart | undefined {
    return this.#attachments.get(id)?.part();
  }

  list(): readonly ExternalPart[] {
    return this.#attachments.list().map((attachment) => attachment.part());
  }

  /** Detaches all; once it has returned nothing is told any more. */
  stop(): void {
    this.#isStopped = true;
    this.#watch?.close();
    this.#attachments.stop();
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
    const file = this.#judgedFile(id);
    const owner = file === undefined ? undefined : this.#places.ownerOf(file);
    if (owner !== undefined) return owner;
    throw new UserError("not_found", `There is no project ${id}; look at the list of projects`);
  }

  #fileOf({ id, root }: Owner): string {
    return this.#judgedFile(id) ?? path.join(root, devInfoName);
  }

  #judgedFile(id: string): string | undefined {
    return [...this.#verdicts].find(([, verdict]) => verdict.id === id)?.[0];
  }

  /** From now on the file is watched like those in the usual places. */
  #name(file: string, id: string): void {
    this.#named.set(file, id);
    // Not awaited: it waits for the tasks of the project, and this is one.
    if (!this.#places.isPlace(file)) this.refresh().catch(this.#options.events.failed);
  }

  #notice(file: string): void {
    const owner = this.#isStopped ? undefined : this.#ownerOf(file);
    if (owner !== undefined) this.#run(owner.id, () => this.#judge(owner, file));
  }

  #run(id: string, task: () => Promise<void>): void {
    this.#queues.run(id, task).catch(this.#options.events.failed);
  }

  #examine({ names }: Owner, file: string): Promise<Finding> {
    return examine(file, { names, allowedHosts: this.#options.allowedHosts() }, this.#clock);
  }

  async #judge(owner: Owner, file: string): Promise<void> {
    const finding = await this.#examine(owner, file);
    if (this.#isStopped) return;
    const isOwn = this.#attachments.get(owner.id)?.options.file === file;
    if (finding.kind === "missing") {
      this.#verdicts.delete(file);
      if (isOwn) await this.#lose(owner, "removed");
      return;
    }
    if (this.#verdicts.get(file)?.text === finding.text) return;
    if (finding.kind === "alive") return this.#meet(owner, file, finding);
    this.#verdicts.set(file, { id: owner.id, text: finding.text, waits: false });
    if (finding.kind === "invalid") this.#options.events.rejected(file, finding.error);
    else await removeDevInfoFile(file, finding.text);
    if (isOwn) await this.#lose(owner, finding.kind);
  }

  /** A server that lives was found. */
  async #meet(owner: Owner, file: string, finding: Alive): Promise<void> {
    const { id } = owner;
    const { text, info } = finding;
    const attached = this.#attachments.get(id)?.options.file;
    const waits = attached !== undefined && attached !== file;
    this.#verdicts.set(file, { id, text, waits });
    if (waits) return;
    const answer = this.#options.mayAttach(id, info);
    if (answer === true) await this.#attach(owner, file, finding);
    if (typeof answer === "boolean") return;
    // A person may think about it for long, and meanwhile do something else with the project: nothing waits for that.
    answer
      .then((isAllowed) => isAllowed && this.#run(id, () => this.#allowed(owner, file, text)))
      .catch(this.#options.events.failed);
  }

  /** The answer holds for the text that it was asked about. */
  async #allowed(owner: Owner, file: string, text: string): Promise<void> {
    if (this.#verdicts.get(file)?.text !== text) return;
    const now = await this.#examine(owner, file);
    if (now.kind === "alive" && now.text === text)
      return void (await this.#attach(owner, file, now));
    this.#verdicts.delete(file);
    await this.#judge(owner, file);
  }

  #attach(owner: Owner, file: string, finding: Alive): Promise<Attachment | undefined> {
    this.#verdicts.set(file, { id: owner.id, text: finding.text, waits: false });
    return this.#attachments.attach(owner, file, finding);
  }

  async #unfit(file: string, finding: Exclude<Finding, Alive>): Promise<UserError> {
    if (finding.kind === "invalid") return finding.error;
    if (finding.kind === "missing")
      return new UserError(
        "not_found",
        `There is no file ${file}; start the server that writes it, or name another file`,
      );
    await removeDevInfoFile(file, finding.text);
    return new UserError(
      "dead_pid",
      `The process ${finding.info.pid} of ${file} does not run; start it again`,
    );
  }

  async #bury(attachment: Attachment): Promise<void> {
    const { owner, file, text } = attachment.options;
    if (this.#attachments.get(owner.id) !== attachment) return;
    await removeDevInfoFile(file, text);
    await this.#lose(owner, "dead");
  }

  /** The server went by itself; another file of the project may be waiting. */
  async #lose(owner: Owner, reason: DetachReason): Promise<void> {
    this.#attachments.detach(owner.id, reason);
    for (const [file, { id, waits }] of this.#verdicts) {
      if (id !== owner.id || !waits) continue;
      this.#verdicts.delete(file);
      await this.#judge(owner, file);
    }
  }
}
