/** A policy with a route of every kind, and heads of requests to it. */
import type { RequestPolicy } from "../../../src/server/gateway/admission.ts";
import { createCredentials } from "../../../src/server/gateway/request-credential.ts";
import {
  createRequestGate,
  type Admission,
  type RequestHead,
  type Route,
} from "../../../src/server/gateway/request-gate.ts";

export const host = "127.0.0.1:15173";
export const own = `http://${host}`;
export const page = createCredentials();
export const control = createCredentials();
export const pageToken = page.issue("page");
export const controlToken = control.issue("control");

export const base = {
  upgrade: false,
  access: "public",
  sites: "own",
  originRequired: false,
  json: false,
  bodyLimit: 1024,
} as const;
export const routes: readonly Route[] = [
  { ...base, name: "health", path: "/health", methods: ["GET"] },
  {
    ...base,
    name: "credential",
    path: "/-vitrine/credential",
    methods: ["POST"],
    originRequired: true,
    json: true,
  },
  {
    ...base,
    name: "realm",
    path: "/-vitrine/realm",
    methods: ["GET"],
    upgrade: true,
    originRequired: true,
    access: "page",
  },
  { ...base, name: "block", path: "/-vitrine/block/", methods: ["GET", "HEAD"] },
  { ...base, name: "tool", path: "/__open-in-editor*", methods: ["GET"] },
  { ...base, name: "list", path: "/api/sessions", methods: ["GET"], access: "page" },
  {
    ...base,
    name: "create",
    path: "/api/sessions",
    methods: ["POST"],
    access: "control",
    json: true,
  },
  {
    ...base,
    name: "events",
    path: "/api/events",
    methods: ["GET"],
    upgrade: true,
    access: "control",
  },
  {
    ...base,
    name: "compatible",
    path: "/kontext/preview",
    methods: ["POST"],
    sites: "listed",
    json: true,
  },
  {
    ...base,
    name: "hot",
    path: "/",
    methods: ["GET"],
    upgrade: true,
    sites: "content",
    bodyLimit: Infinity,
  },
  {
    ...base,
    name: "content",
    path: "/",
    methods: ["GET", "HEAD", "POST", "OPTIONS"],
    sites: "content",
    bodyLimit: Infinity,
  },
];

export const policy: RequestPolicy = {
  hosts: () => [host, "[::1]:15173", "Editor.Example"],
  origins: () => [own, "vscode-webview://known"],
  contentHosts: () => ["my.dev.example:15173"],
  contentOrigins: () => ["http://backend.example:8000"],
  prefixes: () => ["/", "/proxy/15173/", "/proxy/15173/app/", "/broken"],
  routes,
  credentials: { page: page.verify, control: control.verify },
};
export const gate = createRequestGate(policy);

export type Headers = Record<string, string | readonly string[]>;
export interface Ask {
  readonly method?: string;
  readonly upgrade?: boolean;
  readonly headers?: Headers;
  readonly authority?: string;
}

export function head(target: string, ask: Ask = {}): RequestHead {
  const headers: Headers = {
    Host: host,
    ...(ask.upgrade === true ? { Upgrade: "websocket" } : {}),
    ...ask.headers,
  };
  const rawHeaders = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => [name, one]),
  );
  const authority = ask.authority === undefined ? {} : { authority: ask.authority };
  return {
    method: ask.method ?? "GET",
    target,
    httpVersion: "1.1",
    rawHeaders,
    upgrade: ask.upgrade ?? false,
    ...authority,
  };
}
export const admit = (target: string, ask: Ask = {}): Admission => gate.admit(head(target, ask));
export const outcome = (admission: Admission): string | number =>
  admission.ok ? admission.route.name : admission.status;
export const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

let cases = 0;

/** Checks every row, and counts. */
export function table<Row>(rows: readonly Row[], check: (row: Row) => void): void {
  for (const row of rows) {
    cases++;
    check(row);
  }
}

/** Rows checked so far in this file: a table that shrinks unnoticed proves nothing. */
export function casesSoFar(): number {
  return cases;
}
