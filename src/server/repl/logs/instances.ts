/** The realms of one root, each with its log: made known, taken over from an earlier process, looked at when a file changes. */
import path from "node:path";
import type { RealmKind } from "../../../protocol/model.ts";
import { UserError } from "../../../protocol/errors.ts";
import type { Clock } from "../../clock.ts";
import type { LateText } from "../../files/late-texts.ts";
import type { TextWriter } from "../../files/text-writer.ts";
import { LogHistory } from "./history.ts";
import { Instance } from "./instance.ts";
import type { InstanceListener } from "./instance-options.ts";
import { instanceKey } from "./instance-key.ts";
import type { EndLengths } from "./log-end.ts";
import type { LogFolder } from "./log-folder.ts";
import { LogText, type DirtyDocuments } from "./log-text.ts";
import type { Continues, RunRecord } from "./run-record.ts";

export interface InstancesListener extends InstanceListener {
  /** A realm is new here. */
  joined(instance: Instance): void;
  /** A log was written into whose realm is not there yet: what it would be, if it can be made. */
  makes(key: string): Contact | undefined;
}

export interface InstancesOptions {
  /** Absolute path of the folder of the logs. */
  readonly directory: string;
  readonly folder: LogFolder;
  readonly writer: TextWriter;
  readonly record: RunRecord;
  readonly documents: DirtyDocuments;
  readonly clock: Clock;
  /** Ms a job may wait, and run. */
  timeoutMs(): number;
  /** Whether every realm gets its file when it connects (2.2). */
  readonly createOnConnect: boolean;
  /** Which logs count as long. */
  readonly lengths?: EndLengths;
  readonly listener: InstancesListener;
}

/** What is known of a realm that is in contact. */
export interface Contact {
  readonly url?: string;
  readonly kind?: RealmKind | "remote";
  readonly parent?: string;
}

const limit = 64;
/** Names that one realm may have given itself. */
const mostNames = 20;
/** Ms without contact after which a realm without a file is forgotten (11.1). */
const forgottenMs = 600_000;

export class Instances {
  readonly #options: InstancesOptions;
  readonly #history: LogHistory;
  readonly #all = new Map<string, Instance>();
  /** Names of files as they are spelled, by lower-case name without `.md`. */
  readonly #spellings = new Map<string, string>();
  /** An interrupted run goes on. */
  #isContinued = false;

  constructor(options: InstancesOptions) {
    this.#options = options;
    this.#history = new LogHistory(options.record, options.clock);
  }

  /** What stands in the logs now is history, unless an interrupted run goes on: then what stood there when that began is. */
  async scan(continues: Continues): Promise<void> {
    const { record, folder } = this.#options;
    this.#isContinued = record.begin(continues);
    if (this.#isContinued) this.#history.restore();
    for (const name of await folder.names()) {
      const key = keyOf(name);
      this.#spellings.set(key, name);
      if (!this.#isContinued) await folder.dropReplaced(name);
      const text = this.#isContinued ? undefined : await folder.read(name);
      if (text !== undefined) this.#history.baseline(key, text);
    }
  }

  /** The realm that was in contact last comes first. */
  list(): readonly Instance[] {
    return [...this.#all.values()].toSorted((one, other) => other.lastSeen - one.lastSeen);
  }

  find(name: string): Instance | undefined {
    return this.#all.get(instanceKey(name));
  }

  /** @throws UserError when there are too many realms */
  contact(name: string, { url, kind, parent }: Contact = {}): Instance {
    const key = instanceKey(name);
    const known = this.#all.get(key) ?? this.#add(key, kind ?? "page");
    const isMoved = url !== undefined && url !== known.url;
    if (url !== undefined) known.url = url;
    if (parent !== undefined) known.parent = instanceKey(parent);
    if (kind !== undefined) known.kind = kind;
    if (known.names.size < mostNames) known.names.add(name);
    known.contact();
    if (isMoved) this.#options.listener.changed(known);
    return known;
  }

  /** Makes the log of a realm known that is not there now: its requests wait. */
  expect(name: string): Instance {
    const key = instanceKey(name);
    return this.#all.get(key) ?? this.#add(key, "page");
  }

  /** Absolute path of the log of a realm, whether it exists or not. */
  fileOf(key: string): string {
    return path.join(this.#options.directory, this.#spellings.get(key) ?? `${key}.md`);
  }

  /** A file has come to rest after a change. */
  async quiet(name: string): Promise<void> {
    const key = keyOf(name);
    this.#spellings.set(key, name);
    const known = this.#all.get(key);
    const made = known === undefined ? this.#options.listener.makes(key) : undefined;
    await (made === undefined ? known : this.contact(key, made))?.look();
  }

  /** Another program wrote into a log that had just been replaced. */
  async late({ file, base, text }: LateText): Promise<void> {
    const instance = this.list().find(({ log }) => log.file === file);
    if (instance === undefined) return;
    try {
      await instance.log.late({ base, text });
      await instance.look();
    } catch (error) {
      this.#options.listener.failed(instance, error);
    }
  }

  async close(message: string): Promise<void> {
    await Promise.all(this.list().map((instance) => instance.close(message)));
  }

  /** Stops without touching a file. */
  abandon(): void {
    for (const instance of this.list()) instance.abandon();
    this.#options.record.abandon();
  }

  #add(key: string, kind: RealmKind | "remote"): Instance {
    this.#forget();
    if (this.#all.size >= limit)
      throw new UserError("busy", `There are ${limit} realms already. Close some pages`);
    const { writer, record, documents, clock, timeoutMs, listener } = this.#options;
    const log = new LogText({
      file: this.fileOf(key),
      name: key,
      writer,
      documents,
      record: record.versionsOf(key),
      clock,
      ...(this.#options.lengths === undefined ? {} : { lengths: this.#options.lengths }),
      prepare: (text) => this.#history.withAnchor(key, text),
    });
    const instance = new Instance({
      key,
      kind,
      log,
      history: this.#history,
      clock,
      timeoutMs,
      listener,
    });
    this.#all.set(key, instance);
    void instance.open(() => this.#open(instance)).then(() => this.#opened(instance));
    listener.joined(instance);
    return instance;
  }

  /** The file of a realm that is new here: what an earlier process left, then what an agent has written. */
  async #open(instance: Instance): Promise<void> {
    const { record, folder, createOnConnect, listener } = this.#options;
    const { key, log } = instance;
    try {
      const restored = this.#isContinued ? record.restored(key) : undefined;
      const found = restored === undefined ? undefined : await folder.read(path.basename(log.file));
      if (restored !== undefined && found !== undefined) {
        log.restore(restored, found);
        await this.#keepLate(log);
      }
      await instance.takeOver({ isOurs: restored !== undefined, create: createOnConnect });
    } catch (error) {
      listener.failed(instance, error);
    }
  }

  async #opened(instance: Instance): Promise<void> {
    await instance.look();
    this.#options.listener.changed(instance);
  }

  /** What others wrote into a log that had just lost its name, when the earlier process could not look any more. */
  async #keepLate(log: LogText): Promise<void> {
    const { folder } = this.#options;
    const name = path.basename(log.file);
    for (const text of await folder.replaced(name)) await log.saved(text);
    await folder.dropReplaced(name);
  }

  #forget(): void {
    const oldest = this.#options.clock.now() - forgottenMs;
    for (const [key, { isOnline, log, lastSeen, job }] of this.#all)
      if (!isOnline && !log.exists && lastSeen < oldest && job === undefined) this.#all.delete(key);
  }
}

function keyOf(name: string): string {
  return name.slice(0, -3).toLowerCase();
}
