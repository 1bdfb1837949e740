/** The section of a test run in a log: each message replaces the one before (12.6). */
import { placeAboveRegion, replaceOwn } from "../../../markdown/log/regions.ts";
import { formatTestProgress, type TestProgress } from "../../../markdown/log/tests.ts";
import type { WriteEdit } from "./background.ts";

export class TestSection {
  readonly #write: WriteEdit;
  #section = "";

  constructor(write: WriteEdit) {
    this.#write = write;
  }

  async show(progress: TestProgress): Promise<void> {
    const section = formatTestProgress(progress);
    const old = this.#section;
    this.#section = progress.complete ? "" : section;
    await this.#write(
      (text) =>
        (old === "" ? undefined : replaceOwn(text, old, section)) ??
        placeAboveRegion(text, section),
      { create: true, isPassing: !progress.complete },
    );
  }

  /** The request is over: what comes is another run. */
  end(): void {
    this.#section = "";
  }
}
