/**
 * The realm channel of one session. It listens on a local socket in a private directory; the session's Vite host hands
 * the page's `-vitrine/…` requests to it, so that a page talks only to its own origin.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { REALM_SUBPROTOCOL, type ToRealm } from "../../protocol/realm.ts";
import { entries } from "../entries.ts";
import { harmlessToPolls } from "../gateway/poll-answer.ts";
import { createRequestGate, headOf, refusal, type RequestGate } from "../gateway/request-gate.ts";
import { answerText, type Answer } from "../gateway/response-headers.ts";
import { createReplRoutes, replRoutes, type WireHandler } from "../repl/repl-routes.ts";
import { toFromRealm } from "./messages.ts";
import type { RealmDoor, Realms } from "./realms.ts";

export interface PageChannel {
  /** Path of the local socket or pipe. */
  readonly pipe: string;
  close(): Promise<void>;
}

export interface PageChannelOptions {
  readonly session: string;
  readonly runDirectory: string;
  readonly realms: Realms;
  /** Compiled block scripts and their maps, by file name; undefined when there is none. */
  script(name: string): string | undefined;
  /** Exact origins and hosts of the session's pages. */
  addresses(): { readonly origins: readonly string[]; readonly hosts: readonly string[] };
  /** Absolute root of the session's project, where test files are looked for. */
  readonly root: string;
  /** Public base of the session's pages. */
  base(): string;
  /** Answers realms of the older protocol; without it their addresses are unknown. */
  readonly wire?: WireHandler;
}

/** Ms a credential may be used after it was handed out, once. */
const credentialMs = 60_000;
const pingMs = 15_000;
const violationLimit = 10;
/** Bytes of one message of a realm: a value of the largest size, escaped, and its events. */
const maximumMessage = 4 * 1024 * 1024;

export async function openPageChannel(options: PageChannelOptions): Promise<PageChannel> {
  const credentials = createCredentials();
  const gate = pageGate(options, credentials.verify);
  const repl = createReplRoutes(options);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maximumMessage,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(REALM_SUBPROTOCOL) ? REALM_SUBPROTOCOL : false),
  });
  const server = createServer((request, response) => void answer(request, response));

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const admission = gate.admit(headOf(request, false));
    if (!admission.ok) {
      // Read to its end: the Vite host in between would report a closed pipe instead of this answer.
      request.resume();
      const { status, body, headers } = harmlessToPolls(refusal(admission), request);
      return send(response, { status, body, headers: { ...headers, connection: "keep-alive" } });
    }
    if (await repl.answer(admission, request, response)) return;
    if (admission.route.name === "credential")
      return json(response, { credential: credentials.issue() });
    if (admission.route.name === "client")
      return script(response, await clientFile(path.posix.basename(admission.path)));
    const found = options.script(path.posix.basename(admission.path));
    return found === undefined
      ? send(response, { status: 404, headers: {}, body: "" })
      : script(response, found);
  };

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const admission = gate.admit(headOf(request, true));
    if (!admission.ok) return void socket.end(answerText(refusal(admission)));
    sockets.handleUpgrade(request, socket, head, (webSocket) => serveRealm(webSocket, options));
  });

  const pipe =
    process.platform === "win32"
      ? `\\\\.\\pipe\\vitrine-${randomBytes(12).toString("hex")}`
      : path.join(options.runDirectory, `${randomBytes(6).toString("hex")}.sock`);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(pipe, resolve));
  return {
    pipe,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pageGate(
  options: PageChannelOptions,
  verify: (credential: string) => boolean,
): RequestGate {
  const own = {
    sites: "own",
    json: false,
    bodyLimit: 1024,
    upgrade: false,
    originRequired: false,
    access: "public",
  } as const;
  return createRequestGate({
    hosts: () => options.addresses().hosts,
    origins: () => options.addresses().origins,
    prefixes: () => ["/"],
    credentials: { page: verify, control: () => false },
    routes: [
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
    ],
  });
}

function serveRealm(webSocket: WebSocket, options: PageChannelOptions): void {
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

const clientFiles: Readonly<Record<string, string>> = {
  "page.js": entries.pageClient,
  "worker.js": entries.workerClient,
  "worker-classic.js": entries.classicWorkerClient,
};
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
