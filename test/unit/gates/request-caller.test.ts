import { expect, test } from "vitest";
import { createRequestGate } from "../../../src/server/gateway/request-gate.ts";
import {
  host,
  own,
  admit,
  outcome,
  table,
  head,
  type Headers,
  casesSoFar,
  policy,
  base,
  routes,
} from "./request-fixture.ts";

test("only the exact host passes, before anything is routed", () => {
  const rows: readonly (readonly [value: string | readonly string[], status: number | "health"])[] =
    [
      [host, "health"],
      ["[::1]:15173", "health"],
      ["EDITOR.example", "health"],
      ["evil.example", 403],
      ["127.0.0.1.evil.example", 403],
      ["localhost.evil.example:15173", 403],
      ["localhost:15173", 403],
      ["10.0.0.7:15173", 403],
      ["0.0.0.0:15173", 403],
      ["127.0.0.1:15174", 403],
      ["127.0.0.1", 403],
      ["127.0.0.1.:15173", 403],
      ["my.dev.example:15173", 403],
      ["", 400],
      ["[::1", 400],
      ["[::1]x", 400],
      ["a b", 400],
      ["a@b", 400],
      [`${host}, ${host}`, 400],
      ["127.0.0.1:", 400],
      ["127.0.0.1:151730", 400],
      ["a".repeat(8192), 400],
      [[host, host], 400],
      [[host, "evil.example"], 400],
      [[], 400],
    ];
  table(rows, ([value, status]) => {
    expect(outcome(admit("/health", { headers: { Host: value } })), String(value)).toBe(status);
    const upgraded = outcome(admit("/x", { upgrade: true, headers: { Host: value } }));
    if (status !== "health" && value !== "my.dev.example:15173")
      expect(upgraded, String(value)).toBe(status);
  });
});

test("over HTTP/2 the authority stands for the host, and both must be served", () => {
  expect(outcome(admit("/health", { authority: host, headers: { Host: [] } }))).toBe("health");
  expect(outcome(admit("/health", { authority: host, headers: { Host: "evil.example" } }))).toBe(
    403,
  );
  expect(outcome(admit("/health", { authority: "evil.example" }))).toBe(403);
});

test("an origin passes only when it is in the list, letter by letter, on GET too", () => {
  const refused = [
    "https://evil.example",
    "null",
    `${own}.evil.example`,
    "http://127.0.0.1",
    "http://127.0.0.1:15174",
    "HTTP://127.0.0.1:15173",
    `${own}/`,
    "file://",
    "vscode-webview://x",
    "http://localhost:15173",
    "https://127.0.0.1:15173",
    "::",
    "",
    ` ${own}`,
    `${own}, ${own}`,
    "http://backend.example:8000",
  ];
  table(
    refused.map((origin) => [origin] as const),
    ([origin]) => {
      expect(outcome(admit("/health", { headers: { Origin: origin } })), origin).toBe(403);
      expect(
        outcome(admit("/-vitrine/realm", { upgrade: true, headers: { Origin: origin } })),
        origin,
      ).toBe(403);
    },
  );
  expect(outcome(admit("/health", { headers: { Origin: [own, own] } }))).toBe(400);
  expect(outcome(admit("/health", { headers: { Origin: own } }))).toBe("health");
  expect(outcome(admit("/health", { headers: { Origin: "vscode-webview://known" } }))).toBe(
    "health",
  );
});

test("an origin named null is refused even when the list has it", () => {
  const careless = createRequestGate({ ...policy, origins: () => ["null"] });
  expect(outcome(careless.admit(head("/health", { headers: { Origin: "null" } })))).toBe(403);
});

test("names that a project's configuration lists hold for its content, never for our endpoints", () => {
  const headers = { Host: "my.dev.example:15173", Origin: "http://backend.example:8000" };
  expect(outcome(admit("/src/x.js", { headers }))).toBe("content");
  expect(outcome(admit("/src/x.js", { upgrade: true, headers }))).toBe("hot");
  expect(outcome(admit("/-vitrine/block/x.js", { headers: { Host: headers.Host } }))).toBe(403);
  expect(outcome(admit("/-vitrine/block/x.js", { headers: { Origin: headers.Origin } }))).toBe(403);
  expect(outcome(admit("/kontext/preview", { method: "POST", headers }))).toBe(403);
  expect(outcome(admit("/__open-in-editor", { headers: { Host: headers.Host } }))).toBe(403);
});

