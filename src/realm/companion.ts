/**
 * The page's companion worker (REPL specification 13.2): made when the server first asks for it, watched by pings, made
 * anew when it does not answer. A page that nobody asks pays nothing.
 */
import type { FromRealm } from "../protocol/realm.ts";
import { watchPulse, type Heartbeat, type Pulse } from "./heartbeat.ts";
import { natives } from "./natives.ts";
import { linkWorker } from "./worker-link.ts";

/** Workers that a page makes in a row. */
const mostCreations = 5;
const refused =
  "The worker of this page could not be started. Check worker-src and script-src of the page's content policy";
const usedUp = `The worker of this page stopped answering ${mostCreations} times. Reload the page to start it again`;

export interface CompanionOptions {
  /** Address of the page's base. */
  readonly base: URL;
  readonly heartbeat: Heartbeat;
  /** Instance of the page. */
  readonly instance: string;
  /** Name of the page. */
  name(): string;
  send(message: FromRealm): void;
}

export interface Companion {
  /** Makes the worker if there is none. */
  start(): void;
  /** Ends what it does and makes another one; no matter of the heartbeat, so it is not counted. */
  restart(): void;
}

export function createCompanion(options: CompanionOptions): Companion {
  const { base, heartbeat, instance, name, send } = options;
  let current: { readonly worker: Worker; pulse?: Pulse } | undefined;
  let creations = 0;

  function make(): void {
    try {
      const address = new URL("-vitrine/worker.js", base);
      watch(new natives.Worker(address, { type: "module", name: `${name()}-webworker` }));
    } catch {
      // A content policy may refuse it, and so may a page that demands Trusted Types.
      fail();
    }
  }

  function watch(worker: Worker): void {
    const made: NonNullable<typeof current> = { worker };
    current = made;
    // Only the server's own message makes this worker, so the server knows this page.
    const ready = Promise.resolve();
    const pong = (): void => made.pulse?.pong();
    linkWorker(worker, { instance, ready, pong }, (link) => {
      // Loading may take long where the network does, and is no silence.
      made.pulse = watchPulse(link, heartbeat, { silent, good: () => (creations = 0) });
    });
    worker.addEventListener("error", () => {
      // Later ones are errors of blocks, which the worker tells itself.
      if (made.pulse === undefined && current === made) fail();
    });
  }

  function fail(): void {
    end();
    send({ type: "worker-failed", message: refused });
  }

  function end(): void {
    current?.pulse?.stop();
    current?.worker.terminate();
    current = undefined;
  }

  function silent(silentMs: number): void {
    const restarted = creations < mostCreations;
    // Told first: the server must not take the new worker's hello for a reload of the old one.
    send({ type: "worker-timeout", silentMs, restarted });
    end();
    if (restarted) create();
  }

  function create(): void {
    creations += 1;
    make();
  }

  return {
    start() {
      if (current !== undefined) return;
      if (creations < mostCreations) create();
      else send({ type: "worker-failed", message: usedUp });
    },
    restart() {
      if (current === undefined && creations >= mostCreations) return;
      end();
      make();
    },
  };
}
