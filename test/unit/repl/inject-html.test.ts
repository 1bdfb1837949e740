import { describe, expect, test } from "vitest";
import { mergeImportMap, mergeImportMapJson } from "../../../src/server/repl/import-maps.ts";
import { injectHtml } from "../../../src/server/repl/inject-html.ts";
import { withTestModules } from "../../../src/server/repl/worker-modules.ts";

const client = "run($&, $1, '$`', '</script><!--')";
const safeClient = "run($&, $1, '$`', '\\u003c/script>\\u003c!--')";
const inlineClient = `<script data-vitrine-base="/" data-vitrine-inline>${safeClient}</script>\n`;

/** Our import map is shown as MAP, the client as CLIENT. */
function injected(html: string, base = "/"): string {
  return injectHtml(html, { base, client })
    .replace(/<script type="importmap"( nonce="\w+")?>\n\{[^]*?\}\n<\/script>\n/, "MAP$1 ")
    .replaceAll(inlineClient, "CLIENT ");
}

const map = (text: string): unknown =>
  JSON.parse(/<script type="importmap"[^>]*>([^]*?)<\/script>/.exec(text)?.[1] ?? "");
const ours = {
  "node:test": "/-daebug-node:test.js",
  "node:assert": "/-daebug-node:assert.js",
  "node:assert/strict": "/-daebug-node:assert.js",
};

describe("places", () => {
  test.for<[html: string, result: string]>([
    [
      "<html><head><title>t</title></head><body>b</body></html>",
      "<html><head><title>t</title>MAP </head><body>bCLIENT </body></html>",
    ],
    [
      "<HTML><HEAD></HEAD ><BODY></BODY\n></HTML>",
      "<HTML><HEAD>MAP </HEAD ><BODY>CLIENT </BODY\n></HTML>",
    ],
    ["<!doctype html><p>a</p>", "<!doctype html>MAP <p>a</p>CLIENT "],
    ["<p>a</p>", "MAP <p>a</p>CLIENT "],
    ["", "MAP CLIENT "],
    ["<p>a<script>1</script>", "<p>aMAP <script>1</script>CLIENT "],
    ["<p>a<body>b</html>", "<p>aMAP <body>bCLIENT </html>"],
    [
      "<body><script>a('</head></body>')</script></body>",
      "<body>MAP <script>a('</head></body>')</script>CLIENT </body>",
    ],
    [
      "<!-- </head></body> --><head></head><body></body>",
      "<!-- </head></body> --><head>MAP </head><body>CLIENT </body>",
    ],
    ["<head><title></head></title></head>", "<head><title></head></title>MAP </head>CLIENT "],
    [
      "<head><script type=module src=a.js></script></head>",
      "<head>MAP <script type=module src=a.js></script></head>CLIENT ",
    ],
    [
      "<head><link rel=modulepreload href=a.js></head>",
      "<head>MAP <link rel=modulepreload href=a.js></head>CLIENT ",
    ],
    [
      "<head><script src=a.js></script></head>",
      "<head><script src=a.js></script>MAP </head>CLIENT ",
    ],
    ["<body>a</body>b</body>", "MAP <body>aCLIENT </body>b</body>"],
    ["a < b <", "MAP a < b <CLIENT "],
    ["<body data-x='</body>' <>c", "MAP <body data-x='</body>' <>cCLIENT "],
    ["<!-- never closed </head>", "MAP <!-- never closed </head>CLIENT "],
    ["<script>never closed </body>", "MAP <script>never closed </body>CLIENT "],
    ["<head>", "MAP <head>CLIENT "],
    ['<p title="a', 'MAP <p title="aCLIENT '],
  ])("%j", ([html, result]) => {
    expect(injected(html)).toBe(result);
  });
});

describe("import maps", () => {
  test("a page without one gets one, below its base", () => {
    expect(map(injectHtml("<head></head>", { base: "/" }))).toEqual({ imports: ours });
    expect(map(injectHtml("<head></head>", { base: "/proxy/1/" }))).toMatchObject({
      imports: { "node:test": "/proxy/1/-daebug-node:test.js" },
    });
  });

  test("the page's own is merged where it stands, and what it says wins", () => {
    const own = {
      imports: { a: "./a.js", "node:test": "/mine.js" },
      scopes: { "/s/": { b: "/b.js" } },
      integrity: { "/a.js": "sha384-x" },
    };
    const html = `<script type='importmap' id=m>${JSON.stringify(own)}</script><script type="module">1</script>`;
    const result = injectHtml(html, { base: "/" });
    expect(map(result.replace("type='importmap' id=m", 'type="importmap"'))).toEqual({
      ...own,
      imports: { ...ours, ...own.imports },
    });
    expect(result.startsWith("<script type='importmap' id=m>")).toBe(true);
    expect(result.match(/importmap/g)).toHaveLength(1);
    const first = Object.keys(
      (map(result.replace("type='importmap' id=m", 'type="importmap"')) as { imports: object })
        .imports,
    )[0];
    expect(first).toBe("node:test");
  });

  test("what a second map of the page defines is not ours to define", () => {
    const html = `<script type="importmap">{}</script><script type="importmap">{"imports":{"node:test":"/x.js"}}</script>`;
    expect(
      Object.keys((map(injectHtml(html, { base: "/" })) as { imports: object }).imports),
    ).toEqual(["node:assert", "node:assert/strict"]);
  });

  test("an external map is left alone, and a broken one too", () => {
    const external = `<head><script type="importmap" src="map.json"></script></head>`;
    expect(injectHtml(external, { base: "/" })).toBe(external);
    const broken = `<head><script type="importmap">{"imports":</script></head>`;
    expect(injectHtml(broken, { base: "/" })).toContain('{"imports":</script></head>');
    expect(map(injectHtml(broken, { base: "/" }))).toEqual({ imports: ours });
  });

  test("text in a map cannot end its element", () => {
    const html = `<script type="importmap">{"imports":{"a":"/\\u003c/script>$&"}}</script>`;
    expect(map(injectHtml(html, { base: "/" }))).toMatchObject({ imports: { a: "/</script>$&" } });
  });

  test.for<[text: string, isMap: boolean]>([
    ['{"imports":{"a":"/a.js"}}', true],
    ['{"scopes":{}}', true],
    ['\ufeff{"imports":{}}', true],
    ['{"name":"x"}', false],
    ['{"imports":1}', false],
    ["[]", false],
    ["", false],
    ["{", false],
    ['{"deep":{"imports":{}}}', false],
  ])("served JSON %j", ([text, isMap]) => {
    const merged = mergeImportMapJson(text);
    expect(merged !== undefined).toBe(isMap);
    if (merged !== undefined) expect(JSON.parse(merged)).toMatchObject({ imports: ours });
  });

  test("keys that touch prototypes stay keys", () => {
    expect(mergeImportMap('{"imports":{"__proto__":"/p.js"}}', "/")).toContain(
      '"__proto__": "/p.js"',
    );
    expect(mergeImportMap('{"imports":[]}', "/")).toBe(undefined);
  });
});

