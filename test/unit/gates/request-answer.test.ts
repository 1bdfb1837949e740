import { expect, test } from "vitest";
import {
  createRequestGate,
  refusal,
  type Admission,
} from "../../../src/server/gateway/request-gate.ts";
import { answerText, securityHeaders } from "../../../src/server/gateway/response-headers.ts";
import { applyServerLimits, SERVER_LIMITS } from "../../../src/server/gateway/server-limits.ts";
import {
  own,
  controlToken,
  policy,
  gate,
  admit,
  outcome,
  bearer,
  head,
  type Ask,
} from "./request-fixture.ts";

test("a preflight is granted to a listed origin and for a route that takes one, never with a star", () => {
  const ask = (origin: string | undefined, method = "POST"): Ask => ({
    method: "OPTIONS",
    headers: {
      "Access-Control-Request-Method": method,
      "Access-Control-Request-Private-Network": "true",
      ...(origin === undefined ? {} : { Origin: origin }),
    },
  });
  const granted = admit("/kontext/preview", ask("vscode-webview://known"));
  expect(granted).toMatchObject({
    ok: false,
    status: 204,
    headers: {
      vary: "Origin",
      "access-control-allow-origin": "vscode-webview://known",
      "access-control-allow-methods": "POST",
    },
  });
  expect(outcome(admit("/src/x.js", ask("http://backend.example:8000", "GET")))).toBe(204);
  const refused: readonly Admission[] = [
    ...["https://evil.example", "http://localhost:3000", "null"].map((origin) =>
      admit("/kontext/preview", ask(origin)),
    ),
    admit("/kontext/preview", ask(undefined)),
    admit("/kontext/preview", ask("http://backend.example:8000")),
    admit("/kontext/preview", ask("vscode-webview://known", "DELETE")),
    admit("/api/sessions", ask(own)),
    admit("/-vitrine/credential", ask(own)),
    gate.admit(head("/kontext/preview", { ...ask(own), upgrade: true })),
    admit("/-vitrine/realm", ask(own, "GET")),
  ];
  for (const admission of refused) {
    expect(outcome(admission)).toBe(403);
    expect(JSON.stringify(admission)).not.toContain("access-control");
  }
  const all = JSON.stringify([granted, ...refused]);
  expect(all).not.toMatch(/\*|private-network|allow-credentials/i);
});

test("content tells caches that it depends on the origin, and names a listed one", () => {
  expect(admit("/x")).toMatchObject({ headers: { vary: "Origin" } });
  expect(admit("/x", { headers: { Origin: own } })).toMatchObject({
    headers: { "access-control-allow-origin": own },
  });
  expect(admit("/health", { headers: { Origin: own } })).toMatchObject({ headers: {} });
});

test("a refusal is small JSON with all headers, and repeats no secret and no raw control character", () => {
  const answers = [
    admit("/%"),
    admit("/health", { headers: { Host: "evil.example" } }),
    admit("/health", { headers: { Origin: "<script>\u001b[2J\u202e\r\nx" } }),
    admit("/health", { method: "\u001bPOST" }),
    admit("/-vitrine/realm"),
    admit("/api/sessions", { headers: bearer(`${controlToken}x`) }),
  ].map((admission) => (admission.ok ? undefined : refusal(admission))!);
  for (const answer of answers) {
    expect(JSON.parse(answer.body)).toEqual({
      error: { code: expect.any(String), message: expect.any(String) },
    });
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(answerText(answer).replaceAll("\r\n", "")).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(answer.body).not.toContain(controlToken.slice(0, 20));
    expect(answer.headers["content-length"]).toBe(String(Buffer.byteLength(answer.body)));
  }
  expect(answers.map((answer) => ({ ...answer, body: answer.body.length > 0 })))
    .toMatchInlineSnapshot(`
    [
      {
        "body": true,
        "headers": {
          "cache-control": "no-store",
          "connection": "close",
          "content-length": "139",
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
          "content-type": "application/json; charset=utf-8",
          "cross-origin-resource-policy": "same-origin",
          "referrer-policy": "no-referrer",
          "x-content-type-options": "nosniff",
        },
        "status": 400,
      },
      {
        "body": true,
        "headers": {
          "cache-control": "no-store",
          "connection": "close",
          "content-length": "123",
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
          "content-type": "application/json; charset=utf-8",
          "cross-origin-resource-policy": "same-origin",
          "referrer-policy": "no-referrer",
          "x-content-type-options": "nosniff",
        },
        "status": 403,
      },
      {
        "body": true,
        "headers": {
          "cache-control": "no-store",
          "connection": "close",
          "content-length": "168",
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
          "content-type": "application/json; charset=utf-8",
          "cross-origin-resource-policy": "same-origin",
          "referrer-policy": "no-referrer",
          "x-content-type-options": "nosniff",
        },
        "status": 403,
      },
      {
        "body": true,
        "headers": {
          "allow": "GET",
          "cache-control": "no-store",
          "connection": "close",
          "content-length": "100",
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
          "content-type": "application/json; charset=utf-8",
          "cross-origin-resource-policy": "same-origin",
          "referrer-policy": "no-referrer",
          "x-content-type-options": "nosniff",
        },
        "status": 405,
      },
      {
        "body": true,
        "headers": {
          "cache-control": "no-store",
          "connection": "close",
          "content-length": "96",
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
          "content-type": "application/json; charset=utf-8",
          "cross-origin-resource-policy": "same-origin",
          "referrer-policy": "no-referrer",
          "upgrade": "websocket",
          "x-content-type-options": "nosniff",
        },
        "status": 426,
      },
      {
        "body": true,
        "headers": {
          "cache-control": "no-store",
          "connection": "close",
          "content-length": "123",
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
          "content-type": "application/json; charset=utf-8",
          "cross-origin-resource-policy": "same-origin",
          "referrer-policy": "no-referrer",
          "www-authenticate": "Bearer",
          "x-content-type-options": "nosniff",
        },
        "status": 401,
      },
    ]
  `);
  const longValue = admit("/health", { headers: { Origin: "x".repeat(8000) } });
  expect(JSON.stringify(longValue).length).toBeLessThan(400);
});

test("the answer to a preflight has no body, and an upgrade is refused as plain HTTP", () => {
  const granted = admit("/x", {
    method: "OPTIONS",
    headers: { Origin: own, "Access-Control-Request-Method": "GET" },
  });
  const answer = granted.ok ? undefined : refusal(granted);
  expect(answer).toMatchObject({ status: 204, body: "" });
  expect(answer?.headers).not.toHaveProperty("content-length");
  expect(answerText(answer!)).toMatch(/^HTTP\/1\.1 204 Refused\r\n.*\r\n\r\n$/s);
});

test("the headers of every answer are these", () => {
  expect([securityHeaders("control"), securityHeaders("content")]).toMatchInlineSnapshot(`
    [
      {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      },
      {
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
      },
    ]
  `);
});

test("more headers than Node would show are refused, so that none is decided on unseen", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`X-${index}`, "1"]));
  expect(outcome(admit("/health", { headers: many }))).toBe(431);
  const server = { maxConnections: 0 };
  applyServerLimits(server);
  expect(server).toEqual({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5_000,
    maxHeadersCount: SERVER_LIMITS.headers + 1,
    maxConnections: 512,
  });
});

test("a policy that fails shuts the door and throws nothing", () => {
  const failing = createRequestGate({
    ...policy,
    hosts: () => {
      throw new Error("secret");
    },
  });
  const admission = failing.admit(head("/health"));
  expect(outcome(admission)).toBe(500);
  expect(JSON.stringify(admission)).not.toContain("secret");
});
