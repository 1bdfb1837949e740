/** Pages of a process that somebody else started, shown through our proxy. It is never signalled (dev-servers 6.2). */
import { UserError } from "../../../protocol/errors.ts";
import type { ProxyListener } from "../../dev-servers/proxy/proxy-listener.ts";
import { firstServing, isAnswering } from "./answers.ts";
import { withinLimits } from "./limits.ts";
import { openProxy, realmOnly } from "./proxied.ts";
import {
  startTimeoutMs,
  type UiFacts,
  type UiParts,
  type UiRun,
  type UiServer,
} from "./ui-server.ts";

export interface AttachedServer {
  /** Where its UI listens, its base included; empty while it has none. */
  readonly address: string;
  readonly pid: number;
}

export class AttachedUi implements UiServer {
  readonly kind = "attached";
  readonly #parts: UiParts;
  #server: AttachedServer;
  #proxy: ProxyListener | undefined;

  constructor(parts: UiParts, server: AttachedServer) {
    this.#parts = parts;
    this.#server = server;
  }

  /** Its pages are open and stay so: they come from the new address from now on. */
  move(server: AttachedServer): void {
    this.#server = server;
  }

  facts(): UiFacts {
    const { pid } = this.#server;
    const { name } = this.#parts.project;
    return {
      port: this.#proxy?.port ?? 0,
      addresses: this.#proxy?.addresses(),
      serverUrl: this.#address,
      pid,
      viteVersion: "",
      notices: [realmOnly(`process ${pid}, which Vitrine did not start, serves ${name}`)],
      problems: [],
      vite: undefined,
    };
  }

  async reserve(): Promise<void> {
    this.#proxy ??= await openProxy(this.#parts, () => this.#address);
  }

  async start(signal: AbortSignal): Promise<UiRun> {
    const { project, step } = this.#parts;
    if (this.#address === "")
      throw new UserError(
        "server_gone",
        `The dev server of ${project.name} is gone; start it again`,
      );
    step(`Waiting for ${this.#address} to answer`);
    const ended = new AbortController();
    try {
      await withinLimits(firstServing([this.#address], ended.signal), {
        ms: startTimeoutMs,
        signal,
        late: () => this.#late(),
      });
    } finally {
      ended.abort();
    }
    return { exited: new Promise(() => {}) };
  }

  /** The proxy asks for each request. */
  async recompose(): Promise<void> {}

  isAnswering(): Promise<boolean> {
    return isAnswering(this.#address);
  }

  /** Only whoever started it stops it. */
  async stop(): Promise<void> {}

  async release(): Promise<void> {
    const proxy = this.#proxy;
    this.#proxy = undefined;
    await proxy?.close();
  }

  get #address(): string {
    return this.#server.address.replace(/([^/])$/, "$1/");
  }

  #late(): UserError {
    return new UserError(
      "unresponsive",
      `${this.#address} did not answer within ${startTimeoutMs / 1000} s; look at the terminal of its process ${this.#server.pid}`,
    );
  }
}
