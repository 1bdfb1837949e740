/**
 * The watcher of a workspace project: plain `fs.watch` per directory (decision A.1). It differs from chokidar in what a
 * live preview needs. Chokidar drops a `change` that comes within 50 ms of the one before for the same path, without a
 * trailing one: the last of a burst of saves was lost in most bursts tried. Here the last is always delivered, a torn
 * read is read again before anybody sees it (A.2), and equal content is never delivered twice.
 */
import { watch, type Dirent, type FSWatcher } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { FileState } from "./file-state.ts";

export type WatchEvent = "add" | "change" | "unlink" | "addDir" | "unlinkDir";

export interface WatcherOptions {
  readonly root: string;
  /** True for directories and files that are not looked at. Absolute paths. */
  ignored(file: string): boolean;
  /** Whether shorter content makes sense as this file. */
  accepts(file: string, content: Buffer): Promise<boolean>;
  changed(event: WatchEvent, file: string): void;
  failed(error: Error): void;
}

/** Directories beyond this are not watched; the kernel's limit is shared with every other program of the user. */
const maximumDirectories = 8192;

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #directories = new Map<string, FSWatcher>();
  readonly #files = new Map<string, FileState>();
  readonly #extra = new Set<string>();
  #closed = false;
  #told = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  /** Resolves when every directory of the root is watched. */
  start(): Promise<void> {
    return this.#enter(this.#options.root, false);
  }

  /** Watches single files outside the root as well. */
  add(files: readonly string[]): void {
    for (const file of files) {
      if (this.#closed || this.#isWanted(file)) continue;
      this.#extra.add(file);
      this.#stateOf(file, true);
      this.#attach(path.dirname(file));
    }
  }

  /** Content as last delivered, for files that changed since the start. */
  delivered(file: string): Buffer | undefined {
    return this.#files.get(file)?.content;
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#directories.values()) watcher.close();
    for (const state of this.#files.values()) state.close();
  }

  #isWanted(file: string): boolean {
    const { root, ignored } = this.#options;
    return this.#extra.has(file) || (isInside(file, root) && !ignored(file));
  }

  #stateOf(file: string, known: boolean): FileState {
    const existing = this.#files.get(file);
    if (existing !== undefined) return existing;
    const state = new FileState(file, known, {
      accepts: this.#options.accepts,
      deliver: (event) => {
        if (event === "unlink") this.#files.delete(file);
        if (!this.#closed) this.#options.changed(event, file);
      },
    });
    this.#files.set(file, state);
    return state;
  }

  async #enter(directory: string, announce: boolean): Promise<void> {
    if (!this.#attach(directory)) return;
    if (announce) this.#options.changed("addDir", directory);
    // A folder that is gone again has nothing to enter.
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    await Promise.all(entries.map((entry) => this.#enterEntry(directory, entry, announce)));
  }

  async #enterEntry(directory: string, entry: Dirent, announce: boolean): Promise<void> {
    const file = path.join(directory, entry.name);
    if (this.#closed || !this.#isWanted(file)) return;
    if (entry.isDirectory()) return this.#enter(file, announce);
    if (!entry.isFile()) return;
    const state = this.#stateOf(file, !announce);
    if (announce) state.look();
  }

  /** False when the directory is watched already, or cannot be. */
  #attach(directory: string): boolean {
    if (this.#directories.has(directory) || this.#isFull()) return false;
    try {
      const watcher = watch(directory, (_type, name) => void this.#onEvent(directory, name));
      watcher.on("error", (error) => this.#onError(error));
      this.#directories.set(directory, watcher);
      return true;
    } catch (error) {
      this.#onError(error as NodeJS.ErrnoException);
      return false;
    }
  }

  #isFull(): boolean {
    if (this.#directories.size < maximumDirectories) return false;
    if (!this.#told)
      this.#options.failed(
        new Error(
          `only the first ${maximumDirectories} folders are watched; add large ones to server.watch.ignored`,
        ),
      );
    this.#told = true;
    return true;
  }

  #onError(error: NodeJS.ErrnoException): void {
    // A folder that was removed while being watched, which Windows reports as EPERM.
    if (error.code !== "ENOENT" && error.code !== "EPERM") this.#options.failed(error);
  }

  async #onEvent(directory: string, name: string | null): Promise<void> {
    if (this.#closed || name === null) return;
    const file = path.join(directory, name);
    if (!this.#isWanted(file)) return;
    const known = this.#files.get(file);
    if (known !== undefined) return known.look();
    const facts = await stat(file).catch(() => undefined);
    if (this.#closed) return;
    if (facts?.isDirectory()) return this.#enter(file, true);
    if (facts?.isFile()) return this.#stateOf(file, false).look();
    if (this.#directories.has(file)) this.#leave(file);
  }

  #leave(directory: string): void {
    for (const [name, watcher] of this.#directories) {
      if (!isInside(name, directory)) continue;
      watcher.close();
      this.#directories.delete(name);
      this.#options.changed("unlinkDir", name);
    }
    for (const [name, state] of this.#files) if (isInside(name, directory)) state.look();
  }
}

/** Whether a path is a directory or lies in it. Absolute, normalised paths. */
export function isInside(file: string, directory: string): boolean {
  return file === directory || file.startsWith(directory + path.sep);
}
