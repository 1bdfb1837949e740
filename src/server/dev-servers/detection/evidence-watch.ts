/**
 * Watches a workspace folder for files that make, configure or end a project. One `fs.watch` per folder that is searched;
 * a save of any other file costs no look at the disk.
 */
import { watch, type FSWatcher } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { vitrineFileName } from "../config/vitrine-file.ts";
import { evidenceNames, searchDepth, skippedFolders } from "./search.ts";

export interface EvidenceWatchOptions {
  /** Absolute workspace folder. */
  readonly folder: string;
  /** Some evidence came, went or was written; called once for what happens together. */
  changed(): void;
  /** Told once, in words. */
  failed(reason: string): void;
}

/** Folders beyond this are not watched; the kernel's limit is shared with every other program of the user. */
const mostFolders = 2048;
/** Ms of quiet after which a change is told: editors write by delete and create, package managers in bursts. */
const quietMs = 120;

export class EvidenceWatch {
  readonly #options: EvidenceWatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #told = false;

  constructor(options: EvidenceWatchOptions) {
    this.#options = options;
  }

  /** Resolves when every folder is watched. */
  start(): Promise<void> {
    return this.#enter(this.#options.folder);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  async #enter(directory: string): Promise<void> {
    if (this.#closed || this.#watchers.has(directory) || !this.#attach(directory)) return;
    if (this.#depthOf(directory) >= searchDepth) return;
    // A folder that is gone again has nothing to enter.
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    await Promise.all(
      entries
        .filter((entry) => entry.isDirectory() && isSearched(entry.name))
        .map((entry) => this.#enter(path.join(directory, entry.name))),
    );
  }

  #attach(directory: string): boolean {
    if (this.#watchers.size >= mostFolders)
      return this.#fail(`only the first ${mostFolders} folders are watched`);
    try {
      const watcher = watch(directory, (event, name) => void this.#onEvent(directory, event, name));
      // A folder that was removed while being watched; the one above tells.
      watcher.on("error", () => this.#leave(directory));
      this.#watchers.set(directory, watcher);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === "ENOENT" ? false : this.#fail(`folders cannot be watched (${code})`);
    }
  }

  #fail(reason: string): false {
    if (!this.#told) this.#options.failed(reason);
    this.#told = true;
    return false;
  }

  async #onEvent(directory: string, event: string, name: string | null): Promise<void> {
    if (this.#closed) return;
    if (name === null || evidenceNames.has(name) || name === vitrineFileName)
      return this.#changed();
    if (event !== "rename" || !isSearched(name)) return;
    const file = path.join(directory, name);
    const facts = await lstat(file).catch(() => undefined);
    if (this.#closed) return;
    if (facts?.isDirectory() === true && this.#depthOf(file) <= searchDepth) {
      // Another folder may have taken the name: its watcher is that of the old one.
      this.#leave(file);
      await this.#enter(file);
      this.#changed();
    } else if (this.#watchers.has(file)) {
      this.#leave(file);
      this.#changed();
    }
  }

  #changed(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#options.changed(), quietMs);
  }

  #leave(directory: string): void {
    for (const [name, watcher] of this.#watchers) {
      if (name !== directory && !name.startsWith(directory + path.sep)) continue;
      watcher.close();
      this.#watchers.delete(name);
    }
  }

  /** 0 for the workspace folder itself. */
  #depthOf(directory: string): number {
    const relative = path.relative(this.#options.folder, directory);
    return relative === "" ? 0 : relative.split(path.sep).length;
  }
}

/** Hidden folders and those with what was installed or built are not looked into. */
function isSearched(name: string): boolean {
  return !name.startsWith(".") && !skippedFolders.has(name);
}
