/** What a command that serves pages prints: where it listens, and the end of it for when it fails. */
import { printedAddress } from "./server-command.ts";

const keptLines = 20;

export class ServerOutput {
  /** The first that was printed. */
  readonly address: Promise<URL>;
  #announced: URL | undefined;
  #lines: string[] = [];
  #announce: ((address: URL) => void) | undefined;

  constructor() {
    this.address = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  /** @param text one line without ANSI sequences */
  add(text: string): void {
    this.#lines = [...this.#lines, text].filter((line) => line.trim() !== "").slice(-keptLines);
    this.#announced ??= printedAddress(text);
    if (this.#announced !== undefined) this.#announce?.(this.#announced);
  }

  /** Undefined as long as nothing was printed. */
  get announced(): URL | undefined {
    return this.#announced;
  }

  get lastLines(): readonly string[] {
    return this.#lines;
  }

  /** Whether it says that somebody else has the port: with `--strictPort` a server ends then. */
  saysTaken(port: number): boolean {
    return this.#lines.some(
      (line) => /EADDRINUSE|\bin use\b/i.test(line) && line.includes(String(port)),
    );
  }
}
