/**
 * What of a server run survives the process (decision 26): that it began and whether it ended in order, the requests in
 * progress, and what was last written into each log. Kept outside the workspace, one folder per root.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { OwnVersion } from "../log-merge.ts";
import type { VersionRecord } from "./log-text.ts";
import type { SavedRequest } from "./request.ts";

interface Run {
  readonly id: string;
  readonly requests: readonly SavedRequest[];
  /** Epoch ms of the last change. */
  readonly at: number;
}

interface Restored {
  readonly known: string;
  readonly versions: readonly OwnVersion[];
}

/** Ms after an unclean end within which a command-line start goes on with the run. */
const continuedMs = 600_000;

export class RunRecord {
  readonly #directory: string;
  readonly #warned: (message: string) => void;
  #run: Run = { id: randomUUID(), requests: [], at: Date.now() };
  #isBegun = false;
  readonly #restored = new Map<string, Restored>();

  /** @param directory of all roots' records */
  constructor(directory: string, root: string, warned: (message: string) => void) {
    const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
    this.#directory = path.join(directory, name);
    this.#warned = warned;
  }

  /** @returns whether an interrupted run is continued */
  async begin(continues: "restart" | "soon" | "never"): Promise<boolean> {
    const old = await this.#read();
    const isRecent = old !== undefined && Date.now() - old.at < continuedMs;
    const isContinued =
      old !== undefined && (continues === "restart" || (continues === "soon" && isRecent));
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    if (isContinued) this.#run = old;
    else await rm(this.#directory, { recursive: true, force: true });
    this.#isBegun = true;
    this.#write();
    return isContinued;
  }

  requests(): readonly SavedRequest[] {
    return this.#run.requests;
  }

  /** What an interrupted run had last written into a log. */
  restored(key: string): Restored | undefined {
    return this.#restored.get(key);
  }

  saveRequests(requests: readonly SavedRequest[]): void {
    this.#run = { ...this.#run, requests };
    this.#write();
  }

  versionsOf(_key: string): VersionRecord {
    return { intend: async () => {}, wrote: () => {} };
  }

  /** The run ended in order: the next one is a new one. */
  async end(): Promise<void> {
    this.#isBegun = false;
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #read(): Promise<Run | undefined> {
    try {
      const run = JSON.parse(await readFile(this.#file, "utf8")) as Partial<Run>;
      return typeof run.id === "string" && Array.isArray(run.requests) && typeof run.at === "number"
        ? (run as Run)
        : undefined;
    } catch {
      // Missing or torn: then there is nothing to continue.
      return undefined;
    }
  }

  /** At once: what is handed to a realm must be remembered before the realm has it. */
  #write(): void {
    if (!this.#isBegun) return;
    this.#run = { ...this.#run, at: Date.now() };
    const temporary = `${this.#file}.tmp`;
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(temporary, JSON.stringify(this.#run), { mode: 0o600 });
      renameSync(temporary, this.#file);
    } catch (error) {
      this.#warned(
        `Requests in progress could not be recorded (${String(error)}); after a crash they count as failed`,
      );
    }
  }

  get #file(): string {
    return path.join(this.#directory, "run.json");
  }
}
