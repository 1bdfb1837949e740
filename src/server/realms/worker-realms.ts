/** Companion workers of pages (REPL specification 13.2): the page makes one when something first asks for it. */
import { UserError } from "../../protocol/errors.ts";
import type { FromRealm } from "../../protocol/realm.ts";
import type { Log } from "../log.ts";
import type { LiveRealm, Realms } from "./realms.ts";

/** End of a companion worker's name; the rest is its page's. */
export const COMPANION_END = "-webworker";
/** Ms until a worker that a page was asked for has said hello. */
const helloMs = 15_000;
/** More restarts than this within a minute are worth a word of their own (13.3). */
const manyRestarts = 3;
const minuteMs = 60_000;

export class WorkerRealms {
  readonly #realms: Realms;
  readonly #log: Log;
  readonly #opening = new Map<LiveRealm, Promise<LiveRealm>>();
  readonly #restarts = new Map<string, number[]>();

  constructor(realms: Realms, log: Log) {
    this.#realms = realms;
    this.#log = log;
    realms.listen({
      said: (realm, message) => this.#said(realm, message),
      gone: ({ name }) => this.#restarts.delete(name),
    });
  }

  /** The companion worker of a page; it is made when there is none. Throws UserError `realm_gone`. */
  open(page: LiveRealm): Promise<LiveRealm> {
    const known = this.#realms.companionOf(page);
    if (known?.link !== undefined) return Promise.resolve(known);
    const opening =
      this.#opening.get(page) ?? this.#ask(page).finally(() => this.#opening.delete(page));
    this.#opening.set(page, opening);
    return opening;
  }

  /** The page whose companion worker would have that name, whether or not it is there. */
  pageOf(name: string): LiveRealm | undefined {
    const page = name.endsWith(COMPANION_END)
      ? this.#realms.find(name.slice(0, -COMPANION_END.length))
      : undefined;
    return page?.kind === "page" ? page : undefined;
  }

  /** Makes the companion worker of that name, if its page is there; nobody waits for it. */
  summon(name: string): void {
    const page = this.pageOf(name);
    // A worker that does not start is told by its page.
    if (page !== undefined) this.open(page).catch(() => {});
  }

  /** Ends what a companion worker does and starts it anew. False when the realm is none, or its page cannot be asked. */
  restart(worker: LiveRealm): boolean {
    if (!worker.companion || worker.parent?.send({ type: "restart-worker" }) !== true) return false;
    this.#realms.ended(worker, "The worker was restarted");
    return true;
  }

  #ask(page: LiveRealm): Promise<LiveRealm> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        unlisten();
        end();
      };
      const fail = (message: string): void =>
        settle(() => reject(new UserError("realm_gone", message)));
      const timer = setTimeout(
        () => fail(`The worker of ${page.name} did not start within ${helloMs / 1000} s`),
        helloMs,
      );
      const unlisten = this.#realms.listen({
        loaded: (realm) => {
          if (realm.companion && realm.parent === page) settle(() => resolve(realm));
          // The document that was asked has gone with its worker.
          else if (realm === page) page.send({ type: "worker" });
        },
        said: (realm, message) => {
          if (realm === page && message.type === "worker-failed") fail(message.message);
        },
        gone: (realm, why) => {
          if (realm === page) fail(`${why} before its worker started`);
        },
      });
      // A page that is away is asked when it comes back.
      page.send({ type: "worker" });
    });
  }

  #said(page: LiveRealm, message: FromRealm): void {
    if (message.type !== "worker-timeout") return;
    const worker = this.#realms.companionOf(page);
    if (worker === undefined) return;
    const { silentMs, restarted } = message;
    const end = restarted ? "restarted" : "not started again before its page is reloaded";
    const about = {
      source: "page",
      ...(page.session === undefined ? {} : { session: page.session }),
    };
    this.#log.add("warn", `${worker.name} did not answer for ${silentMs} ms: ${end}`, about);
    if (this.#countRestart(worker.name) === manyRestarts)
      this.#log.add(
        "warn",
        `${worker.name} was restarted ${manyRestarts} times in a minute`,
        about,
      );
    this.#realms.hung(worker, silentMs, restarted);
  }

  #countRestart(name: string): number {
    const now = performance.now();
    const recent = (this.#restarts.get(name) ?? []).filter((at) => now - at < minuteMs);
    this.#restarts.set(name, [...recent, now]);
    return recent.length + 1;
  }
}
