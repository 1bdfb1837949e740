import { expect, test } from "vitest";
import { createCredentials } from "../../../src/server/gateway/request-credential.ts";
import { createRequestGate } from "../../../src/server/gateway/request-gate.ts";
import {
  own,
  pageToken,
  controlToken,
  routes,
  admit,
  outcome,
  bearer,
  table,
  head,
  type Headers,
  type Ask,
  casesSoFar,
  policy,
} from "./request-fixture.ts";

test("a door for pages needs the exact origin, and no address bar opens it", () => {
  const ask = { method: "POST", headers: { "Content-Type": "application/json" } };
  expect(outcome(admit("/-vitrine/credential", ask))).toBe(403);
  expect(
    outcome(admit("/-vitrine/credential", { ...ask, headers: { ...ask.headers, Origin: own } })),
  ).toBe("credential");
  expect(
    outcome(
      admit("/-vitrine/credential", {
        ...ask,
        headers: { ...ask.headers, Origin: own, "Sec-Fetch-Site": "same-origin" },
      }),
    ),
  ).toBe("credential");
  expect(
    outcome(
      admit("/-vitrine/credential", {
        ...ask,
        headers: { ...ask.headers, Origin: own, "Sec-Fetch-Site": "none" },
      }),
    ),
  ).toBe(403);
});

test("the first route that fits owns its path: other methods and upgrades do not fall through", () => {
  const rows: readonly (readonly [target: string, ask: Ask, expected: string | number])[] = [
    ["/-vitrine/credential", { method: "GET" }, 405],
    ["/-vitrine/credential", { upgrade: true }, 400],
    ["/-vitrine/realm", {}, 426],
    ["/-VITRINE/Realm", {}, 426],
    ["/proxy/15173/-vitrine/realm", {}, 426],
    ["/proxy/15173/app/-vitrine/realm", {}, 426],
    ["/proxy%2f15173/-vitrine%2frealm", {}, 426],
    ["/-vitrine/realm", { upgrade: true, method: "POST" }, 405],
    ["/api/sessions", { method: "DELETE" }, 405],
    ["/health", { method: "POST" }, 405],
    ["/health", { method: "TRACE" }, 405],
    ["/health", { method: "CONNECT" }, 405],
    ["/health/", {}, "content"],
    ["/-vitrine/block/x.js", {}, "block"],
    ["/-vitrine/block", {}, "content"],
    ["/__open-in-editor?file=x", {}, "tool"],
    ["/__OPEN-in-editor/x", {}, "tool"],
    ["/__open-in-editor.x", {}, "tool"],
    ["/proxy/15173/%5f_open-in-editor", {}, "tool"],
    ["/proxy/15173", {}, "content"],
    ["/broken/x", {}, "content"],
    ["/x", { method: "PUT" }, 405],
    ["/x", { method: "OPTIONS" }, "content"],
  ];
  table(rows, ([target, ask, expected]) =>
    expect(outcome(admit(target, ask)), target).toBe(expected),
  );
  expect(admit("/proxy/15173/app/x")).toMatchObject({
    path: "/proxy/15173/app/x",
    local: "/x",
    url: "/proxy/15173/app/x",
  });
  const small = createRequestGate({ ...policy, routes: routes.slice(0, 1) });
  expect(outcome(small.admit(head("/x")))).toBe(404);
  expect(outcome(small.admit(head("/x", { upgrade: true })))).toBe(404);
});

test("tools of the build are closed to other sites", () => {
  const headers = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Dest": "image",
  };
  expect(outcome(admit("/__open-in-editor?file=x", { headers }))).toBe(403);
  expect(
    outcome(
      admit("/__open-in-editor", {
        headers: { ...headers, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" },
      }),
    ),
  ).toBe(403);
});

test("a change needs a JSON body, so that no form can make it", () => {
  const rows: readonly (readonly [type: string | readonly string[], expected: string | number])[] =
    [
      ["application/json", "create"],
      ["Application/JSON; charset=UTF-8", "create"],
      ['application/json;charset="utf-8"', "create"],
      ["text/plain", 415],
      ["application/x-www-form-urlencoded", 415],
      ["multipart/form-data; boundary=x", 415],
      ["text/plain; application/json", 415],
      ["application/json; charset=utf-16", 415],
      ["application/json, text/plain", 415],
      ["application/jsonp", 415],
      ["", 415],
      [[], 415],
      [["application/json", "text/plain"], 400],
    ];
  table(rows, ([type, expected]) => {
    const headers = { ...bearer(controlToken), "Content-Type": type };
    expect(outcome(admit("/api/sessions", { method: "POST", headers })), String(type)).toBe(
      expected,
    );
  });
  const overridden = { ...bearer(controlToken), "X-HTTP-Method-Override": "POST" };
  expect(outcome(admit("/api/sessions?_method=POST", { headers: overridden }))).toBe("list");
});

