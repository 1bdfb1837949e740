/** The set of live realms: who is there, under which name, and how to reach them. */
import type { FromRealm } from "../../protocol/realm.ts";
import { LiveRealm, type Hello, type RealmFacts, type RealmLink } from "./live-realm.ts";
import { frameName, freeName, newNodeName, newRealmName, realmName } from "./names.ts";

export type { LiveRealm } from "./live-realm.ts";

/** Ms a realm may be away (reload, moved panel, dropped socket) and still be the same one (decision 40). */
const awayMs = 5000;

export interface RealmListener {
  /** A realm came, went, moved or changed its state. */
  changed(): void;
  /** A realm (or the document in it) is new: what was said about the old one no longer holds. */
  loaded(realm: LiveRealm): void;
  /** Everything a realm says, except what this set handles itself. */
  said(realm: LiveRealm, message: FromRealm): void;
  /** A worker that did not answer for so long was ended; `restarted`: another one comes under its name. */
  hung(worker: LiveRealm, silentMs: number, restarted: boolean): void;
  gone(realm: LiveRealm, why: string): void;
}

/** The door for the further messages of a realm that has introduced itself. */
export interface RealmDoor {
  readonly realm: LiveRealm;
  receive(message: FromRealm): void;
  /** The link is down. The realm may come back. */
  lost(why: string): void;
}

export class Realms {
  readonly #realms = new Map<string, LiveRealm>();
  readonly #listeners = new Set<Partial<RealmListener>>();

  /** A realm introduces itself over a link. The server owns its name. */
  join(session: string | undefined, link: RealmLink, hello: Hello): RealmDoor {
    const parent = this.#parentOf(session, hello);
    const realm = this.#returning(session, hello) ?? this.#enter(session, hello, parent);
    clearTimeout(realm.leaving);
    const { url, title } = hello;
    Object.assign(realm, { link, hello, parent, url, title, seen: Date.now(), leaving: undefined });
    this.#adopt(realm);
    link.send({ type: "welcome", realm: realm.id, name: realm.name });
    this.#tell((listener) => listener.loaded?.(realm));
    this.#changed();
    return {
      realm,
      receive: (message) => this.#receive(realm, message),
      lost: (why) => this.#lost(realm, link, why),
    };
  }

  /** A realm that does not speak for itself is listed; `remove` takes it from the list. */
  list(session: string | undefined, facts: RealmFacts): LiveRealm {
    const realm = this.#enter(session, facts, undefined);
    this.#changed();
    return realm;
  }

  all(): readonly LiveRealm[] {
    return [...this.#realms.values()];
  }

  find(name: string): LiveRealm | undefined {
    return this.all().find((realm) => realm.name === name);
  }

  /** The companion worker of a page, whether or not it can be reached just now. */
  companionOf(page: LiveRealm): LiveRealm | undefined {
    return this.all().find((realm) => realm.companion && realm.parent === page);
  }

  setRunning(realm: LiveRealm, running: boolean): void {
    realm.running = running;
    this.#changed();
  }

  /** A worker was ended by its page. It may come back under its name, also before its old link is seen to end. */
  ended(worker: LiveRealm, why: string): void {
    const { link } = worker;
    if (link === undefined) return;
    this.#lost(worker, link, why);
    link.close();
  }

  /** A worker did not answer and was ended by its page. */
  hung(worker: LiveRealm, silentMs: number, restarted: boolean): void {
    this.#tell((listener) => listener.hung?.(worker, silentMs, restarted));
    if (restarted) this.ended(worker, "The worker did not answer");
    else this.remove(worker, "The worker stopped answering again and again");
  }

  removeSession(session: string): void {
    for (const realm of this.all())
      if (realm.session === session) this.remove(realm, "The session was stopped");
  }

  remove(realm: LiveRealm, why: string): void {
    clearTimeout(realm.leaving);
    if (!this.#realms.delete(realm.id)) return;
    realm.link?.close();
    this.#tell((listener) => listener.gone?.(realm, why));
    // Frames and workers end with their page.
    for (const child of this.all()) if (child.parent === realm) this.remove(child, why);
    this.#changed();
  }

  /** @returns ends the listening */
  listen(listener: Partial<RealmListener>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #parentOf(session: string | undefined, { parent }: RealmFacts): LiveRealm | undefined {
    if (parent === undefined) return undefined;
    const named = this.all().filter(
      (realm) => realm.session === session && realm.hello.instance === parent,
    );
    // A page that moved to another server's name may still be listed under the old one.
    return named.find((realm) => realm.link !== undefined) ?? named[0];
  }

  /** Frames and workers whose page comes after them, as may happen when a server starts anew. */
  #adopt(parent: LiveRealm): void {
    for (const realm of this.all()) {
      const isChild =
        realm.session === parent.session && realm.hello.parent === parent.hello.instance;
      if (isChild && realm.parent === undefined && realm !== parent) realm.parent = parent;
    }
  }

  /**
   * A tab that reloads keeps its instance; a duplicated tab copies it, but there the first is still connected. A worker
   * has no memory of its own: it takes the place of one of its name that its page had.
   */
  #returning(session: string | undefined, hello: Hello): LiveRealm | undefined {
    const away = this.all().filter(
      (realm) => realm.session === session && realm.link === undefined && realm.kind === hello.kind,
    );
    return (
      away.find((realm) => realm.hello.instance === hello.instance) ??
      away.find((realm) => isSuccessor(realm, hello))
    );
  }

