import { request as httpRequest } from "node:http";
import { mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReplSite, type ReplSite } from "../support/repl-site.ts";
import { removeTree, writeTree } from "../support/server.ts";

let site: ReplSite;
let below: ReplSite;
let other = "";

beforeAll(async () => {
  const root = await writeTree({
    "index.html": "<!doctype html><title>home</title>",
    "a b.txt": "blank",
    "100%25.txt": "percent",
    "ü.js": "export default 1;",
    "style.css": "p {}",
    "map.json": '{"imports":{"a":"/a.js"}}',
    "data.json": '{"a":1}',
    "empty.txt": "",
    "docs/index.html": "<p>docs</p>",
    "docs/page.htm": "<p>page</p>",
    "bare/a.txt": "a",
    ".env": "SECRET=1",
    ".hidden/a.txt": "hidden",
    "daebug.md": "# log",
    "daebug/a.md": "# log",
    "daebugger.md": "# other",
    "sub/daebug/a.txt": "fine",
    "key.pem": "secret",
    "a.test.js": "import test from 'node:test'; import './lib.js'; test('a', () => {});",
    "lib.js": "export const a = 'node:test';",
    "pixel.png": "\u0089PNG",
  });
  other = await writeTree({ "secret.txt": "secret" }, "other");
  await symlink(path.join(other, "secret.txt"), path.join(root, "link.txt"));
  await symlink(other, path.join(root, "linked"));
  await symlink(path.join(root, "docs"), path.join(root, "inside"));
  site = await startReplSite(root, { client: "client()" });
  below = await startReplSite(root, { base: "/proxy/80/" });
});
afterAll(async () => {
  await site?.close();
  await below?.close();
  await removeTree(site.root);
  await removeTree(other);
});

/** Paths are sent as they are written, which `fetch` would not. */
async function get(target: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ status: number; headers: Record<string, string>; body: string }>(
    (resolve, reject) => {
      const { hostname, port } = new URL(site.origin);
      httpRequest({ hostname, port, path: target, headers, method }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (part: string) => (body += part));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            body,
          }),
        );
      })
        .on("error", reject)
        .end();
    },
  );
}

test.for<[target: string, body: string | RegExp, type: RegExp]>([
  ["/", /<title>home<\/title>[^]*client\(\)/, /^text\/html; charset=utf-8$/],
  ["/index.html?a=1", /importmap/, /^text\/html/],
  ["/a%20b.txt", "blank", /^text\/plain/],
  ["/%C3%BC.js", "export default 1;", /^text\/javascript/],
  ["/style.css", "p {}", /^text\/css/],
  ["/map.json", /"node:test": "\/-daebug-node:test.js"/, /^application\/json/],
  ["/data.json", '{"a":1}', /^application\/json/],
  ["/empty.txt", "", /^text\/plain/],
  ["/docs/", /<p>docs<\/p>/, /^text\/html/],
  ["/docs/page.htm", /client\(\)/, /^text\/html/],
  ["/inside/", /<p>docs<\/p>/, /^text\/html/],
  ["/daebugger.md", "# other", /^text\/markdown/],
  ["/sub/daebug/a.txt", "fine", /^text\/plain/],
  ["/pixel.png", "\u0089PNG", /^image\/png$/],
  ["/-daebug-iframe.html", /<base href="\/">/, /^text\/html/],
  ["/-daebug-node:test.js", /__daebug_test_registries/, /^text\/javascript/],
  ["/-daebug-node%3Aassert.js", /AssertionError/, /^text\/javascript/],
  ["/-daebug-client.js", /data-vitrine-base/, /^text\/javascript/],
  [
    "/-daebug-m/a.test.js?t=1",
    `import test from "/-daebug-node:test.js"; import './lib.js'; test('a', () => {});`,
    /^text\/javascript/,
  ],
  ["/-daebug-m/lib.js", "export const a = 'node:test';", /^text\/javascript/],
  ["/-daebug-m/data.json", '{"a":1}', /^application\/json/],
])("GET %s", async ([target, body, type]) => {
  const answer = await get(target);
  expect(answer.status).toBe(200);
  if (typeof body === "string") expect(answer.body).toBe(body);
  else expect(answer.body).toMatch(body);
  expect(answer.headers["content-type"]).toMatch(type);
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  const head = await get(target, {}, "HEAD");
  expect([head.status, head.body, head.headers["content-length"]]).toEqual([
    200,
    "",
    answer.headers["content-length"],
  ]);
});

