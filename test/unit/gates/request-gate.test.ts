import * as fc from "fast-check";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { headOf, refusal } from "../../../src/server/gateway/request-gate.ts";
import { badTargets } from "./bad-targets.ts";
import { host, own, controlToken, gate, policy, routes } from "./request-fixture.ts";

test("no request head makes the gate throw, and none from a foreign host or origin is admitted", () => {
  const anyHeader = fc.tuple(
    fc.oneof(
      fc.constantFrom(
        "Host",
        "host",
        "Origin",
        "Authorization",
        "Sec-Fetch-Site",
        "Content-Type",
        "Content-Length",
        "Sec-WebSocket-Protocol",
        "__proto__",
      ),
      fc.string(),
    ),
    fc.oneof(
      fc.constantFrom(
        host,
        own,
        "null",
        "application/json",
        `Bearer ${controlToken}`,
        "cross-site",
      ),
      fc.string({ unit: "binary" }),
    ),
  );
  const anyHead = fc.record({
    method: fc.oneof(fc.constantFrom("GET", "POST", "OPTIONS"), fc.string()),
    target: fc.oneof(
      fc.constantFrom(...routes.map((route) => route.path), ...badTargets),
      fc.string({ unit: "binary" }),
    ),
    httpVersion: fc.constantFrom("1.0", "1.1", "2.0"),
    headers: fc.array(anyHeader, { maxLength: 12 }),
    odd: fc.boolean(),
    upgrade: fc.boolean(),
  });
  fc.assert(
    fc.property(anyHead, ({ headers, odd, ...rest }) => {
      const rawHeaders = [...headers.flat(), ...(odd ? ["Host"] : [])];
      const admission = gate.admit({ ...rest, rawHeaders });
      if (!admission.ok) return void refusal(admission);
      const values = (name: string): string[] =>
        headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
      expect(values("host")).toHaveLength(1);
      expect(
        values("origin").every((origin) =>
          [...policy.origins(), ...policy.contentOrigins!()].includes(origin),
        ),
      ).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("the time of a decision grows linearly with the request", () => {
  const time = (size: number): number => {
    const target = `/${"a/%2E%2Ex[".repeat(size / 10)}`;
    const rawHeaders = [
      "Host",
      host,
      "Origin",
      "x".repeat(size),
      "Authorization",
      `Bearer ${" ".repeat(size)}`,
      "Sec-WebSocket-Protocol",
      "token.,".repeat(size / 7),
    ];
    const start = performance.now();
    for (let round = 0; round < 20; round++) {
      gate.admit({ method: "GET", target, httpVersion: "1.1", rawHeaders, upgrade: false });
      gate.admit({
        method: "GET",
        target: "/api/events",
        httpVersion: "1.1",
        rawHeaders: rawHeaders.toSpliced(2, 2),
        upgrade: true,
      });
    }
    return performance.now() - start;
  };
  time(8_000);
  const small = time(8_000);
  expect(time(16_000)).toBeLessThan(small * 6 + 20);
});

test("the head of a request is read from Node's own objects, for HTTP/2 with its authority", () => {
  const rawHeaders = ["Host", host];
  const request = {
    method: "GET",
    url: "/x",
    httpVersion: "1.1",
    rawHeaders,
    headers: {},
  } as unknown as IncomingMessage;
  expect(headOf(request, true)).toEqual({
    method: "GET",
    target: "/x",
    httpVersion: "1.1",
    rawHeaders,
    upgrade: true,
  });
  const second = {
    httpVersion: "2.0",
    rawHeaders: [],
    headers: { ":authority": host },
  } as unknown as IncomingMessage;
  expect(headOf(second, false)).toEqual({
    method: "",
    target: "",
    httpVersion: "2.0",
    rawHeaders: [],
    upgrade: false,
    authority: host,
  });
});
