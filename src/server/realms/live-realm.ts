/** One realm as the server knows it: who it is, and how to reach it. */
import { randomBytes } from "node:crypto";
import type { Realm, RealmKind } from "../../protocol/model.ts";
import type { FromRealm, ToRealm } from "../../protocol/realm.ts";

export type Hello = Extract<FromRealm, { type: "hello" }>;

/** What is known of a realm that does not speak for itself. */
export type RealmFacts = Omit<Hello, "type">;

/** A way to one realm: a WebSocket or an IPC channel. */
export interface RealmLink {
  send(message: ToRealm): void;
  close(): void;
}

/** One live realm. Written by the set it belongs to. */
export class LiveRealm {
  readonly id = randomBytes(9).toString("base64url");
  readonly session: string | undefined;
  readonly kind: RealmKind;
  readonly name: string;
  readonly since = Date.now();
  /** The companion worker of its parent. */
  readonly companion: boolean;
  /** What a worker is called in its page. */
  readonly label: string;
  hello: RealmFacts;
  /** The realm it belongs to, once that has introduced itself as well. */
  parent: LiveRealm | undefined;
  link: RealmLink | undefined;
  url: string;
  title: string;
  /** Epoch ms of its last arrival: of several realms the one that was seen last is meant. */
  seen = Date.now();
  running = false;
  leaving: NodeJS.Timeout | undefined;

  constructor(session: string | undefined, hello: RealmFacts, name: string) {
    this.session = session;
    this.kind = hello.kind;
    this.companion = hello.companion === true;
    this.label = hello.label ?? "";
    this.hello = hello;
    this.name = name;
    this.url = hello.url;
    this.title = hello.title;
  }

  /** The snapshot others see. */
  facts(): Realm {
    const { id, name, kind, url, title, since, session, parent } = this;
    return {
      id,
      name,
      kind,
      url,
      title,
      since,
      state: this.#state(),
      ...(session === undefined ? {} : { session }),
      ...(parent === undefined ? {} : { parent: parent.name }),
    };
  }

  /** False when nobody is at the other end. */
  send(message: ToRealm): boolean {
    this.link?.send(message);
    return this.link !== undefined;
  }

  #state(): Realm["state"] {
    // Nobody ever talks to a service worker, so its silence says nothing.
    if (this.kind === "service-worker") return "idle";
    if (this.link === undefined) return "away";
    return this.running ? "running" : "idle";
  }
}
