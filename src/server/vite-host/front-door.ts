/**
 * The request gate in front of a workspace session's own HTTP server (decision 9). Vite's host and CORS checks run before
 * any middleware of ours, so the door is the server's event itself: nobody's listener sees a request the gate refused.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { readFile } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { createProxyServer } from "httpxy";
import { PACK_ROUTE } from "../../protocol/packs.ts";
import type { ServeOptions } from "../../protocol/vite-host.ts";
import { entries } from "../entries.ts";
import { isDenied } from "../files/deny-list.ts";
import { harmlessToPolls } from "../gateway/poll-answer.ts";
import {
  createRequestGate,
  headOf,
  refusal,
  securityHeaders,
  type Admission,
  type Admitted,
  type RequestGate,
  type Route,
} from "../gateway/request-gate.ts";
import { answerText, type Answer } from "../gateway/response-headers.ts";
import { applyServerLimits } from "../gateway/server-limits.ts";
import type { Settled } from "./settings-plugin.ts";

/** Everything a page of the project may do with its own server, its own proxies included. */
const anyMethod = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const packRoute = `/${PACK_ROUTE}`;
/** With `*`, because Vite's middleware stack also serves whatever stands behind a `/` or `.` after the name. */
const tools = [
  "/__open-in-editor*",
  "/__inspect*",
  "/__devtools*",
  "/__vite_ping*",
  "/@vite-plugin-inspect*",
];

/** Modules for workers. Vite itself replaces the names of our test modules, so that here they are its ordinary modules. */
const workerModules = "/-daebug-m/";
/** Answers a request below the route of module packs; `name` is what stands behind it, with its query. */
export type AnswerPack = (request: IncomingMessage, response: ServerResponse, name: string) => void;

/** What the door has to know of a session. */
type DoorAddresses = Pick<ServeOptions, "port" | "prefix" | "origins" | "hosts" | "pipe">;

/** Under which names the server behind the door serves. */
type Names = Pick<Settled, "base" | "userBase" | "hosts" | "origins" | "composed">;

export interface FrontDoorOptions extends DoorAddresses {
  answerPack: AnswerPack;
}

/**
 * Whether a connection goes on is between the page, or a proxy of its own, and this door. A pipe that closes with its answer
 * loses that answer whenever it is faster than the end of the request.
 */
const throughPipe = { connection: "keep-alive" };

/** @param settled filled by the time the first request comes */
export function frontDoor(server: object, options: FrontDoorOptions, settled: Names): void {
  const httpServer = server as Server;
  const gate = contentGate(options, settled);
  const channel = createProxyServer({ target: { socketPath: options.pipe }, changeOrigin: false });
  channel.on("proxyRes", ({ headers }, { headers: asked }) => {
    headers.connection = asked.connection ?? "keep-alive";
  });
  const emit = httpServer.emit.bind(httpServer) as (event: string, ...args: unknown[]) => boolean;

  const onRequest = (request: IncomingMessage, response: ServerResponse): boolean => {
    const admission = withDenyList(gate.admit(headOf(request, false)));
    if (!admission.ok) {
      const { status, headers, body } =
        "answer" in admission ? admission.answer : harmlessToPolls(refusal(admission), request);
      response.writeHead(status, headers).end(body);
      return true;
    }
    request.url = urlFor(admission, options.prefix);
    if (admission.route.name === "channel") {
      channel
        .web(request, response, { headers: throughPipe })
        .catch(
          () => void (response.headersSent ? response.destroy() : response.writeHead(502).end()),
        );
      return true;
    }
    for (const [name, value] of Object.entries({
      ...securityHeaders("content", settled.composed.length > 0),
      ...admission.headers,
    }))
      response.setHeader(name, value);
    if (admission.route.name === "client") void answerClient(response);
    else if (admission.route.name === "pack")
      options.answerPack(request, response, request.url.slice(packRoute.length));
    else return emit("request", request, response);
    return true;
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): boolean => {
    socket.on("error", () => socket.destroy());
    const admission = gate.admit(headOf(request, true));
    if (!admission.ok) {
      socket.end(answerText(refusal(admission)));
      return true;
    }
    request.url = urlFor(admission, options.prefix);
    if (admission.route.name !== "channel") return emit("upgrade", request, socket, head);
    channel.ws(request, socket as never, {}, head).catch(() => socket.destroy());
    return true;
  };

  applyServerLimits(httpServer);
  httpServer.emit = ((event: string, ...args: never[]) => {
    if (event === "request" || event === "checkContinue" || event === "checkExpectation")
      return onRequest(...(args as unknown as [IncomingMessage, ServerResponse]));
    if (event === "upgrade")
      return onUpgrade(...(args as unknown as [IncomingMessage, Duplex, Buffer]));
    return emit(event, ...args);
  }) as typeof httpServer.emit;
}