  #enter(session: string | undefined, facts: RealmFacts, parent: LiveRealm | undefined): LiveRealm {
    const taken = new Set(this.all().map((realm) => realm.name));
    const realm = new LiveRealm(session, facts, nameFor(facts, parent, taken));
    realm.parent = parent;
    this.#realms.set(realm.id, realm);
    return realm;
  }

  #receive(realm: LiveRealm, message: FromRealm): void {
    if (message.type !== "navigated")
      return this.#tell((listener) => listener.said?.(realm, message));
    realm.url = message.url;
    realm.title = message.title;
    realm.seen = Date.now();
    this.#changed();
  }

  #lost(realm: LiveRealm, link: RealmLink, why: string): void {
    if (realm.link !== link) return;
    realm.link = undefined;
    if (realm.kind === "node") return this.remove(realm, why);
    // That a page may come back keeps no server alive.
    realm.leaving = setTimeout(() => this.remove(realm, why), awayMs).unref();
    this.#changed();
  }

  #changed(): void {
    this.#tell((listener) => listener.changed?.());
  }

  #tell(call: (listener: Partial<RealmListener>) => void): void {
    for (const listener of this.#listeners) call(listener);
  }
}

function isSuccessor(realm: LiveRealm, hello: Hello): boolean {
  return (
    realm.kind === "worker" &&
    realm.hello.parent === hello.parent &&
    realm.label === (hello.label ?? "") &&
    realm.companion === (hello.companion === true)
  );
}

/** The name it had, if nobody living has it and it is one for its place; else a new one. */
function nameFor(
  { kind, name, label = "" }: RealmFacts,
  parent: LiveRealm | undefined,
  taken: ReadonlySet<string>,
): string {
  if (kind === "node") return newNodeName(taken);
  const known = name === "" ? "" : realmName(name);
  if (kind === "iframe" && parent !== undefined)
    return isFree(known, `${parent.name}-frame`, taken) ? known : frameName(parent.name, taken);
  if (kind === "worker" || kind === "service-worker") {
    const stem = realmName([parent?.name, label || "worker"].filter(Boolean).join("-"));
    return isFree(known, stem, taken) ? known : freeName(stem, taken);
  }
  return known === "" ? newRealmName(taken) : freeName(known, taken);
}

/** Whether a child of a page that was renamed meanwhile may still be called so. */
function isFree(name: string, stem: string, taken: ReadonlySet<string>): boolean {
  const number = name.startsWith(stem) ? name.slice(stem.length) : "none";
  return /^(?:-\d+)?$/.test(number) && !taken.has(name);
}