describe("content policies", () => {
  const page = (policy: string, more = ""): string =>
    `<head><meta http-equiv="Content-Security-Policy" content="${policy}">${more}</head><body></body>`;
  const file = `<script src="/-daebug-client.js" data-vitrine-base="/"></script>\n`;

  test.for<[policy: string, inline: "plain" | "nonce" | "file"]>([
    ["default-src 'self'", "file"],
    ["script-src 'self' 'unsafe-inline'", "plain"],
    ["script-src 'nonce-abc' 'strict-dynamic'", "nonce"],
    ["default-src 'none'; script-src-elem 'nonce-abc'; script-src 'self'", "nonce"],
    ["script-src 'unsafe-inline' 'sha256-abc='", "file"],
    ["SCRIPT-SRC &#39;self&#39;", "file"],
    ["img-src 'self'", "plain"],
    ["", "plain"],
  ])("%j", ([policy, inline]) => {
    const result = injectHtml(page(policy), { base: "/", client });
    const place = result.indexOf('<script type="importmap"');
    expect(place).toBeGreaterThan(0);
    expect(place < result.indexOf("<meta")).toBe(inline === "file");
    expect(result.includes(file)).toBe(inline === "file");
    expect(result.includes(`${safeClient}</script>`)).toBe(inline !== "file");
    expect(result.match(/ nonce="abc"/g)?.length ?? 0).toBe(inline === "nonce" ? 2 : 0);
  });

  test("a map that the policy may know by its hash stays as it is", () => {
    const own = `<script type="importmap">{"imports":{"node:test":"/x.js"}}</script>`;
    const result = injectHtml(page("script-src 'self' 'sha256-abc='", own), { base: "/" });
    expect(result).toContain(own);
    expect(map(result)).toEqual({
      imports: { "node:assert": ours["node:assert"], "node:assert/strict": ours["node:assert"] },
    });
  });

  test("two policies have to agree", () => {
    const second = `<meta http-equiv=content-security-policy content="script-src 'self'">`;
    expect(injectHtml(page("script-src 'nonce-abc'", second), { base: "/", client })).toContain(
      file,
    );
    const same = `<meta http-equiv=content-security-policy content="script-src 'nonce-abc'">`;
    expect(injectHtml(page("script-src 'nonce-abc'", same), { base: "/", client })).not.toContain(
      file,
    );
  });
});

test("scanning takes time in proportion to the page", () => {
  const started = performance.now();
  for (const part of [
    "<",
    "<a",
    "<a ",
    "</",
    "<!--",
    "<script>",
    "<a b='",
    "<a b=",
    "= ",
    "</script",
  ])
    injectHtml(part.repeat(20_000), { base: "/" });
  expect(performance.now() - started).toBeLessThan(5000);
});

test.for<[code: string, result: string]>([
  [`import test from 'node:test';`, `import test from "/-daebug-node:test.js";`],
  [
    `import * as a from "node:assert/strict"; export * from 'node:assert'; export { it } from 'node:test'`,
    `import * as a from "/-daebug-node:assert.js"; export * from "/-daebug-node:assert.js"; export { it } from "/-daebug-node:test.js"`,
  ],
  [
    "await import('node:test'); import(`node:assert`)",
    'await import("/-daebug-node:test.js"); import("/-daebug-node:assert.js")',
  ],
  [
    `import './a.js'; import 'node:fs'; const s = "node:test"; // import 'node:test'`,
    `import './a.js'; import 'node:fs'; const s = "node:test"; // import 'node:test'`,
  ],
  [`import(name + 'node:test')`, `import(name + 'node:test')`],
  [`import { from 'node:test`, `import { from 'node:test`],
  [`import 'node:test/reporters'`, `import 'node:test/reporters'`],
])("specifiers for workers: %j", ([code, result]) => {
  expect(withTestModules(code, "a.js", "/")).toBe(result);
});
