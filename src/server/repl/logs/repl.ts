/** The REPL of one root: its registry, its logs, the realms that answer (REPL specification). One owner per root. */
import { mkdir, readdir, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../protocol/errors.ts";
import type { TestProgress } from "../../../markdown/log/tests.ts";
import type { RealmKind, Repl as ReplFacts, ReplState, TestRun } from "../../../protocol/model.ts";
import { sweepTemporaries } from "../../files/temporaries.ts";
import { realDisk } from "../../files/disk.ts";
import { createTextWriter, type TextWriter } from "../../files/text-writer.ts";
import { lock, lockOwner, unlock } from "../../lock-file.ts";
import type { ProcessIdentity } from "../../processes.ts";
import { LogHistory } from "./history.ts";
import { Instance, type InstanceListener } from "./instance.ts";
import { instanceKey } from "./instance-key.ts";
import { watchContacts } from "./contact-watch.ts";
import { toLog, toRow } from "./log-facts.ts";
import { LogText, type DirtyDocuments } from "./log-text.ts";
import { QuietFiles } from "./quiet-files.ts";
import { Registry, REGISTRY_NAME } from "./registry.ts";
import { RunRecord, type Continues } from "./run-record.ts";
import type { Restored } from "./version-record.ts";
import { withTests } from "./test-listener.ts";
import { TestRuns } from "./test-runs.ts";
import { WorkerHealth } from "./worker-health.ts";

export interface ReplOptions {
  /** Absolute real path. */
  readonly root: string;
  readonly identity: ProcessIdentity;
  /** Outside the workspace; what must survive the process. */
  readonly recordDirectory: string;
  readonly documents: DirtyDocuments;
  /** Ms a job may wait, and run. */
  timeoutMs(): number;
  /** Whether every realm gets its file when it connects (2.2). */
  readonly createOnConnect: boolean;
  /** Which run that ended uncleanly is continued (decision 26). */
  readonly continues: Continues;
  readonly listener: ReplListener;
}

export interface ReplListener extends InstanceListener {
  /** A realm is new here. */
  joined(instance: Instance): void;
  /** A realm is not in contact any more. */
  left(instance: Instance): void;
  testRunChanged(run: TestRun): void;
  /** The shutdown marker was written. */
  stopped(): void;
  /** In words, for the log. */
  warned(message: string): void;
}

/** What is known of a realm that is in contact. */
export interface Contact {
  readonly url?: string;
  readonly kind?: RealmKind | "remote";
  readonly parent?: string;
}

const limits = { instances: 64, names: 20 } as const;
/** Ms without contact after which a realm without a file is forgotten (11.1). */
const forgottenMs = 600_000;
const shutDown = "the server was shut down before the result arrived";

export class Repl {
  readonly root: string;
  readonly tests: TestRuns;
  readonly workers = new WorkerHealth();
  readonly #options: ReplOptions;
  readonly #listener: InstanceListener;
  readonly #directory: string;
  readonly #writer: TextWriter;
  readonly #record: RunRecord;
  readonly #history: LogHistory;
  readonly #registry: Registry;
  readonly #files: QuietFiles;
  readonly #rootFiles: QuietFiles;
  readonly #instances = new Map<string, Instance>();
  /** Names of files as they are spelled, by lower-case name without `.md`. */
  readonly #spellings = new Map<string, string>();
  #state: ReplState = { name: "off" };
  /** An interrupted run goes on. */
  #isContinued = false;
  #stopping: Promise<void> | undefined;
  #unwatch: () => void = () => {};

  constructor(options: ReplOptions) {
    const { root, listener } = options;
    this.root = root;
    this.#options = options;
    this.#directory = path.join(root, "daebug");
    this.tests = new TestRuns(root, (run) => listener.testRunChanged(run));
    this.#listener = withTests(listener, this.tests);
    this.#writer = createTextWriter({ root, late: (file, text) => void this.#late(file, text) });
    this.#record = new RunRecord(options.recordDirectory, root, (message) =>
      listener.warned(message),
    );
    this.#history = new LogHistory((requests) => this.#record.saveRequests(requests));
    this.#registry = new Registry({
      root,
      writer: this.#writer,
      rows: () => this.instances().map(toRow),
      stop: () => listener.stopped(),
      failed: (error) => listener.warned((error as Error).message),
    });
    const failed = (error: Error): void =>
      listener.warned(`Watching ${root} failed: ${error.message}; files are looked at every 2 s`);
    this.#files = new QuietFiles({
      directory: this.#directory,
      isWanted: (name) => isLogName(name),
      polled: () => this.#polled(),
      quiet: (name) => void this.#quiet(name),
      failed,
    });
    this.#rootFiles = new QuietFiles({
      directory: root,
      isWanted: (name) => name === REGISTRY_NAME,
      polled: () => [REGISTRY_NAME],
      quiet: () => void this.#registry.look(),
      failed,
    });
  }

  get state(): ReplState {
    return this.#state;
  }

  facts(): ReplFacts {
    const logs = this.#state.name === "on" ? this.instances().map(toLog) : [];
    return { root: this.root, state: this.#state, logs };
  }

  /** Takes the root, unless another process has it: then the state says who. */
  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true }).catch((cause: unknown) => {
      throw new UserError(
        "write_failed",
        `${this.#directory} cannot be made (${(cause as NodeJS.ErrnoException).code}). Logs need a folder there`,
        { cause },
      );
    });
    if ((await realpath(this.#directory)) !== this.#directory)
      throw new UserError(
        "path_refused",
        `${this.#directory} is a link. Put a folder in its place: logs stay in ${this.root}`,
      );
    const lockFile = path.join(this.#directory, ".lock");
    if (!(await lock(lockFile, this.#options.identity))) {
      const owner = await lockOwner(lockFile);
      this.#state = { name: "elsewhere", owner: `process ${owner?.pid ?? "unknown"}` };
      return;
    }
    await sweepTemporaries(realDisk, [this.#directory, this.root]);
    await this.#scan();
    await this.#registry.start();
    this.#files.start();
    this.#rootFiles.start();
    this.#unwatch = watchContacts({
      instances: () => this.instances(),
      left: (instance) => {
        this.#options.listener.left(instance);
        this.#listener.changed(instance);
      },
      looked: () => this.#registry.changed(),
    });
    this.#state = { name: "on" };
  }

  instances(): readonly Instance[] {
    return [...this.#instances.values()].toSorted((one, other) => other.lastSeen - one.lastSeen);
  }

  find(name: string): Instance | undefined {
    return this.#instances.get(instanceKey(name));
  }

  /** By key, or by the very name a realm gave itself: an address that only looks like one names nobody (section 15). */
  findExact(name: string): Instance | undefined {
    const found = this.find(name);
    return found !== undefined && (found.key === name || found.names.has(name)) ? found : undefined;
  }

  /**
   * A realm is in contact; it is made known when it is new.
   * @throws UserError when there are too many realms, or the REPL is off
   */
  contact(name: string, { url, kind, parent }: Contact = {}): Instance {
    const key = instanceKey(name);
    const known = this.#instances.get(key) ?? this.#add(key, kind ?? "page");
    const isMoved = url !== undefined && url !== known.url;
    if (url !== undefined) known.url = url;
    if (parent !== undefined) known.parent = instanceKey(parent);
    if (kind !== undefined) known.kind = kind;
    if (known.names.size < limits.names) known.names.add(name);
    known.contact();
    if (isMoved) this.changed();
    return known;
  }

  /** Whether a log of that name stands in the folder. */
  hasFile(name: string): Promise<boolean> {
    const key = instanceKey(name);
    const file = path.join(this.#directory, this.#spellings.get(key) ?? `${key}.md`);
    return stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** Makes the log of a realm known that is not there now: its requests wait. */
  expect(name: string): Instance {
    const key = instanceKey(name);
    return this.#instances.get(key) ?? this.#add(key, "page");
  }

  /** A realm reports the progress of its tests. */
  async tested(instance: Instance, progress: TestProgress): Promise<void> {
    this.tests.progress(instance, progress);
    await instance.tests(progress);
  }

  changed(): void {
    this.#registry.changed();
  }

  /** Ends in order: open regions, registry, lock. Idempotent. */
  stop(message = shutDown): Promise<void> {
    this.#stopping ??= this.#stop(message);
    return this.#stopping;
  }

  async #stop(message: string): Promise<void> {
    if (this.#state.name !== "on") return;
    this.#unwatch();
    this.#files.stop();
    this.#rootFiles.stop();
    await Promise.all(this.instances().map((instance) => instance.close(message)));
    await this.#registry.close();
    await this.#writer.close();
    await this.#record.end();
    await unlock(path.join(this.#directory, ".lock"), this.#options.identity);
    this.#state = { name: "off" };
  }

  #add(key: string, kind: RealmKind | "remote"): Instance {
    if (this.#state.name !== "on")
      throw new UserError("server_gone", "The REPL of this folder is not running. Start it first");
    this.#forget();
    if (this.#instances.size >= limits.instances)
      throw new UserError("busy", `There are ${limits.instances} realms already. Close some pages`);
    const { listener, documents, timeoutMs, createOnConnect } = this.#options;
    const own = this.#listener;
    const file = path.join(this.#directory, this.#spellings.get(key) ?? `${key}.md`);
    const log = new LogText({
      file,
      name: key,
      writer: this.#writer,
      documents,
      record: this.#record.versionsOf(key),
    });
    const instance = new Instance({
      key,
      kind,
      log,
      history: this.#history,
      timeoutMs,
      listener: own,
    });
    this.#instances.set(key, instance);
    listener.joined(instance);
    void this.#open(instance, createOnConnect);
    return instance;
  }

  /** The file of a realm that is new here: what an earlier process left, then what an agent has written. */
  async #open(instance: Instance, create: boolean): Promise<void> {
    const { key, log } = instance;
    const restored = this.#isContinued ? this.#record.restored(key) : undefined;
    if (restored !== undefined) await this.#restore(log, restored);
    await instance.takeOver();
    if (create)
      await instance
        .create()
        .catch((error: unknown) => this.#options.listener.failed(instance, error));
    await instance.look();
    this.changed();
  }

  /** Whether the last text was written before the process ended is seen in the file. */
  async #restore(log: LogText, { known, versions, intended }: Restored): Promise<void> {
    const found = await readFile(log.file, "utf8").catch(() => undefined);
    if (found === undefined) return;
    const isWritten = intended !== undefined && found.startsWith(intended.after.trimEnd());
    if (isWritten) log.restore(intended.after, [...versions, intended]);
    else log.restore(known, versions);
  }

  /** What stands in the logs now is history, unless an interrupted run goes on. */
  async #scan(): Promise<void> {
    const isContinued = await this.#record.begin(this.#options.continues);
    this.#isContinued = isContinued;
    if (isContinued) this.#history.restore(this.#record.requests());
    const names = (await readdir(this.#directory)).filter(isLogName);
    for (const name of names) {
      const key = name.slice(0, -3).toLowerCase();
      this.#spellings.set(key, name);
      if (isContinued && this.#record.restored(key) !== undefined) continue;
      const file = path.join(this.#directory, name);
      const found = await stat(file).catch(() => undefined);
      if (found?.isFile() !== true || found.size > maximumScan) continue;
      this.#history.baseline(key, await readFile(file, "utf8"));
    }
  }

  async #quiet(name: string): Promise<void> {
    const key = name.slice(0, -3).toLowerCase();
    this.#spellings.set(key, name);
    await this.#instances.get(key)?.look();
  }

  #polled(): readonly string[] {
    return this.instances()
      .filter(({ isOnline }) => isOnline)
      .map(({ log }) => path.basename(log.file));
  }

  async #late(file: string, text: string): Promise<void> {
    const instance = this.instances().find(({ log }) => log.file === file);
    if (instance === undefined) return;
    try {
      await instance.log.late(text);
      await instance.look();
    } catch (error) {
      this.#options.listener.failed(instance, error);
    }
  }

  #forget(): void {
    const oldest = Date.now() - forgottenMs;
    for (const [key, { isOnline, log, lastSeen, job }] of this.#instances)
      if (!isOnline && !log.exists && lastSeen < oldest && job === undefined)
        this.#instances.delete(key);
  }
}

/** Bytes of the largest log; larger ones are never changed (D-12). */
const maximumScan = 20 * 1024 * 1024;

function isLogName(name: string): boolean {
  return name.endsWith(".md") && !name.startsWith(".");
}
