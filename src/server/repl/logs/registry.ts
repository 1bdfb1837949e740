/** Keeps `daebug.md` true: written soon after a change, read before each write, obeyed when it says stop (sections 11 and 17). */
import path from "node:path";
import {
  formatRegistry,
  formatShutdown,
  hasShutdownMarker,
  withoutShutdownMarker,
  type RegistryRow,
} from "../../../markdown/log/registry.ts";
import type { TextWriter } from "../../files/text-writer.ts";

export interface RegistryOptions {
  readonly root: string;
  readonly writer: TextWriter;
  rows(): readonly RegistryRow[];
  /** The marker was found. */
  stop(): void;
  failed(error: unknown): void;
}

export const REGISTRY_NAME = "daebug.md";

/** Ms of quiet before a change is written, between two writes, and between two writes for times alone. */
const pace = { quiet: 250, least: 1000, times: 60_000 } as const;

export class Registry {
  readonly file: string;
  readonly #options: RegistryOptions;
  readonly #startedAt = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #writtenAt = 0;
  /** The rows as last written, without their times. */
  #shown = "";
  #isClosed = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.file = path.join(options.root, REGISTRY_NAME);
  }

  /** A marker that stands there at the start is stale (11.3). */
  async start(): Promise<void> {
    await this.#write((found) => withoutShutdownMarker(found));
  }

  /** Somebody wrote into the file. */
  async look(): Promise<void> {
    if (!this.#isClosed) await this.#write();
  }

  /** Somebody wrote into the file that we had just replaced: only what they want of us matters. */
  late(text: string): void {
    if (!this.#isClosed && hasShutdownMarker(text)) this.#options.stop();
  }

  /** Realms came, went or changed their state. */
  changed(): void {
    if (this.#isClosed) return;
    const now = Date.now();
    const isSame = this.#fingerprint() === this.#shown;
    const earliest = this.#writtenAt + (isSame ? pace.times : pace.least);
    const wait = Math.max(pace.quiet, earliest - now);
    if (this.#timer !== undefined && isSame) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#write(), wait);
    this.#timer.unref();
  }

  /** Writes the form that says the server is gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const text = formatShutdown(this.#startedAt, Date.now());
    await this.#options.writer.change(this.file, () => text).catch(this.#options.failed);
  }

  abandon(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #write(clean: (found: string) => string = (found) => found): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const fingerprint = this.#fingerprint();
    let isStopped = false;
    try {
      await this.#options.writer.change(this.file, (found) => {
        isStopped = found !== undefined && hasShutdownMarker(clean(found));
        return isStopped || this.#isClosed
          ? undefined
          : formatRegistry(this.#startedAt, this.#options.rows());
      });
      this.#writtenAt = Date.now();
      this.#shown = fingerprint;
    } catch (error) {
      this.#options.failed(error);
    }
    if (isStopped) this.#options.stop();
  }

  #fingerprint(): string {
    return JSON.stringify(
      this.#options.rows().map(({ name, state, url, file }) => [name, state, url, file]),
    );
  }
}
