import fc from "fast-check";
import { expect, test } from "vitest";
import type { RequestPolicy } from "../../../src/server/gateway/admission.ts";
import { createCredentials } from "../../../src/server/gateway/request-credential.ts";
import {
  createRequestGate,
  refusal,
  type Admission,
  type RequestHead,
  type Route,
} from "../../../src/server/gateway/request-gate.ts";
import { answerText, securityHeaders } from "../../../src/server/gateway/response-headers.ts";
import { applyServerLimits, SERVER_LIMITS } from "../../../src/server/gateway/server-limits.ts";

const host = "127.0.0.1:15173";
const own = `http://${host}`;
const page = createCredentials();
const control = createCredentials();
const pageToken = page.issue("page");
const controlToken = control.issue("control");

const base = {
  upgrade: false,
  access: "public",
  sites: "own",
  originRequired: false,
  json: false,
  bodyLimit: 1024,
} as const;
const routes: readonly Route[] = [
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

const policy: RequestPolicy = {
  hosts: () => [host, "[::1]:15173", "Editor.Example"],
  origins: () => [own, "vscode-webview://known"],
  contentHosts: () => ["my.dev.example:15173"],
  contentOrigins: () => ["http://backend.example:8000"],
  prefixes: () => ["/", "/proxy/15173/", "/proxy/15173/app/", "/broken"],
  routes,
  credentials: { page: page.verify, control: control.verify },
};
const gate = createRequestGate(policy);

type Headers = Record<string, string | readonly string[]>;
interface Ask {
  readonly method?: string;
  readonly upgrade?: boolean;
  readonly headers?: Headers;
  readonly authority?: string;
}

function head(target: string, ask: Ask = {}): RequestHead {
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
const admit = (target: string, ask: Ask = {}): Admission => gate.admit(head(target, ask));
const outcome = (admission: Admission): string | number =>
  admission.ok ? admission.route.name : admission.status;
const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

let cases = 0;
function table<Row extends readonly unknown[]>(
  rows: readonly Row[],
  check: (row: Row) => void,
): void {
  for (const row of rows) {
    cases++;
    check(row);
  }
}

const badTargets = [
  "",
  "*",
  "x",
  "?x",
  "http://evil.example",
  "//evil.example/x",
  "/x#/../y",
  "/%",
  "/%E0%A4%A",
  "/%c0%ae%c0%ae/",
  "/%ed%a0%80",
  "/x%00.js",
  "/x?a=%00",
  "/x?a=%",
  "/x?a=%ff",
  "/a\\b",
  "/a%5cb",
  "/?a=\\",
  "/a b",
  "/a\tb",
  "/a\nb",
  "/a%0ab",
  "/a%7fb",
  "/a%c2%85b",
  "/../x",
  "/a/../x",
  "/a/..",
  "/.",
  "/a/./b",
  "/%2e%2e/x",
  "/..%2fx",
  "/x.js/..%2f..",
  "/%252e%252e%252fx",
  "/a%252fb",
  "/a%255cb",
  "/a%2500",
  "/100%2525",
  "/...%20/x",
  "/..%20/x",
  "/naïve",
  "/日本",
  "/proxy/15173//x",
  "/%2fx",
  `/${"a".repeat(16 * 1024)}`,
  "http://127.0.0.1:15173?x",
  "http:///x",
  "ftp://127.0.0.1:15173/x",
  "https://127.0.0.1:15173//x",
];

test("a target that no browser sends is refused with 400", () => {
  table(
    badTargets.map((target) => [target] as const),
    ([target]) => {
      expect(outcome(admit(target)), target).toBe(400);
    },
  );
});

test("an absolute target is taken only for an authority that is served", () => {
  expect(admit(`http://${host}/x?y`)).toMatchObject({ ok: true, path: "/x", url: "/x?y" });
  expect(admit(`HTTP://${host}`)).toMatchObject({ ok: true, path: "/", url: "/" });
  expect(outcome(admit("http://evil.example/x"))).toBe(400);
  expect(outcome(admit("http://evil.example/x", { headers: { Host: "evil.example" } }))).toBe(400);
  expect(outcome(admit("http://user@127.0.0.1:15173/x"))).toBe(400);
});

test("ordinary addresses pass, decoded once and encoded anew", () => {
  const rows: readonly (readonly [target: string, path: string, url?: string])[] = [
    ["/", "/"],
    ["/a..b.js", "/a..b.js"],
    ["/foo~bar.js", "/foo~bar.js"],
    ["/na%C3%AFve.ts", "/naïve.ts"],
    ["/%E6%97%A5%E6%9C%AC.md", "/日本.md"],
    ["/a%20b.js", "/a b.js"],
    ["/a%23b.js", "/a#b.js"],
    ["/a%3fb.js", "/a?b.js", "/a%3Fb.js"],
    ["/100%25.js", "/100%.js"],
    ["/[id].tsx", "/[id].tsx"],
    ["/%5Bid%5D.tsx", "/[id].tsx", "/[id].tsx"],
    ["/[...slug].astro", "/[...slug].astro"],
    ["/(group)/page.tsx", "/(group)/page.tsx"],
    ["/@scope/x.js", "/@scope/x.js"],
    ["/console.js", "/console.js"],
    ["/com.config.js", "/com.config.js"],
    ["/environment.ts", "/environment.ts"],
    ["/.well-known/x.json", "/.well-known/x.json"],
    ["/x.js?v=1&t=2", "/x.js"],
    ["/x?url=%2e%2e&next=/a//b&q=[1]|{2}", "/x"],
    ["/@fs/home/me/lib/x.js?t=1", "/@fs/home/me/lib/x.js"],
    ["/@fs/C:/lib/x.js", "/@fs/C:/lib/x.js"],
    ["/%40fs/home/x.js", "/@fs/home/x.js", "/@fs/home/x.js"],
    ["/@id/__x00__plugin-vue:export-helper", "/@id/__x00__plugin-vue:export-helper"],
    ["/@id/virtual:a|b", "/@id/virtual:a|b"],
    ["/node_modules/.vite/deps/x.js?v=9f2c41d0", "/node_modules/.vite/deps/x.js"],
    ["/-daebug-node:test.js", "/-daebug-node:test.js"],
    ["/api/files/a%2fb", "/api/files/a/b", "/api/files/a%2Fb"],
    ["/a//b", "/a//b"],
    ["/App.vue?vue&type=style&index=0&lang.css", "/App.vue"],
  ];
  table(rows, ([target, path, url]) => {
    expect(admit(target), target).toMatchObject({ ok: true, path, url: url ?? target });
  });
});

test("whatever is admitted is admitted again as the same address", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webPath(),
        fc.string({ unit: "binary-ascii" }).map((text) => `/${text}`),
      ),
      (target) => {
        const first = admit(target);
        if (!first.ok) return;
        const second = admit(first.url);
        expect(second).toMatchObject({ ok: true, path: first.path, url: first.url });
        expect(new URL(first.url, own).host).toBe(host);
      },
    ),
  );
});

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
      cases++;
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
      cases++;
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
        headers: { "Content-Type": "application/json", ...headers } as Headers,
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
    cases++;
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

test("the tables are as large as they were", () => {
  console.log(`request gate: ${cases} table cases`);
  expect(cases).toBeGreaterThan(250);
});
