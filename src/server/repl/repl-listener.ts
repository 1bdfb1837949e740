/** The one listener of `vitrine repl`: pages with our client, their realms, and the API, on one port (REPL specification 13 to 18). */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import type { Duplex } from "node:stream";
import { entries } from "../entries.ts";
import { harmlessToPolls } from "../gateway/poll-answer.ts";
import {
  createRequestGate,
  headOf,
  refusal,
  securityHeaders,
  type Admitted,
  type RequestGate,
} from "../gateway/request-gate.ts";
import { answerText } from "../gateway/response-headers.ts";
import { applyServerLimits, SERVER_OPTIONS } from "../gateway/server-limits.ts";
import { createPageDoor, type PageDoor } from "../realms/page-door.ts";
import { replRoutes } from "./repl-routes.ts";
import { browserHost, hostNames, isLoopback } from "./repl-hosts.ts";
import { createWire } from "../realms/poll-wire.ts";
import type { Realms } from "../realms/realms.ts";
import { apiRoutes, mountApi, type ApiMount } from "./api/mount.ts";
import { cookieWith, hasKey, takesKey } from "./repl-key.ts";
import { createRemotePages, remoteRoutes, type RemotePages } from "./remote-pages.ts";
import { createSite, type Site } from "./site.ts";
import type { OpenRepl } from "./logs/repls.ts";

export interface ReplListenerOptions {
  /** Absolute real path. */
  readonly root: string;
  readonly version: string;
  readonly realms: Realms;
  find(): OpenRepl | undefined;
  script(name: string): string | undefined;
  /** Whether a credential is the control token. */
  verifyControl(credential: string): boolean;
  /** Address to listen on; loopback unless the user said otherwise. */
  readonly host: string;
  /** What every realm must bring, when the user wants one (18.3). */
  readonly key?: string;
  /** Whether pages get our client. */
  readonly inject: boolean;
  /** Origins whose pages may be realms of this server (section 20). */
  readonly allowedOrigins: readonly string[];
}

const startedAt = Date.now();
/** Routes that a person opens in a browser. */
const isPage: ReadonlySet<string> = new Set(["site", "remote-bookmarklet", "remote-broker"]);

export class ReplListener {
  readonly #options: ReplListenerOptions;
  readonly #door: PageDoor;
  readonly #api: ApiMount;
  #site: Site | undefined;
  #server: Server | undefined;
  #gate: RequestGate | undefined;
  /** For pages of the allowed origins: the addresses of section 14 alone. */
  #remoteGate: RequestGate | undefined;
  readonly #remote: RemotePages;
  #port = 0;

