/** The pages of `vitrine repl`: the files below a root, with our import map and client in each page (REPL 13.5). */
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { UserError } from "../../protocol/errors.ts";
import type { OpenFile } from "../files/open-within.ts";
import { createPathGate, type PathGate } from "../files/path-gate.ts";
import { securityHeaders } from "../gateway/response-headers.ts";
import { mergeImportMapJson } from "./import-maps.ts";
import { injectHtml } from "./inject-html.ts";
import { isKept } from "./kept-files.ts";
import { mimeTypeOf } from "./mime-types.ts";
import { readPageText } from "./page-text.ts";

export interface Site {
  /**
   * Answers GET and HEAD.
   * @param localPath path below the base, decoded once, beginning with a slash: what the request gate calls `local`
   */
  answer(localPath: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface SiteOptions {
  /** Absolute. */
  readonly root: string;
  /** Public base with a slash at both ends. */
  readonly base?: string;
  /** Source of the page client; absent for pages without it. */
  readonly client?: string;
}

/** Code and pages are read anew each time, so that a reload shows what was saved. */
export const NEVER_STORED = "no-store, no-cache, must-revalidate, max-age=0";
/** Larger files are delivered as they are: no import map is, and nobody writes such a page. */
const mostRewrittenBytes = 16 * 1024 * 1024;

export function createSite(options: SiteOptions): Site {
  const { root, base = "/" } = options;
  const gate = createPathGate({ roots: [root] });
  return {
    async answer(localPath, request, response) {
      if (request.method !== "GET" && request.method !== "HEAD")
        return end(response, 405, { allow: "GET, HEAD" }, "Only GET and HEAD are served here");
      try {
        if (isKept(localPath)) return missing(response);
        const name = localPath.replace(/^\/|\/$/g, "");
        if (!localPath.endsWith("/") && (await isFolder(gate, name)))
          return redirect(response, base, localPath, request.url ?? "");
        const page = localPath.endsWith("/") ? `${localPath.slice(1)}index.html` : name;
        await deliver(await gate.open(page), request, response, { ...options, base });
      } catch (error) {
        if (!(error instanceof UserError) || error.code === "internal") throw error;
        // Refused and missing look the same from outside.
        missing(response, localPath.endsWith("/") ? noIndex : noFile);
      }
    },
  };
}

async function isFolder(gate: PathGate, name: string): Promise<boolean> {
  const found = await stat(await gate.resolve(name)).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

async function deliver(
  file: OpenFile,
  request: IncomingMessage,
  response: ServerResponse,
  { base, client }: SiteOptions & { base: string },
): Promise<void> {
  try {
    const type = mimeTypeOf(file.path);
    const isHtml = type.startsWith("text/html");
    if ((isHtml || type.includes("json")) && file.size <= mostRewrittenBytes) {
      const page = readPageText(await file.handle.readFile());
      const own =
        page &&
        (isHtml
          ? injectHtml(page.text, client === undefined ? { base } : { base, client })
          : mergeImportMapJson(page.text, base));
      if (page !== undefined && own !== undefined) {
        // Of another encoding than ours the page itself says which.
        const shown = page.encoding === "utf8" ? type : type.replace(/;.*/, "");
        const headers = { "content-type": shown, "cache-control": NEVER_STORED };
        return end(response, 200, headers, Buffer.from(own, page.encoding));
      }
    }
    await stream(file, type, request, response);
  } finally {
    await file.handle.close();
  }
}

async function stream(
  { handle }: OpenFile,
  type: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { size, mtimeMs } = await handle.stat();
  const tag = `"${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}"`;
  const isCode = type.startsWith("text/javascript");
  const headers = {
    ...securityHeaders("content"),
    "content-type": type,
    "cache-control": isCode ? NEVER_STORED : "no-cache",
    ...(isCode ? {} : { etag: tag }),
  };
  if (!isCode && request.headers["if-none-match"] === tag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, "content-length": size });
  if (request.method === "HEAD" || size === 0) {
    response.end();
    return;
  }
  const bytes = handle.createReadStream({ start: 0, end: size - 1, autoClose: false });
  await new Promise<void>((resolve) => {
    response.once("close", () => {
      bytes.destroy();
      resolve();
    });
    // A file that became shorter breaks off the connection, so that nobody takes a part for the whole.
    bytes.once("error", () => response.destroy()).pipe(response);
  });
}

/** To the same folder with its slash, so that what the page names relatively is found below it. */
function redirect(response: ServerResponse, base: string, localPath: string, url: string): void {
  const path = localPath.slice(1).split("/").map(encodeURIComponent).join("/");
  const query = url.includes("?") ? url.slice(url.indexOf("?")) : "";
  end(response, 308, { location: `${base}${path}/${query}`, "cache-control": "no-store" }, "");
}

const noFile = "There is no such file";
const noIndex = "There is no index.html here. Name a page in the address, or add one to the folder";

function missing(response: ServerResponse, text = noFile): void {
  end(response, 404, { "cache-control": "no-store" }, text);
}

/** Node leaves the body out when the request was HEAD. */
function end(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): void {
  response
    .writeHead(status, {
      "content-type": "text/plain; charset=utf-8",
      ...securityHeaders("content"),
      ...headers,
      "content-length": Buffer.byteLength(body),
    })
    .end(body);
}
