/** What is known of one watched file, and the patience to tell a torn save from a real one (decision A.2). */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** Ms after a doubtful read at which the file is read again, event or not. */
const lookAgainMs = [10, 30, 100, 300];
/** Ms after which doubtful content is believed. */
const patienceMs = 500;
/** Ms after which a missing file is gone: editors that save by delete and create need less. */
const gonePatienceMs = 100;
/** A timer may fire a fraction of a millisecond early. */
const timerSlackMs = 2;
/** Bytes up to which content is kept; larger files are compared by hash alone. */
const keptBytes = 2 * 1024 * 1024;

export interface FileStateOptions {
  /** Whether shorter content makes sense; a failing answer means "perhaps torn, look again". */
  accepts(file: string, content: Buffer): Promise<boolean>;
  deliver(event: "add" | "change" | "unlink"): void;
}

/** One file. Each distinct final content is delivered exactly once. */
export class FileState {
  readonly #file: string;
  readonly #options: FileStateOptions;
  #exists: boolean;
  #digest = "";
  // Unknown until the first delivery: then only an empty read is doubtful.
  #size = 0;
  #kept: Buffer | undefined;
  #reading = false;
  #again = false;
  #closed = false;
  #timers: NodeJS.Timeout[] = [];
  #doubtSince = 0;

  /** @param known the file existed before watching began: its first change is a change, not an addition */
  constructor(file: string, known: boolean, options: FileStateOptions) {
    this.#file = file;
    this.#exists = known;
    this.#options = options;
  }

  /** Content as last delivered, for files that changed and are small enough to keep. */
  get content(): Buffer | undefined {
    return this.#kept;
  }

  /**
   * Something happened to the file: read it, compare, deliver. One read at a time; an event during a read causes exactly
   * one more, so that the last state is always seen.
   */
  look(): void {
    if (this.#closed) return;
    this.#again = this.#reading;
    if (this.#reading) return;
    this.#reading = true;
    this.#read()
      // Unreadable now (permissions, a vanished mount): the next event tries again.
      .catch(() => {})
      .finally(() => {
        this.#reading = false;
        if (this.#again) this.look();
      });
  }

  close(): void {
    this.#closed = true;
    this.#settle();
  }

  async #read(): Promise<void> {
    const content = await readIfThere(this.#file);
    if (this.#closed) return;
    if (content === undefined) return this.#missing();
    const digest = createHash("sha1").update(content).digest("hex");
    if (this.#exists && digest === this.#digest) return this.#settle();
    if ((await this.#isTorn(content)) && this.#doubts(patienceMs)) return;
    if (this.#closed) return;
    this.#settle();
    const event = this.#exists ? "change" : "add";
    this.#exists = true;
    this.#digest = digest;
    this.#size = content.length;
    this.#kept = content.length <= keptBytes ? content : undefined;
    this.#options.deliver(event);
  }

  #missing(): void {
    if (!this.#exists) return this.#settle();
    if (this.#doubts(gonePatienceMs)) return;
    this.#settle();
    this.#exists = false;
    this.#options.deliver("unlink");
  }

  async #isTorn(content: Buffer): Promise<boolean> {
    if (!this.#exists) return false;
    if (content.length === 0) return true;
    return content.length < this.#size && !(await this.#options.accepts(this.#file, content));
  }

  /** Starts or continues to doubt what was read; false once the patience is over. */
  #doubts(patience: number): boolean {
    const now = performance.now();
    if (this.#doubtSince === 0) {
      this.#doubtSince = now;
      const later = [...lookAgainMs.filter((ms) => ms < patience), patience];
      this.#timers = later.map((ms) => setTimeout(() => this.look(), ms));
    }
    return now - this.#doubtSince < patience - timerSlackMs;
  }

  #settle(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.#doubtSince = 0;
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
