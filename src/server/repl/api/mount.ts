/** The REPL's HTTP API on a listener: its routes for the gate, and answers to what the gate has let in. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { drain, readJson } from "../../gateway/request-body.ts";
import type { Admitted, Route } from "../../gateway/request-gate.ts";
import { securityHeaders } from "../../gateway/response-headers.ts";
import type { OpenRepl } from "../logs/repls.ts";
import { refused, type ApiAnswer, type ApiRequest } from "./answers.ts";
import { ReplApi } from "./repl-api.ts";

/** Bytes of a body, and how its JSON is bounded: a result may be a long list. */
const bodyLimits = {
  limit: 4 * 1024 * 1024,
  depth: 200,
  keys: 100_000,
  values: 1_000_000,
} as const;
const prefix = "/-daebug/";

const own = {
  name: "repl-api",
  sites: "own",
  upgrade: false,
  originRequired: false,
  // What is too large is refused in the words of this API.
  bodyLimit: Number.POSITIVE_INFINITY,
  json: true,
} as const;

const reads = ["GET", "HEAD"];

/** What a realm does for itself takes its own credential as well (decision 27); `isForRealms` says what that is. */
const areas: readonly Pick<Route, "path" | "methods" | "access">[] = [
  { path: "instances", methods: reads, access: "control" },
  { path: "instances/", methods: [...reads, "POST"], access: "page" },
  { path: "workers/", methods: ["POST"], access: "page" },
  { path: "tests/run", methods: ["POST"], access: "control" },
  { path: "tests/", methods: reads, access: "control" },
  { path: "daebug.md", methods: reads, access: "control" },
];
/** Not at the root, where it could hide a file of the project. */
const jobs: Route = { ...own, path: "/-daebug/jobs", methods: reads, access: "control" };

/** 15.5 to 15.10. */
function isForRealms(local: string): boolean {
  return /^\/workers\/|^\/instances\/[^/]+\/(?:jobs\/|background$)/.test(local);
}

/** @param places path prefixes under which the API is reached, each ending in a slash */
export function apiRoutes(places: readonly string[]): Route[] {
  const routes = places.flatMap((place) =>
    areas.map((area): Route => ({ ...own, ...area, path: place + area.path })),
  );
  return [...routes, jobs];
}

export interface ApiMount {
  /** Answers an admitted request of one of `apiRoutes`. */
  answer(admission: Admitted, request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): void;
}

/**
 * @param find the REPL a request is for, undefined when none runs
 * @param verifyControl whether a credential is the control token
 */
export function mountApi(
  find: (query: URLSearchParams) => OpenRepl | undefined,
  verifyControl: (credential: string) => boolean,
): ApiMount {
  const apis = new WeakMap<OpenRepl, ReplApi>();
  const made = new Set<ReplApi>();
  const apiOf = (open: OpenRepl): ReplApi => {
    const known = apis.get(open);
    if (known !== undefined) return known;
    const api = new ReplApi(open.repl, open.channel);
    apis.set(open, api);
    made.add(api);
    return api;
  };
  return {
    async answer(admission, request, response) {
      const asked = toApiRequest(admission, request, response);
      if (!isForRealms(asked.path) && !isControl(request, verifyControl))
        return drain(request).then(() =>
          send(response, refused("forbidden", "This takes the control token")),
        );
      const open = find(asked.query);
      const answer =
        open === undefined
          ? refused("not-found", "No REPL runs here. Start it first")
          : await apiOf(open).answer(asked);
      if (answer.status >= 400) await drain(request);
      send(response, answer);
    },
    close: () => {
      for (const api of made) api.close();
    },
  };
}

function isControl(
  { headers }: IncomingMessage,
  verifyControl: (credential: string) => boolean,
): boolean {
  const credential = /^bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
  return credential !== undefined && verifyControl(credential);
}

function toApiRequest(
  { local, url }: Admitted,
  request: IncomingMessage,
  response: ServerResponse,
): ApiRequest {
  const gone = new AbortController();
  response.once("close", () => {
    // An answer that was written whole closes as well.
    if (!response.writableFinished) gone.abort();
  });
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return {
    method: request.method === "HEAD" ? "GET" : (request.method ?? "GET"),
    path: local.startsWith(prefix) ? local.slice(prefix.length - 1) : local,
    query: new URL(url, "http://localhost").searchParams,
    headers,
    body: () => readJson(request, bodyLimits),
    gone: gone.signal,
  };
}

function send(response: ServerResponse, { status, headers, body }: ApiAnswer): void {
  if (response.writableEnded || response.destroyed) return;
  const isText = typeof body === "string";
  const isJson = !isText && body !== undefined;
  const type = isJson ? { "content-type": "application/json; charset=utf-8" } : {};
  response.writeHead(status, { ...securityHeaders("control"), ...type, ...headers });
  response.end(body === undefined ? undefined : isText ? body : JSON.stringify(body));
}
