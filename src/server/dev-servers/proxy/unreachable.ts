/** What the proxy answers while the server behind it is away. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Tells an answer of ours from one of the server behind. */
const mark = "x-vitrine-unreachable";

/** Looks once a second, and only while somebody looks at the page. */
const script = `setInterval(async () => {
  if (document.hidden) return;
  try {
    const { headers } = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (!headers.has("${mark}")) location.reload();
  } catch {}
}, 1000);`;

const style = `body { font: 14px/1.5 system-ui, sans-serif; margin: 3rem; color-scheme: light dark }`;

/** @param sentence one, without a full stop */
export function answerUnreachable(
  request: IncomingMessage,
  response: ServerResponse,
  sentence: string,
): void {
  if (response.headersSent) {
    // Half an answer has gone: its end must not look like a whole one.
    response.destroy();
    return;
  }
  const isPage = isNavigation(request);
  const body = isPage ? page(sentence) : `${sentence}\n`;
  response
    .writeHead(502, {
      [mark]: "1",
      "content-type": isPage ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; script-src '${hash(script)}'; style-src '${hash(style)}'; connect-src 'self'`,
    })
    .end(body);
}

/**
 * Whether a browser asks for a document to show: what a page fetches is not one, even if it is HTML. The header is sent to
 * every trustworthy origin, this machine among them; elsewhere the wish for HTML has to do.
 */
export function isNavigation({ headers, method }: IncomingMessage): boolean {
  if (method === "HEAD") return false;
  const destination = headers["sec-fetch-dest"];
  if (destination !== undefined) return ["document", "iframe", "frame"].includes(destination);
  return headers["x-requested-with"] === undefined && /\btext\/html\b/.test(headers.accept ?? "");
}

function page(sentence: string): string {
  const text = sentence.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Waiting for the server</title><style>${style}</style></head><body><p>${text}</p><script>${script}</script></body></html>`;
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
