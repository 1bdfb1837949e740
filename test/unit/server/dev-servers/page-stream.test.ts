/** The page client in a page that streams through the proxy (decision 7). */
import { pipeline, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { knownCodings } from "../../../../src/server/dev-servers/proxy/encodings.ts";
import { allowClient, policiesOf } from "../../../../src/server/dev-servers/proxy/page-policies.ts";
import {
  createPageStream,
  withClient,
} from "../../../../src/server/dev-servers/proxy/page-stream.ts";

const client = `<script src="/-vitrine/page.js" data-vitrine-base="/"></script>`;
const put = (html: string, policies: readonly string[] = []): string =>
  withClient(html, { base: "/", policies });

test.each([
  ["<!doctype html><html><head><script>1</script></head>", "<head>"],
  ['<!doctype html><html lang="en"><HEAD class=x><title>a</title></HEAD>', "<HEAD class=x>"],
  ["<html><body><script>1</script></body>", "<html>"],
  ["<!-- <head> --><!DOCTYPE html>\n<script>1</script><head></head>", "<!DOCTYPE html>"],
  ["<!doctype html>plain text", "<!doctype html>"],
  ["\xef\xbb\xbf<!doctype html><p>x", "<!doctype html>"],
])("in %j the client stands behind %j", (html, before) => {
  const at = html.indexOf(before, before === "<head>" ? html.indexOf("<html") : 0) + before.length;
  expect(put(html)).toBe(html.slice(0, at) + client + html.slice(at));
});

test("a page without a doctype begins with it; UTF-16 and an empty page stay as they are", () => {
  expect(put("<h1>x</h1>")).toBe(`${client}<h1>x</h1>`);
  for (const html of ["", " \n", "\xff\xfe<\0h\0", "\xfe\xff\0<\0h"]) expect(put(html)).toBe(html);
});

test("a nonce of the page's policy, in a header or in a meta element, is the client's as well", () => {
  const nonced = client.replace("></", ' nonce="aB3="></');
  expect(put("<head>", ["default-src 'self'; script-src 'nonce-aB3='"])).toContain(nonced);
  const meta = `<head><meta http-equiv="Content-Security-Policy" content="script-src 'nonce-aB3='">`;
  expect(put(meta)).toContain(nonced);
  expect(put("<head>", ["img-src 'nonce-aB3='"])).toContain(client);
});

test.each([
  ["default-src 'self'", true],
  ["script-src 'none'", false],
  ["script-src 'sha256-abc'", false],
  ["script-src 'strict-dynamic' 'nonce-a'", true],
  ["default-src 'self', script-src 'none'", false],
  ["img-src 'none'", true],
])("the policy %j allows the client: %s", (header, allows) => {
  expect(allowClient(policiesOf(header))).toBe(allows);
});

test("however a page is cut, the same bytes come out, with the client once", async () => {
  const parts = fc.constantFrom(
    "<head>",
    "</head>",
    "<body>",
    "<script>",
    "</script>",
    "é",
    "<!--",
    "-->",
    "x",
    "<",
  );
  const page = fc
    .array(parts, { maxLength: 30 })
    .map((all) => Buffer.from(`<!doctype html>${all.join("")}`));
  await fc.assert(
    fc.asyncProperty(page, fc.array(fc.nat(400)), async (bytes, cuts) => {
      const places = [0, ...cuts.map((at) => at % (bytes.length + 1)), bytes.length].toSorted(
        (one, other) => one - other,
      );
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      const stream = createPageStream({ base: "/", policies: [] });
      pipeline(Readable.from(chunks.filter(({ length }) => length > 0)), stream, () => {});
      const made = (await buffer(stream)).toString("latin1");
      expect(made.split(client)).toHaveLength(2);
      expect(made.replace(client, "")).toBe(bytes.toString("latin1"));
    }),
    { numRuns: 200 },
  );
});

test("a head without an end goes on after 64 KiB", async () => {
  const stream = createPageStream({ base: "/", policies: [] });
  const first = new Promise<Buffer>((resolve) => stream.once("data", resolve));
  stream.write(Buffer.from("<head>"));
  stream.write(Buffer.alloc(64 * 1024, " "));
  expect(String(await first).startsWith(`<head>${client}`)).toBe(true);
  stream.destroy();
});

test("a server is asked only for codings that can be taken off", () => {
  expect(knownCodings("gzip, deflate, br;q=0.9, zstd")).toBe("gzip, deflate, br;q=0.9");
  expect(knownCodings("zstd")).toBe("identity");
  expect(knownCodings(undefined)).toBe("identity");
});
