/** A folder served as `vitrine repl` serves it, with what its pages reported of their tests. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createRequestGate, headOf, refusal } from "../../src/server/gateway/request-gate.ts";
import { readJson } from "../../src/server/gateway/request-body.ts";
import { createReplRoutes, replRoutes } from "../../src/server/repl/repl-routes.ts";
import { createSite } from "../../src/server/repl/site.ts";
import { dist } from "./server.ts";

export interface ReplSite {
  readonly origin: string;
  readonly root: string;
  /** Bodies posted to `-daebug-test-progress`, in order. */
  readonly progress: Record<string, unknown>[];
  close(): Promise<void>;
}

export interface ReplSiteOptions {
  /** Public base with a slash at both ends. */
  readonly base?: string;
  readonly client?: string;
}

export async function startReplSite(
  root: string,
  { base = "/", client }: ReplSiteOptions = {},
): Promise<ReplSite> {
  const progress: Record<string, unknown>[] = [];
  const site = createSite({ root, base, ...(client === undefined ? {} : { client }) });
  const routes = createReplRoutes({
    root,
    base: () => base,
    modules: root,
    built: {
      nodeTest: path.join(dist, "realm/node-test.js"),
      nodeAssert: path.join(dist, "realm/node-assert.js"),
      pageClient: path.join(dist, "realm/page.js"),
    },
    wire: async (route, _admission, request, response) => {
      if (route === "test-progress") {
        progress.push((await readJson(request, { limit: 4e6 })) as Record<string, unknown>);
      }
      response.end("ok");
    },
  });
  const server = createServer((request, response) => {
    const admission = gate.admit(headOf(request, false));
    if (!admission.ok) {
      const { status, headers, body } = refusal(admission);
      response.writeHead(status, headers).end(body);
      return;
    }
    void routes.answer(admission, request, response).then((done) => {
      if (!done) void site.answer(admission.local, request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gate = createRequestGate({
    hosts: () => [new URL(origin).host],
    origins: () => [origin],
    prefixes: () => [base],
    credentials: { page: () => false, control: () => false },
    routes: [
      ...replRoutes,
      {
        name: "content",
        path: "/",
        methods: ["GET", "HEAD", "POST"],
        upgrade: false,
        access: "public",
        sites: "content",
        originRequired: false,
        json: false,
        bodyLimit: 1000,
      },
    ],
  });
  return {
    origin,
    root,
    progress,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
