/** Hands requests and upgrades to a server that we did not configure, and its pages back with the page client in them. */
import { Agent as HttpAgent, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { pipeline, type Duplex } from "node:stream";
import { createProxyServer, type ProxyServer, type ProxyTargetDetailed } from "httpxy";
import { isLoopback } from "../external/loopback.ts";
import { codingOf, knownCodings } from "./encodings.ts";
import { allowClient, policiesOf } from "./page-policies.ts";
import { createPageStream } from "./page-stream.ts";
import { answerUnreachable, isNavigation } from "./unreachable.ts";

export interface ForwardOptions {
  /** Where the server listens now, undefined while there is none. */
  target(): URL | undefined;
  /** Its name for people. */
  readonly name: string;
  /** Path under which the outside reaches us, of which the server knows nothing; with a slash at both ends. */
  readonly prefix: string;
  /** Public base of the pages. */
  base(): string;
  /** Origins of our own pages: for the server they are its own. */
  readonly origins: readonly string[];
}

export interface Forward {
  web(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** On each request that was handed on: whoever announces our own address would have it handed on for ever. */
const passed = "x-vitrine-passed";
/** Of one connection only (RFC 9110, 7.6.1). */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** They hold for the bytes that the server sent. */
const ofTheBytes: ReadonlySet<string> = new Set([
  "accept-ranges",
  "content-digest",
  "content-length",
  "content-md5",
  "digest",
  "repr-digest",
]);

/**
 * Kept alive, because a page of many modules would otherwise open a connection for each; and left after 4 s without use,
 * because Node's servers close theirs after 5, and a request must not meet that.
 */
const connections = { keepAlive: true, timeout: 4000 } as const;

export function createForward(options: ForwardOptions): Forward {
  const { target, name, prefix } = options;
  const agents = { http: new HttpAgent(connections), https: new HttpsAgent(connections) };
  const proxy = createProxy(options);

  const away = (): string =>
    `${name} does not answer at ${target()?.origin ?? "any address"}; start its dev server, this page loads when it serves`;

  /** For the server its pages have its own origin, as they do without us. */
  const headersFor = ({ headers }: IncomingMessage, url: URL): Record<string, string> => ({
    [passed]: "1",
    ...(options.origins.includes(headers.origin ?? "") ? { origin: url.origin } : {}),
  });

  return {
    web(request, response) {
      const url = target();
      if (url === undefined) return answerUnreachable(request, response, away());
      if (passed in request.headers)
        return answerUnreachable(
          request,
          response,
          `${name} is announced at ${url.origin}, which leads back to Vitrine; correct the address`,
        );
      request.url = localUrl(request.url ?? "/", prefix, url);
      const headers = headersFor(request, url);
      if (isNavigation(request))
        headers["accept-encoding"] = knownCodings(request.headers["accept-encoding"]);
      const agent = url.protocol === "https:" ? agents.https : agents.http;
      proxy
        .web(request, response, { ...targetOf(url), headers, agent })
        .catch(() => answerUnreachable(request, response, away()));
    },
    upgrade(request, socket, head) {
      const url = target();
      if (url === undefined || passed in request.headers) return void socket.destroy();
      request.url = localUrl(request.url ?? "/", prefix, url);
      const headers = headersFor(request, url);
      proxy
        .ws(request, socket as never, { ...targetOf(url), headers }, head)
        .catch(() => socket.destroy());
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function createProxy(options: ForwardOptions): ProxyServer {
  const proxy = createProxyServer({
    // A server may refuse every name but its own.
    changeOrigin: true,
    selfHandleResponse: true,
  });
  proxy.on("proxyRes", (answer, request, response) => {
    try {
      relay(options, answer, request, response);
    } catch {
      // An answer that HTTP does not know, such as a status of two digits: it must not end this process.
      answer.destroy();
      answerUnreachable(
        request,
        response,
        `${options.name} gave an answer that is no HTTP; look at its log`,
      );
    }
  });
  proxy.on("proxyReqWs", (asked, _request, socket) => {
    // The proxy hands on an end, but not that a socket was destroyed: the server's would stay open.
    asked.once("upgrade", (_answer, behind) => socket.once("close", () => behind.destroy()));
  });
  return proxy;
}

interface Target {
  readonly target: ProxyTargetDetailed;
  readonly secure: boolean;
}

function targetOf({ protocol, hostname, port }: URL): Target {
  return {
    // The brackets of an IPv6 address belong to the URL: with them it would be looked up as a name.
    target: { protocol, hostname: hostname.replace(/^\[|\]$/g, ""), port },
    // The certificate of a server on one's own machine is self-signed.
    secure: !isLoopback(hostname),
  };
}

/** The server's answer, changed only if it is a page that may have the client. */
function relay(
  { target, prefix, base }: ForwardOptions,
  answer: IncomingMessage,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const headers = headersOf(answer, { prefix, origin: target()?.origin ?? "" });
  const status = answer.statusCode ?? 502;
  const policies = policiesOf(answer.headers["content-security-policy"]);
  const coding = isPage(request, answer) ? codingOf(answer.headers["content-encoding"]) : undefined;
  if (coding === undefined || !allowClient(policies)) {
    response.writeHead(status, answer.statusMessage, headers);
    pipeline(answer, response, ended);
    return;
  }
  for (const name of ofTheBytes) delete headers[name];
  response.writeHead(status, answer.statusMessage, headers);
  const page = createPageStream({ base: base(), policies });
  const steps = [answer, coding.decode(), page, coding.encode(), response];
  pipeline(steps.filter((step) => step !== undefined) as [IncomingMessage, ServerResponse], ended);
}

/** An answer that broke off has destroyed the response, which is all that can still be said then. */
function ended(): void {}

/** A page to be shown, as HTML, of which there is something. */
function isPage(request: IncomingMessage, { headers, statusCode }: IncomingMessage): boolean {
  const type = headers["content-type"] ?? "";
  if (!isNavigation(request) || statusCode === 204 || statusCode === 304) return false;
  return /^text\/html\b/i.test(type) && !/charset="?utf-?(?:16|32)/i.test(type);
}

interface Around {
  readonly prefix: string;
  /** Of the server. */
  readonly origin: string;
}

function headersOf({ headers }: IncomingMessage, around: Around): NodeJS.Dict<string | string[]> {
  const perConnection = (headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
  const kept = Object.entries(headers).filter(
    ([name]) => !hopByHop.has(name) && !perConnection.includes(name),
  );
  const result: NodeJS.Dict<string | string[]> = Object.fromEntries(kept);
  // The server answered an origin that we have put in; the gate has answered the real one.
  if (headers["access-control-allow-origin"] === around.origin)
    delete result["access-control-allow-origin"];
  if (headers.location !== undefined)
    result["location"] = outsideLocation(headers.location, around);
  return result;
}

/** A redirect of the server to itself stays behind the proxy. */
function outsideLocation(location: string, { prefix, origin }: Around): string {
  const isOwn = URL.canParse(location) && new URL(location).origin === origin;
  const local = isOwn ? location.slice(new URL(location).origin.length) || "/" : location;
  if (!local.startsWith("/") || local.startsWith("//") || local.startsWith(prefix)) return local;
  return prefix.slice(0, -1) + local;
}

/** Without the outside prefix, unless the server itself has its base there. */
function localUrl(url: string, prefix: string, { pathname }: URL): string {
  if (prefix === "/" || pathname.startsWith(prefix) || !url.startsWith(prefix)) return url;
  return url.slice(prefix.length - 1);
}
