/**
 * Tells when a file of a directory has come to rest after a change (REPL specification 4.4, decision 28). The directory is
 * watched, because a file that is replaced by rename gets deaf; a look every 2 s serves file systems without events.
 */
import { watch, type BigIntStats, type FSWatcher } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import path from "node:path";

export interface QuietFilesOptions {
  readonly directory: string;
  /** Names in the directory that count. */
  isWanted(name: string): boolean;
  /** Files that are looked at every 2 s, by name. */
  polled(): readonly string[];
  /** Whether a file is as the server itself left it: then there is nothing to tell. */
  isOwn(name: string, found: BigIntStats): boolean;
  /** The file has come to rest. */
  quiet(name: string): void;
  failed(error: Error): void;
}

/** Ms of rest after which a file is looked at when two looks are the same, and else; from the first event on at most `most`. */
const rest = { short: 30, long: 150, most: 1000 } as const;
const pollMs = 2000;

interface Change {
  readonly first: number;
  readonly timer: NodeJS.Timeout;
  readonly seen: Promise<BigIntStats | undefined>;
}

export class QuietFiles {
  readonly #options: QuietFilesOptions;
  readonly #changes = new Map<string, Change>();
  readonly #polled = new Map<string, BigIntStats | undefined>();
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(options: QuietFilesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#watch();
    this.#poll = setInterval(() => void this.#look(), pollMs);
    this.#poll.unref();
  }

  stop(): void {
    this.#watcher?.close();
    clearInterval(this.#poll);
    for (const { timer } of this.#changes.values()) clearTimeout(timer);
    this.#changes.clear();
  }

  #watch(): void {
    const { directory, failed, isWanted } = this.#options;
    try {
      this.#watcher = watch(directory, (_event, name) => {
        if (name !== null && isWanted(name)) this.#changed(name, rest.short);
      });
      this.#watcher.on("error", failed);
    } catch (error) {
      failed(error as Error);
    }
  }

  #changed(name: string, ms: number, known = this.#changes.get(name)): void {
    clearTimeout(known?.timer);
    const now = Date.now();
    const first = known?.first ?? now;
    const wait = Math.max(0, Math.min(ms, first + rest.most - now));
    const timer = setTimeout(() => void this.#rested(name), wait);
    this.#changes.set(name, { first, timer, seen: this.#find(name) });
  }

  async #rested(name: string): Promise<void> {
    const change = this.#changes.get(name);
    if (change === undefined) return;
    const [before, now] = [await change.seen, await this.#find(name)];
    if (this.#changes.get(name) !== change) return;
    const isLate = Date.now() - change.first >= rest.most;
    // Somebody is writing, and this system tells it only at the end.
    if (!isSame(before, now) && !isLate) return this.#changed(name, rest.long, change);
    this.#changes.delete(name);
    if (now === undefined || !this.#options.isOwn(name, now)) this.#options.quiet(name);
  }

  async #look(): Promise<void> {
    for (const name of this.#options.polled()) {
      const isNew = !this.#polled.has(name);
      const before = this.#polled.get(name);
      const now = await this.#find(name);
      this.#polled.set(name, now);
      if (!isNew && !isSame(before, now)) this.#changed(name, rest.short);
    }
  }

  async #find(name: string): Promise<BigIntStats | undefined> {
    const file = path.join(this.#options.directory, name);
    try {
      const found = await lstat(file, { bigint: true });
      return found.isSymbolicLink() ? await stat(file, { bigint: true }) : found;
    } catch {
      // No file is an answer, too.
      return undefined;
    }
  }
}

function isSame(one: BigIntStats | undefined, other: BigIntStats | undefined): boolean {
  return one?.ino === other?.ino && one?.size === other?.size && one?.mtimeNs === other?.mtimeNs;
}
