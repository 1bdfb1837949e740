/** N-09, N-10, N-18: the headers of every answer, and the answer to a refused request. */
import type { Refused } from "./admission.ts";

/** An answer that is complete in itself. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * @param kind `control` for our own endpoints and errors, `content` for what a project serves
 * @param embedded pages of other ports show it (decision 13)
 */
export function securityHeaders(
  kind: "control" | "content",
  embedded = false,
): Record<string, string> {
  const both = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": embedded ? "same-site" : "same-origin",
  };
  // With `no-referrer` the forms of a page post `Origin: null`, which N-06 refuses.
  if (kind === "content") return { ...both, "referrer-policy": "same-origin" };
  return {
    ...both,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  };
}

/** CORS for an origin that the gate found in its list; for none it only says that the answer depends on it (N-09). */
export function corsHeaders(origin: string | undefined): Record<string, string> {
  return origin === undefined
    ? { vary: "Origin" }
    : { vary: "Origin", "access-control-allow-origin": origin };
}

/** The whole answer to what the gate did not let in; the connection ends with it, since the body was not read. */
export function refusal(refused: Refused): Answer {
  const body =
    refused.status === 204
      ? ""
      : JSON.stringify({ error: { code: refused.code, message: refused.message } });
  const type = body === "" ? {} : { "content-type": "application/json; charset=utf-8" };
  const length =
    refused.status === 204 ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return {
    status: refused.status,
    headers: {
      ...securityHeaders("control"),
      ...refused.headers,
      ...type,
      ...length,
      connection: "close",
    },
    body,
  };
}

/** The same answer as text for the bare socket of a refused upgrade. */
export function answerText(answer: Answer): string {
  const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${answer.status} Refused\r\n${lines.join("")}\r\n${answer.body}`;
}
