/** The server's one HTTP + WebSocket listener: health for everybody, the control API for holders of the token. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { toWire, UserError, type ErrorCode } from "../../protocol/errors.ts";
import { apiRoutes, mountApi, type ApiMount } from "../repl/api/mount.ts";
import type { Repls } from "../repl/logs/repls.ts";
import { createApi, type Api, type ApiSources } from "./api.ts";
import { EventFeed } from "./event-feed.ts";
import { readJson } from "./request-body.ts";
import {
  createRequestGate,
  headOf,
  refusal,
  securityHeaders,
  type RequestGate,
} from "./request-gate.ts";
import { answerText } from "./response-headers.ts";
import { applyServerLimits, SERVER_OPTIONS } from "./server-limits.ts";

/** Bytes of a request of the control API (section 4 of *Security and faults*). */
const bodyLimit = 1024 * 1024;

export class Gateway {
  /** Control token: 32 random bytes, per start (N-03). */
  readonly token = randomBytes(32).toString("base64url");
  readonly #version: string;
  readonly #server = createServer(
    SERVER_OPTIONS,
    (request, response) => void this.#answer(request, response),
  );
  readonly #feed = new EventFeed();
  #gate: RequestGate | undefined;
  #api: Api | undefined;
  #repl: ApiMount | undefined;
  #origin = "";

  constructor(version: string) {
    this.#version = version;
  }

  /** `http://127.0.0.1:<port>`. */
  get origin(): string {
    return this.#origin;
  }

  /** Listens on loopback. @param port 0 for any free one */
  async listen(port: number): Promise<void> {
    applyServerLimits(this.#server);
    this.#server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    await new Promise<void>((resolve, reject) =>
      this.#server.once("error", reject).listen(port, "127.0.0.1", resolve),
    );
    const host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.#origin = `http://${host}`;
    this.#gate = controlGate(host, this.verify);
  }

  /** Whether a credential is the control token; takes the same time whatever is wrong. */
  readonly verify = (credential: string): boolean =>
    timingSafeEqual(sha256(credential), sha256(this.token));

  /** Opens the control API; until then it answers 503. */
  serve(sources: ApiSources, repls: Pick<Repls, "forRequest">): void {
    this.#api = createApi(sources);
    this.#repl = mountApi((query) => repls.forRequest(query), this.verify);
  }

  /** Sends a state change to everybody who listens to events. */
  tell(event: string, data: unknown): void {
    this.#feed.tell(event, data);
  }

  async close(): Promise<void> {
    this.#feed.close();
    this.#repl?.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const admission = this.#gate?.admit(headOf(request, false));
    if (admission === undefined) return void response.writeHead(503).end();
    if (!admission.ok) {
      const { status, headers, body } = refusal(admission);
      return void response.writeHead(status, headers).end(body);
    }
    if (admission.route.name === "health") {
      return reply(response, 200, { status: "ok", name: "vitrine", version: this.#version });
    }
    if (admission.route.name === "repl-api" && this.#repl !== undefined)
      return this.#repl.answer(admission, request, response);
    try {
      const body = await readJson(request, { limit: bodyLimit });
      const result = await this.#ready().call(admission.local.slice("/api/".length), body);
      reply(response, 200, { result: result ?? null });
    } catch (error) {
      const { code, message } = toWire(error);
      reply(response, statuses[code] ?? 500, { error: { code, message } });
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const admission = this.#gate?.admit(headOf(request, true));
    if (admission === undefined || this.#api === undefined) return void socket.destroy();
    if (!admission.ok) return void socket.end(answerText(refusal(admission)));
    this.#feed.accept(request, socket, head, this.#api.snapshot());
  }

  #ready(): Api {
    if (this.#api === undefined)
      throw new UserError("server_gone", "The server is still starting. Ask again in a moment");
    return this.#api;
  }
}

function controlGate(host: string, control: (credential: string) => boolean): RequestGate {
  const own = {
    sites: "own",
    originRequired: false,
    bodyLimit,
    upgrade: false,
    json: false,
  } as const;
  return createRequestGate({
    hosts: () => [host],
    origins: () => [`http://${host}`],
    prefixes: () => ["/"],
    credentials: { control, page: () => false },
    routes: [
      { ...own, name: "health", path: "/health", methods: ["GET", "HEAD"], access: "public" },
      {
        ...own,
        name: "events",
        path: "/api/events",
        methods: ["GET"],
        upgrade: true,
        access: "control",
      },
      ...apiRoutes(["/", "/-daebug/"]),
      { ...own, name: "api", path: "/api/", methods: ["POST"], access: "control", json: true },
    ],
  });
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function reply(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { ...securityHeaders("control"), "content-type": "application/json" })
    .end(JSON.stringify(body));
}

const statuses: Partial<Record<ErrorCode, number>> = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_trusted: 403,
  path_refused: 403,
  not_found: 404,
  too_large: 413,
  unsupported: 415,
  config_failed: 422,
  dead_pid: 422,
  html_missing: 422,
  invalid_devinfo: 422,
  not_installed: 422,
  not_running: 422,
  limit: 429,
  server_gone: 503,
};
