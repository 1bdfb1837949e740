/**
 * What serves the pages of a session: chosen when it starts, and kept, with its address, as long as the same would be chosen
 * again.
 */
import type { Project } from "../../protocol/model.ts";
import type { UiConfig } from "../dev-servers/project-config.ts";
import { AttachedUi, type AttachedServer } from "./ui/attached-ui.ts";
import { choiceOf, createUi, keyOf, type UiChoice } from "./ui/choose-ui.ts";
import type { UiFacts, UiParts, UiServer } from "./ui/ui-server.ts";

export interface SessionUiParts extends Omit<UiParts, "project" | "pipe" | "installsNow"> {
  /** As it is known now. */
  project(): Project;
  /** The project's UI as configured now; what runs keeps what it started with. */
  uiConfig(): UiConfig | undefined;
  /** Address of the realm channel; opened before the first start. */
  openChannel(): Promise<string>;
}

export class SessionUi {
  readonly #parts: SessionUiParts;
  #server: UiServer | undefined;
  /** Of what was chosen last. */
  #key = "";
  #pipe = "";
  #attached: AttachedServer | undefined;
  #installsNext = false;

  constructor(parts: SessionUiParts) {
    this.#parts = parts;
  }

  /** Undefined until something was chosen. */
  get server(): UiServer | undefined {
    return this.#server;
  }

  get facts(): (UiFacts & Pick<UiServer, "kind">) | undefined {
    return this.#server && { ...this.#server.facts(), kind: this.#server.kind };
  }

  /** Whether something else would be chosen now. */
  get isOutdated(): boolean {
    return this.#server === undefined || this.#key !== this.#wantedKey;
  }

  /** From now on a process outside is to serve. @returns whether it is another one, or elsewhere */
  attach(server: AttachedServer): boolean {
    const before = this.#attached;
    this.#attached = server;
    return before?.address !== server.address || before.pid !== server.pid;
  }

  /** @returns whether a process outside was to serve */
  detach(): boolean {
    const isAttached = this.#attached !== undefined;
    this.#attached = undefined;
    return isAttached;
  }

  /** @param installs whether the next start installs the packages first, whatever is there */
  installNext(installs: boolean): void {
    this.#installsNext = installs;
  }

  /** Chooses, and reserves the address. */
  async prepare(): Promise<void> {
    const choice = this.#choice();
    if (this.#pipe === "") this.#pipe = await this.#parts.openChannel();
    if (this.isOutdated) {
      await this.#server?.release();
      this.#server = createUi(choice, this.#uiParts());
      this.#key = this.#wantedKey;
    }
    if (this.#server instanceof AttachedUi && choice.attached !== undefined)
      this.#server.move(choice.attached);
    await this.#server?.reserve();
  }

  /** By what it would be served now, and with which file. */
  get #wantedKey(): string {
    return `${keyOf(this.#choice())} ${this.#parts.project().configFile}`;
  }

  #choice(): UiChoice {
    return choiceOf(this.#attached, this.#parts.uiConfig());
  }

  #uiParts(): UiParts {
    return {
      ...this.#parts,
      project: this.#parts.project(),
      pipe: this.#pipe,
      installsNow: () => this.#takeInstall(),
    };
  }

  #takeInstall(): boolean {
    const isWanted = this.#installsNext;
    this.#installsNext = false;
    return isWanted;
  }
}
