/**
 * Tells when a file of a directory has come to rest after a change (REPL specification 4.4, decision 28). The directory is
 * watched, because a file that is replaced by rename gets deaf; a look every 2 s serves file systems without events.
 */
import { watch, type FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";

export interface QuietFilesOptions {
  readonly directory: string;
  /** Names in the directory that count. */
  isWanted(name: string): boolean;
  /** Files that are looked at every 2 s, by name. */
  polled(): readonly string[];
  /** The file has come to rest. `settled`: two looks at it were the same; else it is told again after a longer rest. */
  quiet(name: string, settled: boolean): void;
  failed(error: Error): void;
}

/** Ms of rest after which a file is looked at, and after which it is in any case; from the first event on at most `most`. */
const rest = { short: 30, long: 150, most: 1000 } as const;
const pollMs = 2000;

interface Change {
  first: number;
  timer: NodeJS.Timeout;
  seen: Promise<string>;
}

export class QuietFiles {
  readonly #options: QuietFilesOptions;
  readonly #changes = new Map<string, Change>();
  readonly #polled = new Map<string, string>();
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(options: QuietFilesOptions) {
    this.#options = options;
  }

  start(): void {
    const { directory, failed } = this.#options;
    try {
      this.#watcher = watch(directory, (_event, name) => {
        if (name !== null && this.#options.isWanted(name)) this.#changed(name);
      });
      this.#watcher.on("error", failed);
    } catch (error) {
      failed(error as Error);
    }
    this.#poll = setInterval(() => void this.#look(), pollMs);
    this.#poll.unref();
  }

  stop(): void {
    this.#watcher?.close();
    clearInterval(this.#poll);
    for (const { timer } of this.#changes.values()) clearTimeout(timer);
    this.#changes.clear();
  }

  #changed(name: string): void {
    const known = this.#changes.get(name);
    clearTimeout(known?.timer);
    const now = Date.now();
    const first = known?.first ?? now;
    const wait = Math.max(0, Math.min(rest.short, first + rest.most - now));
    const timer = setTimeout(() => void this.#rested(name), wait);
    this.#changes.set(name, { first, timer, seen: this.#identity(name) });
  }

  async #rested(name: string): Promise<void> {
    const change = this.#changes.get(name);
    if (change === undefined) return;
    const [before, now] = [await change.seen, await this.#identity(name)];
    if (this.#changes.get(name) !== change) return;
    this.#options.quiet(name, before === now);
    change.timer = setTimeout(() => {
      this.#changes.delete(name);
      this.#options.quiet(name, true);
    }, rest.long - rest.short);
  }

  async #look(): Promise<void> {
    for (const name of this.#options.polled()) {
      const identity = await this.#identity(name);
      const known = this.#polled.get(name);
      this.#polled.set(name, identity);
      if (known !== undefined && known !== identity) this.#changed(name);
    }
  }

  async #identity(name: string): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(path.join(this.#options.directory, name));
      return `${mtimeMs} ${size} ${ino}`;
    } catch {
      // No file is an answer, too.
      return "none";
    }
  }
}
