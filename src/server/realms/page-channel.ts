/**
 * The page door of one session. It listens on a local socket in a private directory; the session's Vite host hands the
 * pages' `-vitrine/…` and `-daebug-…` requests to it, so that a page talks only to its own origin.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import type { Duplex } from "node:stream";
import { harmlessToPolls } from "../gateway/poll-answer.ts";
import { createRequestGate, headOf, refusal } from "../gateway/request-gate.ts";
import { answerText } from "../gateway/response-headers.ts";
import { createPageDoor, type PageDoorOptions } from "./page-door.ts";

export interface PageChannel {
  /** Path of the local socket or pipe. */
  readonly pipe: string;
  close(): Promise<void>;
}

export interface PageChannelOptions extends PageDoorOptions {
  readonly runDirectory: string;
  /** Exact origins and hosts of the session's pages. */
  addresses(): { readonly origins: readonly string[]; readonly hosts: readonly string[] };
}

export async function openPageChannel(options: PageChannelOptions): Promise<PageChannel> {
  const door = createPageDoor(options);
  const gate = createRequestGate({
    hosts: () => options.addresses().hosts,
    origins: () => options.addresses().origins,
    prefixes: () => ["/"],
    credentials: { page: door.verify, control: () => false },
    routes: door.routes,
  });
  const server = createServer((request, response) => void answer(request, response));
  // The Vite host is the only client. What it has just sent must not meet a connection that was idle too long.
  server.keepAliveTimeout = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const admission = gate.admit(headOf(request, false));
    if (admission.ok) return void (await door.answer(admission, request, response));
    // Read to its end: the Vite host in between would report a closed pipe instead of this answer.
    request.resume();
    const { status, body, headers } = harmlessToPolls(refusal(admission), request);
    response.writeHead(status, { ...headers, connection: "keep-alive" }).end(body);
  };

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const admission = gate.admit(headOf(request, true));
    if (admission.ok) door.accept(admission, request, socket, head);
    else socket.end(answerText(refusal(admission)));
  });

  const pipe =
    process.platform === "win32"
      ? `\\\\.\\pipe\\vitrine-${randomBytes(12).toString("hex")}`
      : path.join(options.runDirectory, `${randomBytes(6).toString("hex")}.sock`);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(pipe, resolve));
  return {
    pipe,
    close: async () => {
      door.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
