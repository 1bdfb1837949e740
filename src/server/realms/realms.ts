/** The set of live realms: who is there, under which name, and how to reach them. */
import { randomBytes } from "node:crypto";
import type { Realm } from "../../protocol/model.ts";
import type { FromRealm, ToRealm } from "../../protocol/realm.ts";
import { freeName, newRealmName } from "./names.ts";

/** Ms a page may be away (reload, moved panel, dropped socket) and still be the same realm (decision 40). */
const awayMs = 5000;

export type Hello = Extract<FromRealm, { type: "hello" }>;

/** A way to one realm: a WebSocket or an IPC channel. */
export interface RealmLink {
  send(message: ToRealm): void;
  close(): void;
}

export interface RealmListener {
  /** A realm came, went, moved or changed its state. */
  changed(): void;
  /** A realm (or the document in it) is new: what was said about the old one no longer holds. */
  loaded(realm: LiveRealm): void;
  /** Everything a realm says, except what this set handles itself. */
  said(realm: LiveRealm, message: FromRealm): void;
  gone(realm: LiveRealm, why: string): void;
}

/** One live realm. Written by the set it belongs to. */
export class LiveRealm {
  readonly id = randomBytes(9).toString("base64url");
  readonly session: string | undefined;
  readonly hello: Hello;
  readonly name: string;
  readonly since = Date.now();
  link: RealmLink | undefined;
  url: string;
  title: string;
  running = false;
  leaving: NodeJS.Timeout | undefined;

  constructor(session: string | undefined, hello: Hello, name: string) {
    this.session = session;
    this.hello = hello;
    this.name = name;
    this.url = hello.url;
    this.title = hello.title;
  }

  /** The snapshot others see. */
  facts(): Realm {
    const { id, name, url, title, since, session } = this;
    const state = this.link === undefined ? "away" : this.running ? "running" : "idle";
    return {
      id,
      name,
      kind: this.hello.kind,
      url,
      title,
      since,
      state,
      ...(session === undefined ? {} : { session }),
    };
  }

  /** False when nobody is at the other end. */
  send(message: ToRealm): boolean {
    this.link?.send(message);
    return this.link !== undefined;
  }
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
    const realm = this.#returning(session, hello) ?? this.#enter(session, hello);
    clearTimeout(realm.leaving);
    Object.assign(realm, { link, url: hello.url, title: hello.title, leaving: undefined });
    link.send({ type: "welcome", realm: realm.id, name: realm.name });
    this.#tell((listener) => listener.loaded?.(realm));
    this.#changed();
    return {
      realm,
      receive: (message) => this.#receive(realm, message),
      lost: (why) => this.#lost(realm, link, why),
    };
  }

  all(): readonly LiveRealm[] {
    return [...this.#realms.values()];
  }

  find(name: string): LiveRealm | undefined {
    return this.all().find((realm) => realm.name === name);
  }

  setRunning(realm: LiveRealm, running: boolean): void {
    realm.running = running;
    this.#changed();
  }

  removeSession(session: string): void {
    for (const realm of this.all())
      if (realm.session === session) this.#remove(realm, "The session was stopped");
  }

  /** @returns ends the listening */
  listen(listener: Partial<RealmListener>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A tab that reloads keeps its instance; a duplicated tab copies it, but there the first is still connected. */
  #returning(session: string | undefined, hello: Hello): LiveRealm | undefined {
    return this.all().find(
      (realm) =>
        realm.session === session &&
        realm.hello.instance === hello.instance &&
        realm.link === undefined,
    );
  }

  #enter(session: string | undefined, hello: Hello): LiveRealm {
    const names = new Set(this.all().map((realm) => realm.name));
    const name = hello.name === "" ? newRealmName(names) : freeName(hello.name, names);
    const realm = new LiveRealm(session, hello, name);
    this.#realms.set(realm.id, realm);
    return realm;
  }

  #receive(realm: LiveRealm, message: FromRealm): void {
    if (message.type !== "navigated")
      return this.#tell((listener) => listener.said?.(realm, message));
    realm.url = message.url;
    realm.title = message.title;
    this.#changed();
  }

  #lost(realm: LiveRealm, link: RealmLink, why: string): void {
    if (realm.link !== link) return;
    realm.link = undefined;
    if (realm.hello.kind === "node") return this.#remove(realm, why);
    realm.leaving = setTimeout(() => this.#remove(realm, why), awayMs);
    this.#changed();
  }

  #remove(realm: LiveRealm, why: string): void {
    clearTimeout(realm.leaving);
    if (!this.#realms.delete(realm.id)) return;
    realm.link?.close();
    this.#tell((listener) => listener.gone?.(realm, why));
    this.#changed();
  }

  #changed(): void {
    this.#tell((listener) => listener.changed?.());
  }

  #tell(call: (listener: Partial<RealmListener>) => void): void {
    for (const listener of this.#listeners) call(listener);
  }
}