test("fetch metadata decides by the class of the route", () => {
  const listed = "vscode-webview://known";
  type Row = readonly [
    metadata: string,
    origin: string | undefined,
    expected: Record<"own" | "listed" | "content", boolean>,
  ];
  const none = { own: false, listed: false, content: false };
  const all = { own: true, listed: true, content: true };
  const rows: readonly Row[] = [
    ["", undefined, all],
    ["same-origin cors empty", own, all],
    ["same-origin no-cors script", undefined, all],
    ["none navigate document", undefined, all],
    ["same-site cors empty", undefined, none],
    ["same-site no-cors script", undefined, none],
    ["cross-site no-cors script", undefined, none],
    ["cross-site no-cors image", undefined, none],
    ["cross-site no-cors empty", undefined, none],
    ["cross-site navigate document", undefined, { ...none, content: true }],
    ["cross-site navigate iframe", undefined, { ...none, content: true }],
    ["same-site navigate frame", undefined, { ...none, content: true }],
    ["cross-site navigate embed", undefined, none],
    ["cross-site navigate object", undefined, none],
    ["cross-site navigate", undefined, none],
    ["cross-site", undefined, none],
    ["cross-site cors empty", listed, { own: false, listed: true, content: true }],
    ["same-site cors script", listed, { own: false, listed: true, content: true }],
    ["cross-site no-cors script", listed, none],
    ["cross-site navigate document", listed, none],
    ["cross-origin cors empty", listed, none],
    ["Same-Origin cors empty", undefined, none],
    ["unknown", undefined, none],
  ];
  const paths = { own: "/-vitrine/block/x.js", listed: "/kontext/x", content: "/src/x.js" };
  const withListed = createRequestGate({
    ...policy,
    routes: [
      { ...base, name: "listed", path: "/kontext/", methods: ["GET"], sites: "listed" },
      ...routes,
    ],
  });
  table(rows, ([metadata, origin, expected]) => {
    const [site, mode, destination] = metadata.split(" ");
    const headers: Headers = {
      ...(site === "" || site === undefined ? {} : { "Sec-Fetch-Site": site }),
      ...(mode === undefined ? {} : { "Sec-Fetch-Mode": mode }),
      ...(destination === undefined ? {} : { "Sec-Fetch-Dest": destination }),
      ...(origin === undefined ? {} : { Origin: origin }),
    };
    for (const kind of ["own", "listed", "content"] as const) {
      expect(
        withListed.admit(head(paths[kind], { headers })).ok,
        `${kind}: ${metadata} ${origin}`,
      ).toBe(expected[kind]);
    }
  });
});

test("a navigation from another site may read a page, not post to it", () => {
  const headers = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
  };
  expect(outcome(admit("/", { headers, method: "HEAD" }))).toBe("content");
  expect(outcome(admit("/", { headers, method: "POST" }))).toBe(403);
});

test("pictures of a project that pages of other ports show go there, and nothing else does without an origin", () => {
  const ask = (more: Headers, embedded: boolean, method = "GET", target = "/logo.svg") =>
    createRequestGate({ ...policy, embedded: () => embedded }).admit(
      head(target, {
        method,
        headers: { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", ...more },
      }),
    );
  const picture = { "Sec-Fetch-Dest": "image" };
  expect(ask(picture, true)).toMatchObject({
    ok: true,
    headers: { "cross-origin-resource-policy": "cross-origin" },
  });
  table(
    [
      ask(picture, false),
      ask({ ...picture, "Sec-Fetch-Site": "cross-site" }, true),
      ask(picture, true, "POST"),
      ask(picture, true, "GET", "/-vitrine/block/a.js"),
      ...["script", "style", "worker", "object", "empty"].map((destination) =>
        ask({ "Sec-Fetch-Dest": destination }, true),
      ),
    ].map((admission) => [admission] as const),
    ([admission]) => expect(outcome(admission)).toBe(403),
  );
  const fromItself = ask({ "Sec-Fetch-Site": "same-origin" }, true);
  expect(fromItself).toMatchObject({ ok: true, headers: { vary: "Origin" } });
  expect(fromItself).not.toHaveProperty(["headers", "cross-origin-resource-policy"]);
});

test("a page's socket to another site's server is refused, to its own it passes", () => {
  const metadata = { "Sec-Fetch-Mode": "websocket", "Sec-Fetch-Dest": "websocket" };
  expect(
    outcome(
      admit("/", {
        upgrade: true,
        headers: { ...metadata, Origin: own, "Sec-Fetch-Site": "same-origin" },
      }),
    ),
  ).toBe("hot");
  expect(
    outcome(
      admit("/", {
        upgrade: true,
        headers: {
          ...metadata,
          Origin: "http://backend.example:8000",
          "Sec-Fetch-Site": "cross-site",
        },
      }),
    ),
  ).toBe("hot");
  expect(
    outcome(
      admit("/", {
        upgrade: true,
        headers: { ...metadata, Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" },
      }),
    ),
  ).toBe(403);
  expect(outcome(admit("/", { upgrade: true, headers: { Upgrade: "h2c" } }))).toBe(400);
  expect(outcome(admit("/", { upgrade: true, headers: { Upgrade: [] } }))).toBe(400);
});

test("the tables are as large as they were", () => {
  console.log(`request gate: ${casesSoFar()} cases of request-caller`);
  expect(casesSoFar()).toBeGreaterThan(60);
});