  constructor(options: ReplListenerOptions) {
    const { root, realms, find, script } = options;
    this.#options = options;
    this.#api = mountApi(find, options.verifyControl);
    this.#door = createPageDoor({
      realms,
      script,
      root,
      base: () => "/",
      modules: root,
      wire: createWire(find),
    });
    const { key, allowedOrigins } = options;
    this.#remote = createRemotePages({
      origin: () => `http://${browserHost(options.host)}:${this.#port}`,
      allowed: allowedOrigins,
      ...(key === undefined ? {} : { key }),
    });
  }

  /** Address of the pages for a browser of this machine. */
  get url(): string {
    return `http://${browserHost(this.#options.host)}:${this.#port}/`;
  }

  /** Rejects with code `EADDRINUSE` when the port is taken; then it may be called again. */
  async listen(port: number): Promise<void> {
    const { host, root, inject } = this.#options;
    const client = inject ? await readFile(entries.pageClient, "utf8") : undefined;
    this.#site = createSite(client === undefined ? { root } : { root, client });
    const server = createServer(
      SERVER_OPTIONS,
      (request, response) => void this.#answer(request, response),
    );
    applyServerLimits(server);
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen(port, host, resolve),
    );
    this.#server = server;
    this.#port = port;
    this.#createGates(port);
  }

  async close(): Promise<void> {
    this.#door.close();
    this.#api.close();
    const server = this.#server;
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  #createGates(port: number): void {
    const { host, verifyControl, allowedOrigins } = this.#options;
    const names = hostNames(host).map((name) => `${name}:${port}`);
    const own = { sites: "own", upgrade: false, originRequired: false, json: false } as const;
    const policy = {
      hosts: () => names,
      prefixes: () => ["/"],
      credentials: { page: this.#door.verify, control: verifyControl },
    };
    this.#remoteGate = createRequestGate({
      ...policy,
      origins: () => allowedOrigins,
      routes: replRoutes.map((route) => ({ ...route, sites: "listed" })),
    });
    this.#gate = createRequestGate({
      ...policy,
      origins: () => names.map((name) => `http://${name}`),
      routes: [
        ...["/health", "/-daebug/health"].map((address) => ({
          ...own,
          name: "health",
          path: address,
          methods: ["GET", "HEAD"],
          access: "public" as const,
          bodyLimit: 0,
        })),
        ...apiRoutes(["/", "/-daebug/"]),
        ...remoteRoutes,
        ...this.#door.routes,
        {
          ...own,
          name: "site",
          path: "/",
          sites: "content",
          methods: ["GET", "HEAD"],
          access: "public",
          bodyLimit: 0,
        },
      ],
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isRemote = this.#options.allowedOrigins.includes(request.headers.origin ?? "");
    const gate = isRemote ? this.#remoteGate : this.#gate;
    const admission = gate?.admit(headOf(request, false));
    if (admission === undefined) return void response.writeHead(503).end();
    if (!admission.ok) {
      const { status, headers, body } = harmlessToPolls(refusal(admission), request);
      return void response.writeHead(status, headers).end(body);
    }
    try {
      await this.#route(admission, request, response);
    } catch {
      // Whatever the reason, the process lives and the client hears of it.
      if (response.headersSent) response.destroy();
      else response.writeHead(500, securityHeaders("control")).end();
    }
  }

  async #route(
    admission: Admitted,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { name } = admission.route;
    if (name === "health") return this.#health(request, response);
    if (name === "repl-api") return this.#api.answer(admission, request, response);
    for (const [header, value] of Object.entries(admission.headers))
      response.setHeader(header, value);
    if (admission.headers["access-control-allow-origin"] !== undefined)
      response.setHeader("access-control-expose-headers", "x-job-id");
    // The remote client is the same for everybody, and its page has no key yet.
    const isClient = admission.local === "/-daebug-client.js";
    if (isClient && (await this.#remote.answer(admission, request, response))) return;
    if (!this.#checkKey(name, request, response)) return;
    if (name === "site") return this.#site?.answer(admission.local, request, response);
    if (await this.#remote.answer(admission, request, response)) return;
    await this.#door.answer(admission, request, response);
  }

  /** @returns whether the request may go on; else it is answered */
  #checkKey(name: string, request: IncomingMessage, response: ServerResponse): boolean {
    const { key, host } = this.#options;
    if (key === undefined) return true;
    // On this machine a page brings the key by itself; from elsewhere its user has to.
    const isGiven = isPage.has(name) && isLoopback(host);
    if (isPage.has(name) && (isGiven || hasKey(request, key)))
      response.setHeader("set-cookie", cookieWith(key));
    if (isGiven || hasKey(request, key)) return true;
    request.resume();
    if (!isPage.has(name) || !takesKey(request, response, key))
      response.writeHead(401, { "content-length": "0" }).end();
    return false;
  }

  /** Without the token only what a successor must know (decision 27). */
  #health(request: IncomingMessage, response: ServerResponse): void {
    const { root, version, find, verifyControl } = this.#options;
    const credential = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    const facts = { status: "ok", name: "daebug", version, protocol: 1, root: path.basename(root) };
    const instances = find()?.repl.instances() ?? [];
    const more = {
      startedAt: new Date(startedAt).toISOString(),
      uptimeMs: Date.now() - startedAt,
      instances: instances.length,
      jobsActive: instances.filter(({ job }) => job !== undefined).length,
    };
    const isControl = credential !== undefined && verifyControl(credential);
    response
      .writeHead(200, { ...securityHeaders("control"), "content-type": "application/json" })
      .end(JSON.stringify(isControl ? { ...facts, ...more } : facts));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const admission = this.#gate?.admit(headOf(request, true));
    const { key } = this.#options;
    if (admission?.ok === true && key !== undefined && !hasKey(request, key))
      return void socket.end(
        "HTTP/1.1 401 Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
      );
    if (admission?.ok === true) {
      if (!this.#door.accept(admission, request, socket, head)) socket.destroy();
      return;
    }
    if (admission === undefined) socket.destroy();
    else socket.end(answerText(refusal(admission)));
  }
}