test.for<[target: string, status: number]>([
  ["/missing.txt", 404],
  ["/bare/", 404],
  ["/style.css/", 404],
  ["/link.txt", 404],
  ["/linked/secret.txt", 404],
  ["/linked", 404],
  ["/.env", 404],
  ["/.hidden/a.txt", 404],
  ["/%2ehidden/a.txt", 404],
  ["/daebug.md", 404],
  ["/DAEBUG.md", 404],
  ["/daebug/a.md", 404],
  ["/daebug", 404],
  ["/daebug/", 404],
  ["/key.pem", 404],
  ["/../other/secret.txt", 400],
  ["/docs/..%2f..%2fother/secret.txt", 400],
  ["/%2e%2e/other/secret.txt", 400],
  ["//evil.example/", 400],
  ["/100%.txt", 400],
  ["/a%00.txt", 400],
  ["/docs//index.html", 404],
  ["/-daebug-nothing.js", 404],
  ["/-daebug-m/.env", 404],
  ["/-daebug-m/daebug/a.md", 404],
  ["/-daebug-m/link.txt", 404],
  ["/-daebug-m/docs", 404],
])("GET %s gives nothing", async ([target, status]) => {
  const answer = await get(target);
  expect(answer.status).toBe(status);
  expect(answer.body).not.toMatch(/secret|SECRET|log|hidden/);
});

test("a folder without its slash is sent to the one with it, the query included", async () => {
  const answer = await get("/docs?a=1&b=/");
  expect([answer.status, answer.headers["location"]]).toEqual([308, "/docs/?a=1&b=/"]);
  const prefixed = await fetch(`${below.origin}/proxy/80/docs?x`, { redirect: "manual" });
  expect(prefixed.headers.get("location")).toBe("/proxy/80/docs/?x");
});

test("code and pages are never stored, other files are asked for again", async () => {
  for (const target of ["/", "/%C3%BC.js", "/map.json", "/-daebug-node:test.js"])
    expect((await get(target)).headers["cache-control"]).toBe(
      "no-store, no-cache, must-revalidate, max-age=0",
    );
  const first = await get("/style.css");
  expect(first.headers["cache-control"]).toBe("no-cache");
  const again = await get("/style.css", { "if-none-match": first.headers["etag"] ?? "" });
  expect([again.status, again.body]).toEqual([304, ""]);
  await writeFile(path.join(site.root, "style.css"), "q {}");
  await utimes(path.join(site.root, "style.css"), new Date(), new Date(0));
  expect((await get("/style.css", { "if-none-match": first.headers["etag"] ?? "" })).body).toBe(
    "q {}",
  );
});

test("everything we put into a page is below its base", async () => {
  const page = await (await fetch(`${below.origin}/proxy/80/`)).text();
  expect(page).toContain('"node:assert": "/proxy/80/-daebug-node:assert.js"');
  expect(page).not.toContain("<script data-vitrine-base");
  expect(await (await fetch(`${below.origin}/proxy/80/-daebug-iframe.html`)).text()).toContain(
    '<base href="/proxy/80/">',
  );
  expect(await (await fetch(`${below.origin}/proxy/80/-daebug-m/a.test.js`)).text()).toContain(
    'from "/proxy/80/-daebug-node:test.js"',
  );
});

test("only reading is allowed", async () => {
  const answer = await get("/style.css", { origin: site.origin }, "POST");
  expect([answer.status, answer.headers["allow"]]).toEqual([405, "GET, HEAD"]);
});

test("a large file is streamed whole, and a page that cannot be read is missing", async () => {
  await writeFile(path.join(site.root, "large.bin"), Buffer.alloc(3_000_000, 1));
  const large = await fetch(`${site.origin}/large.bin`);
  expect((await large.arrayBuffer()).byteLength).toBe(3_000_000);
  await mkdir(path.join(site.root, "folder.html"));
  expect((await get("/folder.html")).status).toBe(308);
});

test("pages of other encodings keep their bytes", async () => {
  const old = Buffer.from("<meta charset=windows-1251><p>\xcf\xf0", "latin1");
  await writeFile(path.join(site.root, "old.html"), old);
  const answer = await fetch(`${site.origin}/old.html`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(answer.headers.get("content-type")).toBe("text/html");
  expect(bytes.includes(old.subarray(-5))).toBe(true);
  expect(bytes.includes("importmap")).toBe(true);
  const wide = Buffer.from("\ufeff<p>wide", "utf16le");
  await writeFile(path.join(site.root, "wide.html"), wide);
  const untouched = await (await fetch(`${site.origin}/wide.html`)).arrayBuffer();
  expect(Buffer.from(untouched).equals(wide)).toBe(true);
});

test("discovery answers pages, and says what is wrong", async () => {
  const ask = async (body: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${site.origin}/-daebug-discover-tests`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    return [answer.status, await answer.json()];
  };
  expect(await ask("{}")).toEqual([200, { files: ["/a.test.js"] }]);
  expect(await ask('{"files":"*.none"}')).toEqual([200, { files: [] }]);
  expect(await ask('{"cwd":"../other"}')).toEqual([
    500,
    { error: expect.stringContaining("not below the root") },
  ]);
  expect(await ask("{")).toEqual([500, { error: expect.stringContaining("not valid JSON") }]);
  expect(await ask("{}", { "content-type": "text/plain" })).toMatchObject([415, {}]);
  expect(await ask("{}", { origin: "http://evil.example" })).toMatchObject([403, {}]);
  expect(await ask("{}", { "sec-fetch-site": "same-site" })).toMatchObject([403, {}]);
});
