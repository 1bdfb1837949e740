/** What pages of other origins are served by (REPL specification 20): the bookmarklet, the broker window, and their client. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { entries } from "../entries.ts";
import type { Admitted, Route } from "../gateway/request-gate.ts";
import { securityHeaders } from "../gateway/response-headers.ts";
import { read } from "./realm-files.ts";
import { NEVER_STORED } from "./site.ts";

export interface RemotePagesOptions {
  /** Where this server is reached by the user's browser, without a slash at the end. */
  origin(): string;
  /** Origins that the user has allowed at the start. */
  readonly allowed: readonly string[];
  readonly key?: string;
}

export interface RemotePages {
  /** Answers an admitted request of one of `remoteRoutes`; false when it is for somebody else. */
  answer(admission: Admitted, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

const own = {
  methods: ["GET", "HEAD"],
  upgrade: false,
  access: "public",
  originRequired: false,
  json: false,
  bodyLimit: 0,
} as const;

export const remoteRoutes: readonly Route[] = [
  { ...own, name: "remote-bookmarklet", path: "/-daebug/bookmarklet", sites: "own" },
  // Foreign pages open it as a window.
  { ...own, name: "remote-broker", path: "/-daebug/broker.html", sites: "content" },
  { ...own, name: "remote-script", path: "/-daebug/broker.js", sites: "own" },
  { ...own, name: "daebug-file", path: "/-daebug-client.js", sites: "any" },
];

export function createRemotePages(options: RemotePagesOptions): RemotePages {
  return {
    async answer({ route: { name }, local, url }, request, response) {
      if (name === "remote-bookmarklet") page(response, bookmarkletPage(options));
      else if (name === "remote-broker") page(response, brokerPage(options));
      else if (name === "remote-script") script(response, await read(entries.broker));
      else if (local.toLowerCase() !== "/-daebug-client.js") return false;
      else if (new URL(url, "http://localhost").searchParams.get("remote") === "1")
        script(response, await read(entries.remoteClient), "cross-origin");
      else if (isForeign(request)) response.writeHead(403, securityHeaders("control")).end();
      else return false;
      return true;
    },
  };
}

/** The client of our own pages is nobody else's business. */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  return site === "cross-site" || site === "same-site";
}

/** The address of the link, shorter than browsers and their bookmarks demand. */
export function loader({ origin, key }: Pick<RemotePagesOptions, "origin" | "key">): string {
  const settings = JSON.stringify({ origin: origin(), ...(key === undefined ? {} : { key }) });
  const code = `(()=>{if(window.__daebugActive)return;
const r=window.__daebugRemote=${settings},o=r.origin,s=document.createElement("script");
s.src=o+"/-daebug-client.js?remote=1";
s.onerror=()=>{const w=r.broker=open(o+"/-daebug/broker.html?client=1","daebug-broker","popup,width=480,height=240");
addEventListener("message",e=>{if(e.source!==w||e.origin!==o||e.data.type!=="client")return;
try{(0,eval)(e.data.code)}catch(x){w.postMessage({type:"refused",timestamp:Date.now()},o)}})};
document.head.append(s)})()`;
  return `javascript:${encodeURIComponent(code.replaceAll("\n", ""))}`;
}

function bookmarkletPage(options: RemotePagesOptions): string {
  return html(
    "Bookmarklet",
    `<h1>Bring a page of another site into the REPL</h1>
<p>Drag this link to your bookmarks, open the page, and click the bookmark: <a href="${escaped(loader(options))}">daebug</a></p>
<p>Without <code>--allow-origin</code> a small window opens, which asks whether the page may be connected.</p>`,
  );
}

function brokerPage({ allowed }: RemotePagesOptions): string {
  return html(
    "daebug",
    `<p>This window connects a page with the REPL. Leave it open.</p><script src="/-daebug/broker.js"></script>`,
    ` data-origins="${escaped(JSON.stringify(allowed))}"`,
  );
}

function html(title: string, body: string, attributes = ""): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body${attributes}>${body}</body></html>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

function page(response: ServerResponse, body: string): void {
  send(response, body, {
    ...securityHeaders("control"),
    "content-type": "text/html; charset=utf-8",
    "content-security-policy":
      "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'",
  });
}

function script(response: ServerResponse, body: string, policy = "same-origin"): void {
  send(response, body, {
    ...securityHeaders("content"),
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": NEVER_STORED,
    "cross-origin-resource-policy": policy,
  });
}

function send(response: ServerResponse, body: string, headers: Record<string, string>): void {
  response.writeHead(200, { ...headers, "content-length": Buffer.byteLength(body) }).end(body);
}
