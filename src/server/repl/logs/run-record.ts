/**
 * What of a server run survives the process (decision 26): that it began and whether it ended in order, the requests in
 * progress, and what was written into each log. Kept outside the workspace, one folder per root.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import type { VersionRecord } from "./log-text.ts";
import type { SavedRequest } from "./request.ts";
import { createVersionRecord, readVersionRecord, type Restored } from "./version-record.ts";

/** `supervised`: what the same parent process had started before; `soon`: what ended within 10 minutes. */
export type Continues = "supervised" | "soon" | "never";

interface Run {
  readonly id: string;
  readonly requests: readonly SavedRequest[];
  /** Process id of who started the server. */
  readonly supervisor: number;
}

/** Ms after an unclean end within which a command-line start goes on with the run. */
const soonMs = 600_000;
/** Ms between two signs of life: the time of the file tells when the run ended. */
const signMs = 60_000;

export class RunRecord {
  readonly #directory: string;
  readonly #warned: (message: string) => void;
  #run: Run = { id: randomUUID(), requests: [], supervisor: process.ppid };
  #isBegun = false;
  #sign: NodeJS.Timeout | undefined;

  /** @param directory of all roots' records */
  constructor(directory: string, root: string, warned: (message: string) => void) {
    const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
    this.#directory = path.join(directory, name);
    this.#warned = warned;
  }

  /** @returns whether an interrupted run is continued */
  async begin(continues: Continues): Promise<boolean> {
    const old = continues === "never" ? undefined : await this.#read();
    const isContinued =
      old !== undefined &&
      (continues === "supervised" ? old.supervisor === process.ppid : await this.#isRecent());
    if (!isContinued) await rm(this.#directory, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    if (isContinued) this.#run = { ...old, supervisor: process.ppid };
    this.#isBegun = true;
    this.#write();
    this.#sign = setInterval(() => this.#touch(), signMs);
    this.#sign.unref();
    return isContinued;
  }

  requests(): readonly SavedRequest[] {
    return this.#run.requests;
  }

  /** What an interrupted run had last written into a log. */
  restored(key: string): Restored | undefined {
    return readVersionRecord(this.#versions(key));
  }

  /** At once: what is handed to a realm must be remembered before the realm has it. */
  saveRequests(requests: readonly SavedRequest[]): void {
    this.#run = { ...this.#run, requests };
    this.#write();
  }

  versionsOf(key: string): VersionRecord {
    return createVersionRecord(this.#versions(key), (error) => this.#failed(error));
  }

  /** The run ended in order: the next one is a new one. */
  async end(): Promise<void> {
    clearInterval(this.#sign);
    this.#isBegun = false;
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #read(): Promise<Run | undefined> {
    try {
      const run = JSON.parse(await readFile(this.#file, "utf8")) as Partial<Run>;
      return typeof run.id === "string" && Array.isArray(run.requests) ? (run as Run) : undefined;
    } catch {
      // Missing or torn: then there is nothing to continue.
      return undefined;
    }
  }

  async #isRecent(): Promise<boolean> {
    const { mtimeMs } = await stat(this.#file);
    return Date.now() - mtimeMs < soonMs;
  }

  #write(): void {
    if (!this.#isBegun) return;
    const temporary = `${this.#file}.tmp`;
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(temporary, JSON.stringify(this.#run), { mode: 0o600 });
      renameSync(temporary, this.#file);
    } catch (error) {
      this.#failed(error);
    }
  }

  #touch(): void {
    const now = new Date();
    utimes(this.#file, now, now).catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.#warned(
      `What runs could not be recorded in ${this.#directory} (${String(error)}); after a crash it counts as failed`,
    );
  }

  get #file(): string {
    return path.join(this.#directory, "run.json");
  }

  #versions(key: string): string {
    return path.join(this.#directory, `${key}.versions`);
  }
}
