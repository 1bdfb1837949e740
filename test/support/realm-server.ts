/** A small server that speaks the realm contract as a Vite host would, so that the page client can be tested alone. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { WebSocketServer, type WebSocket } from "ws";
import {
  REALM_SUBPROTOCOL,
  type FromRealm,
  type RunRequest,
  type ToRealm,
} from "../../src/protocol/realm.ts";

type Hello = Extract<FromRealm, { type: "hello" }>;
type Finished = Extract<FromRealm, { type: "finished" }>;

export interface Answer {
  readonly type?: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One connection of a page. */
export interface RealmConnection {
  readonly hello: Hello;
  /** Everything it said so far. */
  readonly messages: readonly FromRealm[];
  /** The first message of the type that was not taken yet, now or when it comes. */
  next<Type extends FromRealm["type"]>(type: Type): Promise<Extract<FromRealm, { type: Type }>>;
  send(message: ToRealm): void;
  /** Runs a body in the form of the block compiler and waits for its end. */
  run(code: string, more?: Partial<RunRequest>): Promise<Finished>;
  /** The same for its value; rejects with the block's error. */
  value(code: string, more?: Partial<RunRequest>): Promise<unknown>;
  close(): void;
}

export interface RealmServer {
  readonly origin: string;
  readonly credentials: readonly string[];
  /** What is served, by path. */
  readonly files: Map<string, Answer>;
  /** The name that the next hello gets; empty for a name of the server's own choice. */
  name: string;
  /** While false, neither credentials nor sockets are given. */
  up: boolean;
  /** The next request for a credential while the server is not up. */
  refusal(): Promise<void>;
  /** The next page that connects, after its welcome. */
  connection(): Promise<RealmConnection>;
  close(): Promise<void>;
}

/** The page client as it is shipped. */
export async function buildPageClient(): Promise<string> {
  const result = await build({
    entryPoints: ["src/realm/page.ts"],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    target: "es2022",
    minify: true,
  });
  return result.outputFiles[0]?.text ?? "";
}

/** @param base public base of the pages, with slashes at both ends */
export async function startRealmServer(client: string, base = "/"): Promise<RealmServer> {
  const files = new Map<string, Answer>([
    [`${base}-vitrine/page.js`, { type: "text/javascript", body: client }],
  ]);
  const credentials: string[] = [];
  const queue = makeQueue<RealmConnection>();
  const refusals = makeQueue<undefined>();
  const http = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    if (path === `${base}-vitrine/credential`) {
      const allowed =
        server.up &&
        request.method === "POST" &&
        request.headers["content-type"] === "application/json";
      if (allowed) credentials.push(`c${credentials.length}`);
      else refusals.add(undefined);
      response.writeHead(allowed ? 200 : 503, { "content-type": "application/json" });
      response.end(JSON.stringify({ credential: credentials.at(-1) }));
      return;
    }
    const file = files.get(path);
    response.writeHead(file === undefined ? 404 : 200, {
      "content-type": file?.type ?? "text/html",
      ...file?.headers,
    });
    response.end(file?.body ?? "nothing here");
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => REALM_SUBPROTOCOL });
  http.on("upgrade", (request, socket, head) => {
    const offered = request.headers["sec-websocket-protocol"]?.split(", ");
    const isOurs = request.url === `${base}-vitrine/realm` && offered?.[0] === REALM_SUBPROTOCOL;
    if (!server.up || !isOurs || offered[1] !== `token.${credentials.at(-1)}`) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => accept(opened));
  });

  function accept(socket: WebSocket): void {
    socket.once("message", (data) => {
      const hello = JSON.parse(String(data)) as Hello;
      const connection = connect(socket, hello, files, base);
      const name = server.name || hello.name || "7-zen-1201-03";
      connection.send({ type: "welcome", realm: "r1", name });
      queue.add(connection);
    });
  }

  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const server: RealmServer = {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    credentials,
    files,
    name: "",
    up: true,
    connection: () => queue.take(() => true),
    refusal: () => refusals.take(() => true),
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

function connect(
  socket: WebSocket,
  hello: Hello,
  files: Map<string, Answer>,
  base: string,
): RealmConnection {
  const messages: FromRealm[] = [hello];
  const queue = makeQueue<FromRealm>();
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as FromRealm;
    messages.push(message);
    queue.add(message);
  });
  const connection: RealmConnection = {
    hello,
    messages,
    next: async (type) => (await queue.take((message) => message.type === type)) as never,
    send: (message) => socket.send(JSON.stringify(message)),
    async run(code, more = {}) {
      jobs += 1;
      const job = `job${jobs}`;
      const script = `-vitrine/block/${job}.js`;
      const body = `with (__scope) { return (async function () { ${code} }).call(globalThis) }`;
      const text =
        more.code ??
        `globalThis["-vitrine"].block("${job}", function (__scope, __vitrine) { ${body} })`;
      if (text !== "") files.set(`${base}${script}`, { type: "text/javascript", body: text });
      const request = {
        type: "run",
        job,
        scope: "notes.md",
        script,
        scriptName: "",
        file: "/notes.md",
        imports: [],
      } as const;
      connection.send({ ...request, ...more, code: text });
      return (await queue.take(
        (message) => message.type === "finished" && message.job === job,
      )) as Finished;
    },
    async value(code, more) {
      const { error, value } = await connection.run(code, more);
      if (error !== undefined) throw new Error(error.stack);
      return value?.kind === "json" ? JSON.parse(value.text) : undefined;
    },
    close: () => socket.terminate(),
  };
  return connection;
}

let jobs = 0;

function makeQueue<T>() {
  const items: T[] = [];
  const waiting: { wants: (item: T) => boolean; give: (item: T) => void }[] = [];
  return {
    add(item: T): void {
      const index = waiting.findIndex(({ wants }) => wants(item));
      if (index < 0) items.push(item);
      else waiting.splice(index, 1)[0]?.give(item);
    },
    take(wants: (item: T) => boolean): Promise<T> {
      const index = items.findIndex(wants);
      if (index >= 0) return Promise.resolve(items.splice(index, 1)[0] as T);
      return new Promise((give) => waiting.push({ wants, give }));
    },
  };
}
