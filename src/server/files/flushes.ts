/** When the names in a directory survive a power loss: flushed with a change, or a little later for several changes at once. */
import path from "node:path";
import type { Clock } from "../clock.ts";
import { NotDurable, syncDirectory, type Disk } from "./disk.ts";

export interface FlushesParts {
  readonly disk: Disk;
  readonly clock: Clock;
  /** In words, for the log. */
  warned(message: string): void;
}

/** Ms in which another change of the same directory is waited for before names are made durable for their own sake. */
const gatherMs = 25;
/** Tries with handles of their own: a failed flush must not be repeated on the same one (D-03). */
const tries = 3;

export class Flushes {
  readonly #parts: FlushesParts;
  /** How often the names in a directory were flushed. */
  readonly #counts = new Map<string, number>();

  constructor(parts: FlushesParts) {
    this.#parts = parts;
  }

  /** A change flushes the directory of a file when it is done. */
  begun(file: string): void {
    const directory = path.dirname(file);
    this.#counts.set(directory, this.#count(directory) + 1);
  }

  /** Waits for others to flush the directory of a file. @returns whether somebody did; else it is done here */
  async gather(file: string): Promise<boolean> {
    const directory = path.dirname(file);
    const before = this.#count(directory);
    await this.#parts.clock.sleep(gatherMs);
    if (this.#count(directory) > before) return true;
    this.begun(file);
    await syncDirectory(this.#parts.disk, directory).catch((error: unknown) =>
      this.settle(file, error),
    );
    return false;
  }

  /** A file is the new one, and readers see it, but then something failed: what is left is to make its name durable. */
  async settle(file: string, error: unknown): Promise<void> {
    const { disk, warned } = this.#parts;
    let reason = error;
    for (let count = 0; reason instanceof NotDurable && count < tries; count++)
      reason = await syncDirectory(disk, path.dirname(file)).catch((cause: unknown) => cause);
    const isGone = (reason as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
    if (reason === undefined || isGone) return;
    warned(
      `${file} was written, and may be the older one after a power loss (${String(reason)}); look at your disk`,
    );
  }

  #count(directory: string): number {
    return this.#counts.get(directory) ?? 0;
  }
}
