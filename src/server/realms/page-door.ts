/**
 * What a page of ours asks of its own origin beside its files: a credential, the client, scripts of blocks, the realm's
 * socket, and the `-daebug-…` addresses. It listens nowhere itself: the session's local socket and `vitrine repl` mount it.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { REALM_SUBPROTOCOL, type ToRealm } from "../../protocol/realm.ts";
import { entries } from "../entries.ts";
import type { Admitted, Route } from "../gateway/request-gate.ts";
import type { Answer } from "../gateway/response-headers.ts";
import { createReplRoutes, replRoutes, type WireHandler } from "../repl/repl-routes.ts";
import { toFromRealm } from "./messages.ts";
import type { RealmDoor, Realms } from "./realms.ts";

export interface PageDoorOptions {
  /** The session of its pages; absent for pages of `vitrine repl`. */
  readonly session?: string;
  readonly realms: Realms;
  /** Compiled block scripts and their maps, by file name; undefined when there is none. */
  script(name: string): string | undefined;
  /** Absolute root, where test files are looked for. */
  readonly root: string;
  /** Public base of the pages. */
  base(): string;
  /** Answers realms of the older protocol; without it their addresses are unknown. */
  readonly wire?: WireHandler;
  /** Absolute root of the files below `-daebug-m/`, where no other server delivers them. */
  readonly modules?: string;
}

export interface PageDoor {
  /** Its routes, for the gate in front of it. */
  readonly routes: readonly Route[];
  /** Whether a credential was handed out to a page, and not used yet. */
  verify(credential: string): boolean;
  /** Answers an admitted request; false when the route is none of its own. */
  answer(admission: Admitted, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Takes over an admitted upgrade; false when the route is none of its own. */
  accept(admission: Admitted, request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

/** Ms a credential may be used after it was handed out, once. */
const credentialMs = 60_000;
const pingMs = 15_000;
const violationLimit = 10;
/** Bytes of one message of a realm: a value of the largest size, escaped, and its events. */
const maximumMessage = 4 * 1024 * 1024;

export function createPageDoor(options: PageDoorOptions): PageDoor {
  const credentials = createCredentials();
  const repl = createReplRoutes(options);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maximumMessage,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(REALM_SUBPROTOCOL) ? REALM_SUBPROTOCOL : false),
  });
  return {
    routes: pageRoutes,
    verify: credentials.verify,
    async answer(admission, request, response) {
      if (await repl.answer(admission, request, response)) return true;
      const { name } = admission.route;
      const file = path.posix.basename(admission.path);
      if (name === "credential") json(response, { credential: credentials.issue() });
      else if (name === "client") script(response, await clientFile(file));
      else if (name === "block") block(response, options.script(file));
      else return false;
      return true;
    },
    accept(admission, request, socket, head) {
      if (admission.route.name !== "realm") return false;
      sockets.handleUpgrade(request, socket, head, (webSocket) => serveRealm(webSocket, options));
      return true;
    },
    close: () => {
      for (const client of sockets.clients) client.terminate();
    },
  };
}

const clientFiles: Readonly<Record<string, string>> = {
  "page.js": entries.pageClient,
  "plugins.js": entries.pluginsClient,
  "worker.js": entries.workerClient,
  "worker-classic.js": entries.classicWorkerClient,
};

const own = {
  sites: "own",
  json: false,
  bodyLimit: 1024,
  upgrade: false,
  originRequired: false,
  access: "public",
} as const;

const pageRoutes: readonly Route[] = [
  {
    ...own,
    name: "credential",
    path: "/-vitrine/credential",
    methods: ["POST"],
    originRequired: true,
    json: true,
  },
  ...Object.keys(clientFiles).map((name) => ({
    ...own,
    name: "client",
    path: `/-vitrine/${name}`,
    methods: ["GET", "HEAD"],
  })),
  { ...own, name: "block", path: "/-vitrine/block/", methods: ["GET", "HEAD"] },
  {
    ...own,
    name: "realm",
    path: "/-vitrine/realm",
    methods: ["GET"],
    upgrade: true,
    originRequired: true,
    access: "page",
  },
  ...replRoutes,
];

function serveRealm(webSocket: WebSocket, options: PageDoorOptions): void {
  let door: RealmDoor | undefined;
  let violations = 0;
  let answered = true;
  const link = {
    send: (message: ToRealm) => webSocket.send(JSON.stringify(message)),
    close: () => webSocket.close(1001),
  };
  const heartbeat = setInterval(() => {
    if (!answered) return webSocket.terminate();
    answered = false;
    webSocket.ping();
  }, pingMs);
  webSocket.on("pong", () => (answered = true));
  webSocket.on("error", () => webSocket.terminate());
  webSocket.on("close", () => {
    clearInterval(heartbeat);
    door?.lost(door.realm.kind === "worker" ? "The worker ended" : "The page was closed");
  });
  webSocket.on("message", (data, isBinary) => {
    const message = isBinary ? undefined : toFromRealm(parse(String(data)));
    const fits = message !== undefined && (message.type === "hello") === (door === undefined);
    if (!fits) {
      if (++violations >= violationLimit) webSocket.close(1008);
      return;
    }
    if (message.type === "hello") door = options.realms.join(options.session, link, message);
    else door?.receive(message);
  });
}

interface Credentials {
  issue(): string;
  verify(credential: string): boolean;
}

/** Kept as hashes: a look at memory or a timing difference must not give one away. Each opens one socket. */
function createCredentials(): Credentials {
  const issued = new Map<string, number>();
  return {
    issue() {
      const now = performance.now();
      for (const [key, at] of issued) if (now - at > credentialMs) issued.delete(key);
      const credential = randomBytes(32).toString("base64url");
      issued.set(hash(credential), now);
      return credential;
    },
    verify(credential) {
      const key = hash(credential);
      const at = issued.get(key);
      issued.delete(key);
      return at !== undefined && performance.now() - at <= credentialMs;
    },
  };
}

function hash(credential: string): string {
  return createHash("sha256").update(credential).digest("base64url");
}

const clients = new Map<string, Promise<string>>();

function clientFile(name: string): Promise<string> {
  const known = clients.get(name) ?? readFile(clientFiles[name] ?? entries.pageClient, "utf8");
  clients.set(name, known);
  return known;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Counted as a violation by the caller.
    return undefined;
  }
}

function block(response: ServerResponse, text: string | undefined): void {
  if (text === undefined) send(response, { status: 404, headers: {}, body: "" });
  else script(response, text);
}

function json(response: ServerResponse, body: object): void {
  send(response, {
    status: 200,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
  });
}

function script(response: ServerResponse, body: string): void {
  send(response, {
    status: 200,
    headers: {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      // A page that is isolated from other origins may only start workers that are as well.
      "cross-origin-embedder-policy": "credentialless",
    },
    body,
  });
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, answer.headers).end(answer.body);
}
