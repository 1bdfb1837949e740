/** D-04: a program that had a text open when it was replaced goes on writing into the file that lost its name. */
import type { Clock } from "../clock.ts";
import { closeQuietly, readAll, unlinkQuietly, type Disk } from "./disk.ts";
import { isSameState, maximumTextSize, textOf, type Snapshot } from "./snapshot.ts";

/** What was written where nobody reads it any more. */
export interface LateText {
  readonly file: string;
  /** What stood there when we read it. */
  readonly base: string;
  readonly text: string;
}

interface Replaced {
  readonly file: string;
  /** Still open. */
  readonly snapshot: Snapshot;
  readonly text: string;
  /** Whether a later write must show in the time of the file. */
  readonly isAtRest: boolean;
  /** Its second name, removed when it was looked at. */
  readonly old: string | undefined;
}

export interface LateTextsParts {
  readonly clock: Clock;
  readonly disk: Disk;
  /** What was written is put into the file by whoever knows how, before the second name goes. */
  late(late: LateText): Promise<void> | void;
}

/** Ms after which a file is looked at. Programs write a file of usual size within a few. */
const lateMs = 250;
/** Ms between two looks at a file that somebody writes into, and how often that is waited for. */
const again = { ms: 150, most: 30 } as const;

export class LateTexts {
  readonly #parts: LateTextsParts;
  readonly #waiting = new Map<Replaced, () => void>();
  readonly #looks = new Set<Promise<void>>();
  #isClosed = false;

  constructor(parts: LateTextsParts) {
    this.#parts = parts;
  }

  /** Looks at a file a little later, and closes it. */
  watch(replaced: Replaced): void {
    this.#waiting.set(
      replaced,
      this.#parts.clock.after(lateMs, () => this.#look(replaced)),
    );
  }

  /** Looks at all that is still open, now. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [replaced, cancel] of this.#waiting) {
      cancel();
      this.#look(replaced);
    }
    await Promise.all(this.#looks);
  }

  #look(replaced: Replaced): void {
    this.#waiting.delete(replaced);
    const done = this.#compare(replaced).finally(() => this.#looks.delete(done));
    this.#looks.add(done);
  }

  async #compare({ file, snapshot, text: base, isAtRest, old }: Replaced): Promise<void> {
    const { handle, bytes, stat } = snapshot;
    try {
      if (isAtRest && isSameState(stat, await handle.stat({ bigint: true }))) return;
      const now = await this.#settled(snapshot);
      if (now.equals(bytes)) return;
      const text = textOf(now);
      // A program that died after emptying the file has not written that there is nothing.
      if (text !== undefined && text.trim() !== "" && text !== textOf(bytes))
        await this.#parts.late({ file, base, text });
    } catch {
      // It cannot be read any more: then nobody else can, either.
    } finally {
      await closeQuietly(handle);
      if (old !== undefined) await unlinkQuietly(this.#parts.disk, old);
    }
  }

  /** The content, once two looks at it are the same. */
  async #settled({ handle, bytes }: Snapshot): Promise<Buffer> {
    let last = await readAll(handle, maximumTextSize + 1, bytes.length);
    if (last.equals(bytes)) return last;
    for (let count = 0; count < again.most && !this.#isClosed; count++) {
      await this.#parts.clock.sleep(again.ms);
      const now = await readAll(handle, maximumTextSize + 1);
      if (now.equals(last)) break;
      last = now;
    }
    return last;
  }
}
