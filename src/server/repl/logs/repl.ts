/** The REPL of one root: its registry, its logs, the realms that answer (REPL specification). One owner per root. */
import { mkdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../protocol/errors.ts";
import type { TestProgress } from "../../../markdown/log/tests.ts";
import type { Repl as ReplFacts, ReplState, TestRun } from "../../../protocol/model.ts";
import { realClock } from "../../clock.ts";
import { createCopies } from "../../files/copies.ts";
import { realDisk } from "../../files/disk.ts";
import { sweepTemporaries } from "../../files/temporaries.ts";
import { createTextWriter, type TextWriter } from "../../files/text-writer.ts";
import { lock, lockOwner, unlock } from "../../lock-file.ts";
import type { ProcessIdentity } from "../../processes.ts";
import type { Instance } from "./instance.ts";
import type { InstanceListener } from "./instance-options.ts";
import { instanceKey } from "./instance-key.ts";
import { watchContacts } from "./contact-watch.ts";
import { Instances, type Contact, type InstancesListener } from "./instances.ts";
import { toLog, toRow } from "./log-facts.ts";
import { isLogName, logFolder } from "./log-folder.ts";
import type { DirtyDocuments } from "./log-text.ts";
import { QuietFiles } from "./quiet-files.ts";
import { Registry, REGISTRY_NAME } from "./registry.ts";
import { recordFilesOf, RunRecord, type Continues } from "./run-record.ts";
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

export interface ReplListener extends InstancesListener {
  /** A realm is not in contact any more. */
  left(instance: Instance): void;
  testRunChanged(run: TestRun): void;
  /** The shutdown marker was written. */
  stopped(): void;
  /** In words, for the log. */
  warned(message: string): void;
}

const shutDown = "the server was shut down before the result arrived";

export class Repl {
  readonly root: string;
  readonly tests: TestRuns;
  readonly workers = new WorkerHealth();
  readonly #options: ReplOptions;
  readonly #directory: string;
  readonly #writer: TextWriter;
  readonly #record: RunRecord;
  readonly #instances: Instances;
  readonly #registry: Registry;
  readonly #files: QuietFiles;
  readonly #rootFiles: QuietFiles;
  #state: ReplState = { name: "off" };
  #stopping: Promise<void> | undefined;
  #unwatch: () => void = () => {};

  constructor(options: ReplOptions) {
    const { root, listener, recordDirectory } = options;
    const warned = (message: string): void => listener.warned(message);
    this.root = root;
    this.#options = options;
    this.#directory = path.join(root, "daebug");
    this.tests = new TestRuns(root, (run) => listener.testRunChanged(run));
    this.#writer = createTextWriter({
      root,
      warned,
      copies: createCopies(realDisk, path.join(recordDirectory, "copies"), Date.now),
      isGuarded: (file) => path.dirname(file) === this.#directory,
      late: (late) =>
        late.file === this.#registry.file
          ? this.#registry.late(late.text)
          : this.#instances.late(late),
    });
    this.#record = new RunRecord({
      files: recordFilesOf(recordDirectory, root),
      clock: realClock,
      supervisor: process.ppid,
      warned,
    });
    this.#instances = new Instances({
      directory: this.#directory,
      folder: logFolder(this.#directory),
      writer: this.#writer,
      record: this.#record,
      documents: options.documents,
      clock: realClock,
      timeoutMs: () => options.timeoutMs(),
      createOnConnect: options.createOnConnect,
      listener: withTests(listener, this.tests),
    });
    this.#registry = new Registry({
      root,
      writer: this.#writer,
      rows: () => this.instances().map(toRow),
      stop: () => listener.stopped(),
      failed: (error) => listener.warned(error instanceof Error ? error.message : String(error)),
    });
    [this.#files, this.#rootFiles] = this.#watchers();
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
    if (!(await lock(this.#lockFile, this.#options.identity))) {
      const owner = await lockOwner(this.#lockFile);
      this.#state = { name: "elsewhere", owner: `process ${owner?.pid ?? "unknown"}` };
      return;
    }
    await sweepTemporaries(realDisk, [this.#directory, this.root]);
    await this.#instances.scan(this.#options.continues);
    await this.#registry.start();
    this.#files.start();
    this.#rootFiles.start();
    this.#unwatch = watchContacts({
      instances: () => this.instances(),
      left: (instance) => {
        this.#options.listener.left(instance);
        this.#options.listener.changed(instance);
      },
      looked: () => this.#registry.changed(),
    });
    this.#state = { name: "on" };
  }

  instances(): readonly Instance[] {
    return this.#instances.list();
  }

  find(name: string): Instance | undefined {
    return this.#instances.find(name);
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
  contact(name: string, contact: Contact = {}): Instance {
    this.#mustBeOn();
    return this.#instances.contact(name, contact);
  }

  /** Whether a log of that name stands in the folder. */
  hasFile(name: string): Promise<boolean> {
    return stat(this.#instances.fileOf(instanceKey(name))).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** Makes the log of a realm known that is not there now: its requests wait. */
  expect(name: string): Instance {
    this.#mustBeOn();
    return this.#instances.expect(name);
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
    await this.#instances.close(message);
    await this.#registry.close();
    await this.#writer.close();
    this.#record.end();
    await unlock(this.#lockFile, this.#options.identity);
    this.#state = { name: "off" };
  }

  #watchers(): [logs: QuietFiles, registry: QuietFiles] {
    const { listener } = this.#options;
    const failed = (error: Error): void =>
      listener.warned(
        `Watching ${this.root} failed: ${error.message}; files are looked at every 2 s`,
      );
    const logs = new QuietFiles({
      directory: this.#directory,
      isWanted: isLogName,
      polled: () =>
        this.instances()
          .filter(({ isOnline }) => isOnline)
          .map(({ log }) => path.basename(log.file)),
      isOwn: (name, found) => this.#writer.isOwn(path.join(this.#directory, name), found),
      quiet: (name) => void this.#instances.quiet(name),
      failed,
    });
    const registry = new QuietFiles({
      directory: this.root,
      isWanted: (name) => name === REGISTRY_NAME,
      polled: () => [REGISTRY_NAME],
      isOwn: (name, found) => this.#writer.isOwn(path.join(this.root, name), found),
      quiet: () => void this.#registry.look(),
      failed,
    });
    return [logs, registry];
  }

  get #lockFile(): string {
    return path.join(this.#directory, ".lock");
  }

  #mustBeOn(): void {
    if (this.#state.name !== "on")
      throw new UserError("server_gone", "The REPL of this folder is not running. Start it first");
  }
}

/** Jobs of test runs are followed. */
function withTests(listener: ReplListener, tests: TestRuns): InstancesListener {
  return {
    ...bound(listener),
    joined: (instance) => listener.joined(instance),
    makes: (key) => listener.makes(key),
    requested(instance, job) {
      tests.requested(instance, job);
      listener.requested(instance, job);
    },
    ended(instance, job, ending) {
      tests.ended(job, ending);
      listener.ended(instance, job, ending);
    },
  };
}

function bound(listener: ReplListener): InstanceListener {
  return {
    changed: (instance) => listener.changed(instance),
    requested: (instance, job) => listener.requested(instance, job),
    ended: (instance, job, ending) => listener.ended(instance, job, ending),
    failed: (instance, error) => listener.failed(instance, error),
    moved: (instance, job) => listener.moved(instance, job),
  };
}
