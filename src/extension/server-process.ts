/** Owner of the server's life: starts it at first use, again after a crash, and gives up after the fifth (P-03). */
import { setTimeout as delay } from "node:timers/promises";
import type { ServerMethods } from "../protocol/contract.ts";
import { UserError } from "../protocol/errors.ts";
import { createBackOff } from "./back-off.ts";
import type { ServerConnection } from "./server-connection.ts";

/** `at` is epoch ms, for display. */
export type ServerState =
  | { readonly name: "idle" }
  | { readonly name: "starting" }
  | { readonly name: "ready" }
  | {
      readonly name: "waiting";
      readonly reason: string;
      readonly at: number;
      readonly attempt: number;
    }
  | { readonly name: "failed"; readonly reason: string };

export interface ServerProcessOptions {
  /** Starts one server and waits until it is ready. */
  connect(): Promise<ServerConnection>;
  changed(state: ServerState): void;
  /** A new server is ready after one was lost or restarted. */
  restarted(methods: ServerMethods): void;
  /** Monotonic ms. */
  readonly now?: () => number;
  /** Waits for ms; rejects when aborted. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

export class ServerProcess {
  readonly #options: ServerProcessOptions;
  readonly #backOff = createBackOff();
  #state: ServerState = { name: "idle" };
  #life = new AbortController();
  #connection: ServerConnection | undefined;
  #starting: Promise<ServerMethods> | undefined;
  #attempt = 0;

  constructor(options: ServerProcessOptions) {
    this.#options = options;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** The server if it is ready now, without starting one. */
  get current(): ServerMethods | undefined {
    return this.#connection?.methods;
  }

  /** The server, started if need be. Rejects with `server_gone` once it was given up. */
  use(): Promise<ServerMethods> {
    if (this.#connection) return Promise.resolve(this.#connection.methods);
    if (this.#state.name === "failed")
      return Promise.reject(new UserError("server_gone", this.#state.reason));
    this.#starting ??= this.#start(this.#life.signal);
    return this.#starting;
  }

  /** Ends the server if there is one, forgets earlier crashes and starts anew. */
  async restart(): Promise<ServerMethods> {
    await this.stop();
    this.#backOff.reset();
    this.#attempt = 0;
    const methods = await this.use();
    this.#options.restarted(methods);
    return methods;
  }

  /** Ends the server in order. Afterwards it is idle and can be used again. */
  async stop(): Promise<void> {
    this.#life.abort();
    this.#life = new AbortController();
    const connection = this.#connection;
    const starting = this.#starting;
    this.#connection = undefined;
    this.#starting = undefined;
    await connection?.stop();
    // A start that was under way notices the abort and ends what it started.
    await starting?.catch(() => {});
    this.#set({ name: "idle" });
  }

  async #start(signal: AbortSignal): Promise<ServerMethods> {
    for (;;) {
      this.#set({ name: "starting" });
      try {
        return await this.#connect(signal);
      } catch (error) {
        await this.#afterCrash(
          error instanceof Error ? error.message : String(error),
          signal,
          error,
        );
      }
    }
  }

  async #connect(signal: AbortSignal): Promise<ServerMethods> {
    const connection = await this.#options.connect();
    if (signal.aborted) {
      await connection.stop();
      throw cancelled();
    }
    this.#connection = connection;
    this.#starting = undefined;
    this.#set({ name: "ready" });
    void connection.ended.then((reason) => {
      if (this.#connection === connection) this.#recover(reason, signal);
    });
    return connection.methods;
  }

  #recover(reason: string, signal: AbortSignal): void {
    this.#connection = undefined;
    const again = async (): Promise<ServerMethods> => {
      await this.#afterCrash(reason, signal);
      return this.#start(signal);
    };
    this.#starting = again();
    // Giving up is told through the state; a caller of `use` gets the rejection too.
    this.#starting.then(
      (methods) => this.#options.restarted(methods),
      () => {},
    );
  }

  /** Waits until the next start is due; throws when there will be none. */
  async #afterCrash(reason: string, signal: AbortSignal, cause?: unknown): Promise<void> {
    if (signal.aborted) throw cancelled();
    // Another start of the same files would say the same (P-10).
    const hopeless = cause instanceof UserError && cause.code === "incompatible";
    const ms = hopeless
      ? undefined
      : this.#backOff.crashed((this.#options.now ?? (() => performance.now()))());
    if (ms === undefined) {
      this.#starting = undefined;
      this.#set({ name: "failed", reason });
      throw cause instanceof UserError ? cause : new UserError("server_gone", reason, { cause });
    }
    this.#attempt += 1;
    this.#set({ name: "waiting", reason, at: Date.now() + ms, attempt: this.#attempt });
    await (this.#options.wait ?? waitFor)(ms, signal).catch(() => {
      throw cancelled();
    });
  }

  #set(state: ServerState): void {
    if (state.name === "ready") this.#attempt = 0;
    this.#state = state;
    this.#options.changed(state);
  }
}

function waitFor(ms: number, signal: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal });
}

function cancelled(): UserError {
  return new UserError("cancelled", "The server was stopped");
}
