/** Edits that are tried until they are done: a reply is not given up because the file cannot be written just now. */
import type { Clock } from "../../clock.ts";
import type { EditOptions, LogEdit, LogText } from "./log-text.ts";

/** Ms until an edit that could not be written is tried again. */
const retryMs = 2000;

export interface SureEditsOptions {
  readonly log: LogText;
  readonly clock: Clock;
  /** Whether a failed edit is given up. */
  isClosed(): boolean;
  /** Told of a failure, once as long as it is the same. */
  failed(error: unknown): void;
}

export class SureEdits {
  readonly #options: SureEditsOptions;
  /** Ends the pause between two tries. */
  #hurry: () => void = () => {};

  constructor(options: SureEditsOptions) {
    this.#options = options;
  }

  async change(edit: LogEdit, done: NonNullable<EditOptions["done"]>): Promise<void> {
    const { log, failed, isClosed } = this.#options;
    let said = "";
    for (;;) {
      try {
        await log.change(edit, { done });
        return;
      } catch (error) {
        if (said !== String(error)) failed(error);
        said = String(error);
        if (isClosed()) return;
        await this.#pause();
      }
    }
  }

  /** Tries at once what waits to be tried again. */
  hurry(): void {
    this.#hurry();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(retryMs, resolve);
      this.#hurry = () => (cancel(), resolve());
    });
  }
}
