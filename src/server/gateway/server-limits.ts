/** N-17: how long and how large a request may be. */

export const SERVER_LIMITS = {
  /** Ms until the header block is complete. */
  headersTimeout: 10_000,
  /** Ms until the whole request is read. */
  requestTimeout: 30_000,
  /** Ms an idle connection is kept. */
  keepAliveTimeout: 5_000,
  /** Bytes of the header block. */
  maxHeaderSize: 16 * 1024,
  /** Headers of one request; the request gate refuses more. */
  headers: 100,
  maxConnections: 512,
} as const;

/** What only `createServer` takes. Timeouts are looked at once per `connectionsCheckingInterval` ms. */
export const SERVER_OPTIONS = {
  maxHeaderSize: SERVER_LIMITS.maxHeaderSize,
  connectionsCheckingInterval: 1_000,
} as const;

/** An http or https server, also the secure HTTP/2 server of Vite that speaks HTTP/1 as well. */
export interface LimitedServer {
  headersTimeout?: number;
  requestTimeout?: number;
  keepAliveTimeout?: number;
  maxHeadersCount?: number | null;
  maxConnections: number;
}

/** For a server that exists already; where we create it, `SERVER_OPTIONS` goes to `createServer` as well. */
export function applyServerLimits(server: LimitedServer): void {
  server.headersTimeout = SERVER_LIMITS.headersTimeout;
  server.requestTimeout = SERVER_LIMITS.requestTimeout;
  server.keepAliveTimeout = SERVER_LIMITS.keepAliveTimeout;
  // Node drops the headers beyond this count without a word, an Origin among them; one more lets the gate see that.
  server.maxHeadersCount = SERVER_LIMITS.headers + 1;
  server.maxConnections = SERVER_LIMITS.maxConnections;
}
