/** What the request gate looks at: the head of a request, as plain data. */
import type { IncomingMessage } from "node:http";

export interface RequestHead {
  readonly method: string;
  /** The raw request target, as it stood in the request line. */
  readonly target: string;
  readonly httpVersion: string;
  /** Names and values alternate, nothing merged: only here are repeated headers visible. */
  readonly rawHeaders: readonly string[];
  readonly upgrade: boolean;
  /** The `:authority` of HTTP/2, which stands for `Host` there. */
  readonly authority?: string;
}

/** @param upgrade whether the request came as an `upgrade` event. */
export function headOf(request: IncomingMessage, upgrade: boolean): RequestHead {
  const authority = request.headers[":authority"];
  return {
    method: request.method ?? "",
    target: request.url ?? "",
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
    upgrade,
    ...(typeof authority === "string" ? { authority } : {}),
  };
}

const decisive = [
  "access-control-request-method",
  "authorization",
  "content-length",
  "content-type",
  "host",
  "origin",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "sec-websocket-protocol",
  "upgrade",
] as const;

export type DecisiveHeader = (typeof decisive)[number];

/** The headers that decide, each at most once. */
export interface DecisiveHeaders {
  readonly value: Readonly<Partial<Record<DecisiveHeader, string>>>;
  /** Which of them came more than once. Node would take the first and hide the rest. */
  readonly repeated: ReadonlySet<DecisiveHeader>;
}

const decisiveNames: ReadonlySet<string> = new Set(decisive);

/** Linear in the number of headers. Never throws. */
export function decisiveHeaders(rawHeaders: readonly string[]): DecisiveHeaders {
  const value: Partial<Record<DecisiveHeader, string>> = {};
  const repeated = new Set<DecisiveHeader>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (!isDecisive(name)) continue;
    if (value[name] === undefined) value[name] = rawHeaders[index + 1]!;
    else repeated.add(name);
  }
  return { value, repeated };
}

function isDecisive(name: string): name is DecisiveHeader {
  return decisiveNames.has(name);
}