function contentGate(options: DoorAddresses, settled: Names): RequestGate {
  const route = {
    access: "public",
    json: false,
    originRequired: false,
    bodyLimit: Number.POSITIVE_INFINITY,
  } as const;
  const named = (hosts: readonly string[]): string[] =>
    hosts.flatMap((host) => [host, `${host}:${options.port}`]);
  return createRequestGate({
    hosts: () => options.hosts,
    origins: () => options.origins,
    contentHosts: () => named(settled.hosts),
    contentOrigins: () => [...settled.origins, ...settled.composed],
    embedded: () => settled.composed.length > 0,
    prefixes: () => ["/", options.prefix, settled.userBase, settled.base],
    // Credentials are checked behind the pipe, by the process that issues them.
    credentials: { page: () => false, control: () => false },
    routes: [
      {
        ...route,
        name: "pack",
        path: packRoute,
        methods: ["GET", "HEAD"],
        upgrade: false,
        sites: "own",
      },
      {
        ...route,
        name: "client",
        path: "/-vitrine/page.js",
        methods: ["GET", "HEAD"],
        upgrade: false,
        sites: "own",
      },
      ...bothDoors({ ...route, name: "channel", path: "/-vitrine/", sites: "own" }),
      ...bothDoors({ ...route, name: "worker-module", path: workerModules, sites: "own" }),
      ...bothDoors({ ...route, name: "channel", path: "/-daebug-*", sites: "own" }),
      ...tools.flatMap((path) => bothDoors({ ...route, name: "tool", path, sites: "own" })),
      ...bothDoors({ ...route, name: "content", path: "/", sites: "content" }),
    ],
  });
}

let client: Promise<Buffer> | undefined;

/** The page client stands in front of every script of a page: no way over another process for it. */
async function answerClient(response: ServerResponse): Promise<void> {
  client ??= readFile(entries.pageClient);
  const body = await client;
  response
    .writeHead(200, {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "no-cache",
      "content-length": body.length,
      "x-content-type-options": "nosniff",
    })
    .end(body);
}

function bothDoors(part: Omit<Route, "upgrade" | "methods">): Route[] {
  return [
    { ...part, methods: anyMethod, upgrade: false },
    { ...part, methods: ["GET"], upgrade: true },
  ];
}

/** Routes that deliver the project's own files. */
const fromProject: ReadonlySet<string> = new Set(["content", "worker-module"]);

type Verdict = Admission | { readonly ok: false; readonly answer: Answer };

/** Vite's own deny list looks at files; this one looks at names, also where a plugin would answer (F-06). */
function withDenyList(admission: Admission): Verdict {
  if (!admission.ok || !fromProject.has(admission.route.name) || !isDenied(admission.local))
    return admission;
  return {
    ok: false,
    answer: { status: 403, headers: securityHeaders("control"), body: "This file is never served" },
  };
}

/** With an outside prefix Vite serves below it, and is asked with it or, behind a proxy that strips it, without. */
function urlFor(admission: Admitted, prefix: string): string {
  const query = admission.url.includes("?") ? admission.url.slice(admission.url.indexOf("?")) : "";
  const { name } = admission.route;
  if (name === "channel" || name === "pack") return admission.local + query;
  const url = name === "worker-module" ? admission.url.replace(workerModules, "/") : admission.url;
  if (prefix === "/" || admission.path.startsWith(prefix)) return url;
  return prefix.slice(0, -1) + url;
}