test("a body that announces too much is refused unread", () => {
  const ask = (length: string): Ask => ({
    method: "POST",
    headers: {
      ...bearer(controlToken),
      "Content-Type": "application/json",
      "Content-Length": length,
    },
  });
  expect(outcome(admit("/api/sessions", ask("1023")))).toBe("create");
  expect(outcome(admit("/api/sessions", ask("1024")))).toBe("create");
  expect(outcome(admit("/api/sessions", ask("1025")))).toBe(413);
  expect(outcome(admit("/api/sessions", ask("99999999999999999999999")))).toBe(413);
  expect(outcome(admit("/api/sessions", ask("x")))).toBe(413);
  expect(
    outcome(admit("/upload", { method: "POST", headers: { "Content-Length": "99999999999" } })),
  ).toBe("content");
});

test("each credential opens exactly its routes", () => {
  const holders = { nobody: {}, page: bearer(pageToken), control: bearer(controlToken) };
  const socketHolders = {
    nobody: {},
    page: { "Sec-WebSocket-Protocol": `vitrine.realm.1, token.${pageToken}` },
    control: { "Sec-WebSocket-Protocol": `token.${controlToken}` },
  };
  const expected: Record<string, readonly string[]> = {
    health: ["nobody", "page", "control"],
    credential: ["nobody", "page", "control"],
    realm: ["page", "control"],
    block: ["nobody", "page", "control"],
    tool: ["nobody", "page", "control"],
    list: ["page", "control"],
    create: ["control"],
    events: ["control"],
    compatible: ["nobody", "page", "control"],
    hot: ["nobody", "page", "control"],
    content: ["nobody", "page", "control"],
  };
  for (const route of routes) {
    const target = route.path.replace("*", "");
    const always = { Origin: own, "Content-Type": "application/json" };
    const open = (["nobody", "page", "control"] as const).filter((holder) => {
      const credential: Headers = (route.upgrade ? socketHolders : holders)[holder];
      return admit(target, {
        method: route.methods[0]!,
        upgrade: route.upgrade,
        headers: { ...always, ...credential },
      }).ok;
    });
    expect(open, route.name).toEqual(expected[route.name]);
  }
  expect(Object.keys(expected).toSorted()).toEqual(routes.map((route) => route.name).toSorted());
});

test("a token passes only whole, once and in its place", () => {
  const wrong = [
    {},
    { Authorization: "" },
    { Authorization: "Bearer" },
    { Authorization: "Bearer " },
    bearer(controlToken.slice(1)),
    bearer(controlToken.slice(0, -1)),
    bearer(`${controlToken}x`),
    bearer(`${controlToken} `),
    bearer(`${controlToken}\n`),
    bearer(` ${controlToken}`),
    bearer(pageToken),
    bearer("x".repeat(43)),
    bearer("é".repeat(43)),
    { Authorization: `Basic ${controlToken}` },
    { Authorization: controlToken },
    { Cookie: `token=${controlToken}` },
    { "X-Token": controlToken },
    { Authorization: [`Bearer ${controlToken}`, `Bearer ${controlToken}`] },
    { "Sec-WebSocket-Protocol": `token.${controlToken}` },
  ];
  table(
    wrong.map((headers) => [headers] as const),
    ([headers]) => {
      const admission = admit(`/api/sessions?token=${controlToken}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
      });
      expect(outcome(admission), JSON.stringify(headers)).toBe(401);
    },
  );
  const wrongSockets: readonly (string | readonly string[])[] = [
    [],
    "",
    "token.",
    `token.${controlToken}x`,
    `token.${controlToken}, token.${controlToken}`,
    controlToken,
    `TOKEN.${controlToken}`,
    [`token.${controlToken}`, "other"],
    `token.${pageToken}`,
  ];
  table(
    wrongSockets.map((protocols) => [protocols] as const),
    ([protocols]) => {
      expect(
        outcome(
          admit("/api/events", { upgrade: true, headers: { "Sec-WebSocket-Protocol": protocols } }),
        ),
        String(protocols),
      ).toBe(401);
    },
  );
  const both = { ...bearer(controlToken), "Sec-WebSocket-Protocol": `token.${controlToken}` };
  expect(outcome(admit("/api/events", { upgrade: true, headers: both }))).toBe(401);
  expect(outcome(admit("/api/events", { upgrade: true, headers: bearer(controlToken) }))).toBe(
    "events",
  );
  expect(
    outcome(
      admit("/api/events", {
        upgrade: true,
        headers: { "Sec-WebSocket-Protocol": `a, token.${controlToken} ,b` },
      }),
    ),
  ).toBe("events");
});

test("a revoked or replaced credential opens nothing", () => {
  const credentials = createCredentials();
  const first = credentials.issue("a");
  const other = credentials.issue("b");
  expect([first, other].map(credentials.verify)).toEqual([true, true]);
  const second = credentials.issue("a");
  expect([first, second, other].map(credentials.verify)).toEqual([false, true, true]);
  credentials.revoke("a");
  expect([second, other].map(credentials.verify)).toEqual([false, true]);
});

test("the tables are as large as they were", () => {
  console.log(`request gate: ${casesSoFar()} cases of request-access`);
  expect(casesSoFar()).toBeGreaterThan(60);
});
