/**
 * Tells when a `.devinfo` has come, changed or gone, also in folders that appear later (dev-servers 6.1). Plain `fs.watch`
 * per folder: chokidar 5 was tried, waits for one missing folder of a path only, and lost folders that came as second.
 */
import { existsSync, watch, type FSWatcher } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../../clock.ts";
import type { Places } from "./places.ts";

export interface PlacesWatchOptions {
  readonly places: Places;
  readonly clock: Clock;
  /** The file has come to rest; it may be gone. */
  changed(file: string): void;
  failed(error: Error): void;
}

/** Ms of rest (dev-servers 6.2). */
const settleMs = 50;
/** Folders beyond this are not watched: the kernel's limit is shared with every other program of the user. */
const maximumFolders = 8192;

export class PlacesWatch {
  readonly #options: PlacesWatchOptions;
  readonly #folders = new Map<string, FSWatcher>();
  /** Files that were there when they were last seen: a folder that goes takes them with it. */
  readonly #files = new Set<string>();
  readonly #settling = new Map<string, () => void>();
  #isClosed = false;
  #hasTold = false;

  constructor(options: PlacesWatchOptions) {
    this.#options = options;
  }

  /** Resolves when all that stands there now was told. */
  async start(): Promise<void> {
    await Promise.all(startsOf(this.#options.places).map((start) => this.#enter(start, true)));
  }

  /** Nothing is told any more. */
  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#folders.values()) watcher.close();
    for (const forget of this.#settling.values()) forget();
  }

  /** @param known whether what is found was there before, and so has come to rest */
  async #look(one: string, known: boolean): Promise<void> {
    const { places, changed } = this.#options;
    if (this.#isClosed || !places.leads(one)) return;
    // What the user has named may be a link; what is found may not, for it may lead to itself or to the whole disk.
    const isNamed = places.bases.some((base) => base === one || base.startsWith(one + path.sep));
    const found = await (isNamed ? stat(one) : lstat(one)).catch(() => undefined);
    if (found === undefined) return this.#leave(one);
    if (places.isPlace(one)) {
      this.#files.add(one);
      if (known) changed(one);
      else this.#settle(one);
    } else if (found.isDirectory()) await this.#enter(one, known);
  }

  /** Watches first and reads then: what comes in between is seen twice, which costs nothing. */
  async #enter(folder: string, known: boolean): Promise<void> {
    if (this.#isClosed || this.#folders.has(folder) || this.#isFull()) return;
    try {
      const watcher = watch(folder, (_event, name) => void this.#happened(folder, name));
      watcher.on("error", () => this.#leave(folder));
      this.#folders.set(folder, watcher);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "EACCES") this.#options.failed(error as Error);
      return;
    }
    // A folder that is gone again has nothing to read; one that may not be read has nothing to tell.
    const names = await readdir(folder).catch(() => []);
    await Promise.all(names.map((name) => this.#look(path.join(folder, name), known)));
  }

  #isFull(): boolean {
    if (this.#folders.size < maximumFolders) return false;
    if (!this.#hasTold)
      this.#options.failed(
        new Error(
          `only the first ${maximumFolders} folders are watched for .devinfo files; make the globs of vitrine.devServers.devinfo narrower`,
        ),
      );
    this.#hasTold = true;
    return true;
  }

  async #happened(folder: string, name: string | null): Promise<void> {
    if (name !== null) await this.#look(path.join(folder, name), false);
    // A watched folder tells its own end under its own name; its namesake of tomorrow is another folder.
    if (!existsSync(folder)) this.#leave(folder);
  }

  /** What was there is gone, with everything below. */
  #leave(one: string): void {
    const isBelow = (other: string): boolean => other === one || other.startsWith(one + path.sep);
    for (const [folder, watcher] of this.#folders) {
      if (!isBelow(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const file of this.#files) {
      if (!isBelow(file)) continue;
      this.#files.delete(file);
      this.#settle(file);
    }
  }

  #settle(file: string): void {
    if (this.#isClosed) return;
    const { clock, changed } = this.#options;
    this.#settling.get(file)?.();
    this.#settling.set(
      file,
      clock.after(settleMs, () => {
        this.#settling.delete(file);
        changed(file);
      }),
    );
  }
}

/** Where watching begins: above each base, because the watch of a folder ends with the folder, and where something exists. */
function startsOf({ bases }: Places): string[] {
  const starts = bases.map((base) => {
    let start = path.dirname(base);
    while (!existsSync(start)) start = path.dirname(start);
    return start;
  });
  return [...new Set(starts)];
}
