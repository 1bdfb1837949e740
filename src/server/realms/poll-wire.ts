/** The HTTP channel behind its routes: who polls, what was posted, and what is answered where no REPL runs (section 14). */
import type { IncomingMessage, ServerResponse } from "node:http";
import { UserError } from "../../protocol/errors.ts";
import { drain, readJson } from "../gateway/request-body.ts";
import type { WireHandler } from "../repl/repl-routes.ts";
import type { OpenRepl } from "../repl/logs/repls.ts";
import type { Poller, PostAnswer } from "./poll-channel.ts";

/** Bytes of a message (decision 34). Its shape is bounded by that alone: a value may be a long list. */
const bodyLimits = {
  limit: 4 * 1024 * 1024,
  depth: 1000,
  keys: 1_000_000,
  values: 4_000_000,
  keyBytes: 64 * 1024,
} as const;
/** Ms a poll is held where no REPL runs: the client asks again at once. */
const idleMs = 10_000;

/** @param find the REPL of the pages, undefined while none runs */
export function createWire(find: () => OpenRepl | undefined): WireHandler {
  return async (route, admission, request, response) => {
    const open = find();
    const poller = toPoller(admission.url);
    try {
      if (request.method === "GET") return poll(open, poller, response);
      answer(response, await post(open, poller, { route, body: await readMessage(request) }));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // Too many realms, or the REPL ends just now. A poll's answer stays without a body.
      const body = request.method === "GET" ? "" : error.message;
      answer(response, { status: error.code === "busy" ? 429 : 503, body });
    }
  };
}

async function post(
  open: OpenRepl | undefined,
  poller: Poller | undefined,
  { route, body }: { route: "channel" | "test-progress"; body: unknown },
): Promise<PostAnswer> {
  if (body === "invalid") return { status: 500, body: "error" };
  if (open === undefined) return { status: 200, body: "ok" };
  if (route === "test-progress") return open.channel.progress(body);
  if (poller === undefined) return { status: 400, body: "the name is missing" };
  if (body !== "too large") return open.channel.post(poller, body);
  await open.repl.find(poller.name)?.fail("failed", "result larger than 4 MiB");
  return { status: 200, body: "ok" };
}

function poll(
  open: OpenRepl | undefined,
  poller: Poller | undefined,
  response: ServerResponse,
): void {
  // An answer with a body would be run as code.
  if (poller === undefined) return void response.writeHead(400).end();
  if (open !== undefined) return open.channel.poll(poller, response);
  const timer = setTimeout(() => response.writeHead(200).end(), idleMs);
  response.once("close", () => clearTimeout(timer));
}

function toPoller(url: string): Poller | undefined {
  const query = new URL(url, "http://localhost").searchParams;
  const name = query.get("name") ?? "";
  const tab = query.get("instance");
  if (name === "") return undefined;
  return {
    name: name.slice(0, 1000),
    url: query.get("url") ?? "",
    ...(tab === null ? {} : { tab }),
    isRemote: query.get("remote") === "1",
  };
}

async function readMessage(request: IncomingMessage): Promise<unknown> {
  try {
    return await readJson(request, bodyLimits);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Read to its end: the client must get its answer.
    await drain(request);
    return error.code === "too_large" ? "too large" : "invalid";
  }
}

function answer(response: ServerResponse, { status, body }: PostAnswer): void {
  response
    .writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
    .end(body);
}
