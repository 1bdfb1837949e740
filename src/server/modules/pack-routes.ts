/** Answers the pack addresses of a session's own origin; the gate in front has admitted them. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { indexMap } from "./pack-maps.ts";
import { packBytes } from "./pack.ts";
import type { PagePacks } from "./page-packs.ts";
import type { PendingPacks } from "./pending-packs.ts";
import type { Vite } from "../vite-host/main.ts";

export interface PackRoutes {
  /** @param name what stands behind the route, with its query */
  answer(request: IncomingMessage, response: ServerResponse, name: string): Promise<void>;
}

export interface PackRoutesParts {
  readonly vite: Vite;
  readonly packs: PagePacks;
  readonly pending: PendingPacks;
  /** Text of an inline module script by its key. */
  inline(key: string): string | undefined;
  /** A module that a page asked for failed: shown where Vite shows it. */
  failed(error: unknown): void;
}

const immutable = "max-age=31536000, immutable";
/** Content changes, or an error that may be mended. */
const unstored = "no-store";
const lazyModule = /^lazy\.js\?/;
const map = /^([\da-f]{16})\.js\.map$/;
const script = /^([\da-f]{16})\.js$/;
const inlineScript = /^inline-[\da-f]{16}(?=\.js$)/;

export function createPackRoutes(parts: PackRoutesParts): PackRoutes {
  const { vite, packs, pending, failed } = parts;
  const find = async (name: string): Promise<Answer | undefined> => {
    if (lazyModule.test(name)) {
      const query = new URLSearchParams(name.slice(name.indexOf("?")));
      const have = (query.get("have") ?? "").split(",");
      return js(packBytes(await packs.lazy(query.get("url") ?? "", have)), unstored);
    }
    const waiting = pending.find(name);
    if (waiting !== undefined) return js(packBytes(await waiting), unstored);
    const inline = parts.inline(`#${inlineScript.exec(name)?.[0] ?? ""}`);
    if (inline !== undefined) return js(Buffer.from(inline), unstored);
    const [asScript, asMap] = [script.exec(name)?.[1], map.exec(name)?.[1]];
    const pack = packs.find(asScript ?? asMap ?? "");
    if (pack === undefined) return undefined;
    if (asScript !== undefined) return js(packBytes(pack), immutable);
    return {
      type: "application/json",
      cache: immutable,
      body: Buffer.from(await indexMap(vite, pack)),
    };
  };

  return {
    async answer(request, response, name) {
      try {
        const found = await find(name);
        if (found === undefined) return send(response, 404, text("No such pack"));
        return send(response, 200, found);
      } catch (error) {
        if (lazyModule.test(name)) failed(error);
        return send(response, 500, text("A module of this pack cannot be transformed"));
      }
    },
  };
}

interface Answer {
  readonly type: string;
  readonly cache: string;
  readonly body: Buffer;
}

function js(body: Buffer, cache: string): Answer {
  return { type: "text/javascript; charset=utf-8", cache, body };
}

function text(message: string): Answer {
  return { type: "text/plain; charset=utf-8", cache: unstored, body: Buffer.from(message) };
}

function send(response: ServerResponse, status: number, { type, cache, body }: Answer): void {
  response
    .writeHead(status, {
      "content-type": type,
      "cache-control": cache,
      "content-length": body.length,
      "x-content-type-options": "nosniff",
    })
    .end(body);
}
