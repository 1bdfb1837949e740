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
import { createWire } from "../realms/poll-wire.ts";
import type { Realms } from "../realms/realms.ts";
import { apiRoutes, mountApi, type ApiMount } from "./api/mount.ts";
import { cookieWith, hasKey } from "./repl-key.ts";
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
}

const startedAt = Date.now();

export class ReplListener {
  readonly #options: ReplListenerOptions;
  readonly #door: PageDoor;
  readonly #api: ApiMount;
  #site: Site | undefined;
  #server: Server | undefined;
  #gate: RequestGate | undefined;

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
    this.#gate = this.#createGate(port);
  }

  async close(): Promise<void> {
    this.#door.close();
    this.#api.close();
    const server = this.#server;
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  #createGate(port: number): RequestGate {
    const { host, verifyControl } = this.#options;
    const names = [...new Set(["127.0.0.1", "localhost", "[::1]", host])].map(
      (name) => `${name}:${port}`,
    );
    const own = { sites: "own", upgrade: false, originRequired: false, json: false } as const;
    return createRequestGate({
      hosts: () => names,
      origins: () => names.map((name) => `http://${name}`),
      prefixes: () => ["/"],
      credentials: { page: this.#door.verify, control: verifyControl },
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
    const admission = this.#gate?.admit(headOf(request, false));
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
    const { key } = this.#options;
    if (name === "health") return this.#health(request, response);
    if (name === "repl-api") return this.#api.answer(admission, request, response);
    if (name === "site") {
      if (key !== undefined) response.setHeader("set-cookie", cookieWith(key));
      return this.#site?.answer(admission.local, request, response);
    }
    if (key !== undefined && name.startsWith("daebug-") && !hasKey(request, key)) {
      request.resume();
      return void response.writeHead(401, { "content-length": "0" }).end();
    }
    await this.#door.answer(admission, request, response);
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
    if (admission?.ok === true) {
      if (!this.#door.accept(admission, request, socket, head)) socket.destroy();
      return;
    }
    if (admission === undefined) socket.destroy();
    else socket.end(answerText(refusal(admission)));
  }
}
