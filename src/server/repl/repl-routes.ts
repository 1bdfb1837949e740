/** The `-daebug-…` addresses of a session's pages (REPL 14): files for realms, discovery, and what the logs answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { UserError } from "../../protocol/errors.ts";
import { harmlessToPolls } from "../gateway/poll-answer.ts";
import { readJson } from "../gateway/request-body.ts";
import type { Admitted, Route } from "../gateway/request-gate.ts";
import { securityHeaders, type Answer } from "../gateway/response-headers.ts";
import { discoverTests } from "./discover-tests.ts";
import { createRealmFiles, type BuiltFiles } from "./realm-files.ts";

/** Answers a realm that speaks the older protocol: the poll and its results, and the progress of tests. */
export type WireHandler = (
  route: "channel" | "test-progress",
  admission: Admitted,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void>;

export interface ReplRoutesOptions {
  /** Absolute; where test files are looked for. */
  readonly root: string;
  /** Public base with a slash at both ends. */
  base(): string;
  /** Absolute root of the files below `-daebug-m/`, where no other server delivers them. */
  readonly modules?: string;
  readonly wire?: WireHandler | undefined;
  readonly built?: BuiltFiles;
}

export interface ReplRoutes {
  /** Answers an admitted request; false when its route is none of `replRoutes`. */
  answer(admission: Admitted, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** Decision 27: Host, own Origin or none, and JSON for what is posted. The specific ones first. */
const own = {
  sites: "own",
  json: true,
  upgrade: false,
  originRequired: false,
  access: "public",
} as const;
const discoveryBytes = 256 * 1024;
const progressBytes = 4 * 1024 * 1024;

export const replRoutes: readonly Route[] = [
  {
    ...own,
    name: "daebug-channel",
    path: "/-daebug-channel",
    methods: ["GET", "POST"],
    // A result that is too large is read to its end and ends its job (decision 34).
    bodyLimit: Number.POSITIVE_INFINITY,
  },
  {
    ...own,
    name: "daebug-discover-tests",
    path: "/-daebug-discover-tests",
    methods: ["POST"],
    bodyLimit: discoveryBytes,
  },
  {
    ...own,
    name: "daebug-test-progress",
    path: "/-daebug-test-progress",
    methods: ["POST"],
    bodyLimit: progressBytes,
  },
  { ...own, name: "daebug-file", path: "/-daebug-*", methods: ["GET", "HEAD"], bodyLimit: 0 },
];

export function createReplRoutes(options: ReplRoutesOptions): ReplRoutes {
  const { base, modules, wire, built } = options;
  const files = createRealmFiles({
    base,
    built,
    ...(modules === undefined ? {} : { root: modules }),
  });

  async function answerRoute(
    admission: Admitted,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    switch (admission.route.name) {
      case "daebug-discover-tests":
        await answerDiscovery(options.root, request, response);
        return true;
      case "daebug-channel":
        if (wire === undefined) return unknown(request, response);
        await wire("channel", admission, request, response);
        return true;
      case "daebug-test-progress":
        if (wire === undefined) return unknown(request, response);
        await wire("test-progress", admission, request, response);
        return true;
      case "daebug-file":
        return (
          (await files.answer(admission.local, request, response)) || unknown(request, response)
        );
      default:
        return false;
    }
  }

  return {
    async answer(admission, request, response) {
      try {
        return await answerRoute(admission, request, response);
      } catch {
        // Whatever the reason, the page gets an answer and the process lives.
        if (response.headersSent) response.destroy();
        else send(response, harmlessToPolls(problem(500, "internal error"), request));
        return true;
      }
    },
  };
}

/** The answer to `POST -daebug-discover-tests`: `{ files }`, or 500 with `{ error }` (REPL 12.3). */
export async function answerDiscovery(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const files = await discoverTests(root, await readJson(request, { limit: discoveryBytes }));
    send(response, json(200, { files }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    request.resume();
    send(response, problem(500, error.message));
  }
}

function unknown(request: IncomingMessage, response: ServerResponse): true {
  request.resume();
  send(response, harmlessToPolls(problem(404, "nothing is served at this address"), request));
  return true;
}

function problem(status: number, error: string): Answer {
  return json(status, { error });
}

function json(status: number, body: object): Answer {
  const headers = {
    ...securityHeaders("control"),
    "content-type": "application/json; charset=utf-8",
  };
  return { status, headers, body: JSON.stringify(body) };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body);
}
