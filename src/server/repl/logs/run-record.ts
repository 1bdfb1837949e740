/**
 * What of a server run survives the process (decision 26): that it began and whether it ended in order, what the logs held
 * when it began, the requests in progress, and what was written into each log. Kept outside the workspace.
 */
import { createHash, randomUUID } from "node:crypto";
import path from "node:path";
import type { Clock } from "../../clock.ts";
import type { Restored, VersionRecord } from "./log-text.ts";
import { createRecordFiles, parseLines, type RecordFiles } from "./record-files.ts";
import type { SavedRequest } from "./request.ts";
import { createVersionRecord, readVersionRecord } from "./version-record.ts";

/** `supervised`: what the same parent process had started before; `soon`: what ended within 10 minutes. */
export type Continues = "supervised" | "soon" | "never";

/** What a log held when the run began, of that what could be taken for a new request. */
export interface Baseline {
  /** Below the anchor. */
  readonly tail?: string;
  /** The last fence of a log without an anchor. */
  readonly code?: string;
}

type Line =
  | {
      readonly kind: "run";
      readonly id: string;
      /** Process id of who started the server. */
      readonly supervisor: number;
    }
  /** `null` once nothing of it stands below the anchor any more. */
  | { readonly kind: "baseline"; readonly key: string; readonly baseline: Baseline | null }
  | { readonly kind: "request"; readonly key: string; readonly request: SavedRequest | null };

export interface RunRecordOptions {
  readonly files: RecordFiles;
  readonly clock: Clock;
  /** Process id of who started this process. */
  readonly supervisor: number;
  warned(message: string): void;
}

/** Ms after an unclean end within which a command-line start goes on with the run. */
const soonMs = 600_000;
/** Ms between two signs of life: the time of the file tells when the run ended. */
const signMs = 60_000;
/** Characters after which the record is written anew. */
const longRecord = 1024 * 1024;
const runName = "run.log";

/** @param directory of all roots' records */
export function recordFilesOf(directory: string, root: string): RecordFiles {
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  return createRecordFiles(path.join(directory, name));
}

export class RunRecord {
  readonly #options: RunRecordOptions;
  readonly #requests = new Map<string, SavedRequest>();
  readonly #baselines = new Map<string, Baseline | null>();
  #id: string = randomUUID();
  #isBegun = false;
  #length = 0;
  #endSigns: () => void = () => {};

  constructor(options: RunRecordOptions) {
    this.#options = options;
  }

  /** @returns whether an interrupted run is continued */
  begin(continues: Continues): boolean {
    const isContinued = this.#isContinued(continues);
    if (isContinued) this.#read();
    else this.#options.files.clear();
    this.#isBegun = true;
    this.#rewrite();
    const { clock, files } = this.#options;
    this.#endSigns = clock.every(signMs, () => this.#safely(() => files.touch(runName)));
    return isContinued;
  }

  requests(): readonly SavedRequest[] {
    return [...this.#requests.values()];
  }

  /** Of the logs that were there when the run began, by key. */
  baselines(): ReadonlyMap<string, Baseline | null> {
    return this.#baselines;
  }

  /** What an interrupted run had last written into a log. */
  restored(key: string): Restored | undefined {
    return readVersionRecord(this.#options.files.read(versions(key)));
  }

  /** At once: what is handed to a realm must be remembered before the realm has it. */
  saveRequest(key: string, request: SavedRequest | undefined): void {
    if (request === undefined && !this.#requests.has(key)) return;
    if (request === undefined) this.#requests.delete(key);
    else this.#requests.set(key, request);
    this.#append({ kind: "request", key, request: request ?? null });
  }

  saveBaseline(key: string, baseline: Baseline | null): void {
    this.#baselines.set(key, baseline);
    this.#append({ kind: "baseline", key, baseline });
  }

  versionsOf(key: string): VersionRecord {
    const { files, clock } = this.#options;
    return createVersionRecord({
      files,
      name: versions(key),
      now: () => clock.now(),
      warned: (error) => this.#failed(error),
    });
  }

  /** The run ended in order: the next one is a new one. */
  end(): void {
    this.abandon();
    this.#safely(() => this.#options.files.clear());
  }

  /** Stops without a word: another process may go on. */
  abandon(): void {
    this.#endSigns();
    this.#isBegun = false;
    this.#safely(() => this.#options.files.close());
  }

  #isContinued(continues: Continues): boolean {
    const { files, supervisor } = this.#options;
    const [first] = parseLines(files.read(runName)) as (Line | undefined)[];
    if (continues === "never" || first?.kind !== "run") return false;
    if (continues === "supervised") return first.supervisor === supervisor;
    return (files.age(runName) ?? Infinity) < soonMs;
  }

  #read(): void {
    for (const line of parseLines(this.#options.files.read(runName)) as Line[]) {
      if (line.kind === "run") this.#id = line.id;
      if (line.kind === "baseline") this.#baselines.set(line.key, line.baseline);
      if (line.kind !== "request") continue;
      if (line.request === null) this.#requests.delete(line.key);
      else this.#requests.set(line.key, line.request);
    }
  }

  #rewrite(): void {
    const lines: Line[] = [
      { kind: "run", id: this.#id, supervisor: this.#options.supervisor },
      ...[...this.#baselines].map(([key, baseline]) => ({
        kind: "baseline" as const,
        key,
        baseline,
      })),
      ...[...this.#requests].map(([key, request]) => ({ kind: "request" as const, key, request })),
    ];
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    this.#length = 0;
    this.#safely(() => this.#options.files.write(runName, text));
  }

  #append(line: Line): void {
    if (!this.#isBegun) return;
    if (this.#length > longRecord) return this.#rewrite();
    const text = `${JSON.stringify(line)}\n`;
    this.#length += text.length;
    this.#safely(() => this.#options.files.append(runName, text));
  }

  #safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#options.warned(
      `What runs could not be recorded (${String(error)}); after a crash it counts as failed`,
    );
  }
}

function versions(key: string): string {
  return `${key}.versions`;
}
