/** The servers that are attached now, at most one per project, and what is told about them. */
import type { Clock } from "../../clock.ts";
import { Attachment, type ExternalPart } from "./attachment.ts";
import type { Finding } from "./examine.ts";
import type { Owner } from "./places.ts";

/** Why a server is no longer attached. `changed`: the file names another one, which follows. */
export type DetachReason = "removed" | "dead" | "changed" | "invalid" | "asked" | "stopped";

export interface AttachmentsOptions {
  readonly clock: Clock;
  /** Ms between two looks at an attached server. */
  readonly healthMs: number;
  /** A server was attached, or a fact about it changed. */
  changed(part: ExternalPart): void;
  detached(id: string, reason: DetachReason): void;
  /** The process has ended; it is still attached. */
  died(attachment: Attachment): void;
  /** Its file is worth a look: an event of it may have been lost. */
  looking(file: string): void;
}

export class Attachments {
  readonly #options: AttachmentsOptions;
  readonly #all = new Map<string, Attachment>();
  #isStopped = false;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  get(id: string): Attachment | undefined {
    return this.#all.get(id);
  }

  list(): readonly Attachment[] {
    return [...this.#all.values()];
  }

  /** In place of the one the project has. @returns undefined when everything was stopped meanwhile */
  async attach(
    owner: Owner,
    file: string,
    { text, info, start }: Extract<Finding, { kind: "alive" }>,
  ): Promise<Attachment | undefined> {
    this.detach(owner.id, "changed");
    const { clock, healthMs, changed, died, looking } = this.#options;
    const attachment = new Attachment({
      owner,
      file,
      text,
      info,
      start,
      clock,
      healthMs,
      changed: () => changed(attachment.part()),
      died: () => died(attachment),
      looking: () => looking(file),
    });
    await attachment.open();
    if (this.#isStopped) return void attachment.detach();
    this.#all.set(owner.id, attachment);
    changed(attachment.part());
    return attachment;
  }

  /** The process lives on. @returns false when none is attached */
  detach(id: string, reason: DetachReason): boolean {
    const attachment = this.#all.get(id);
    if (attachment === undefined) return false;
    this.#all.delete(id);
    attachment.detach();
    this.#options.detached(id, reason);
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    for (const id of this.#all.keys()) this.detach(id, "stopped");
  }
}
