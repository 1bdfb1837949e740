import { expect, test } from "vitest";
import { policiesIn, scanTags } from "../../../../src/server/html-tags.ts";
import {
  allowsOwnScripts,
  findModuleScripts,
  replaceScripts,
} from "../../../../src/server/modules/html.ts";

const sources = (html: string): (string | undefined)[] =>
  findModuleScripts(html).map(({ src, code }) => src ?? code);

test("module scripts are found in document order, inline ones too, entities decoded", () => {
  expect(
    sources(`<head><script type="module" src="/@vite/client"></script>
<script type=module>inline()</script>
<SCRIPT SRC='/index.html?html-proxy&amp;index=0.js' TYPE="Module"></SCRIPT>`),
  ).toEqual(["/@vite/client", "inline()", "/index.html?html-proxy&index=0.js"]);
});

test("what is no module script of the page is left alone", () => {
  expect(
    sources(`<!-- <script type="module" src="/no.js"></script> -->
<script>document.write('<script type="module" src="/no.js">')</script>
<template><script type="module" src="/no.js"></script></template>
<noscript><script type="module" src="/no.js"></script></noscript>
<textarea><script type="module" src="/no.js"></script></textarea>
<p title='<script type="module" src="/no.js">'></p><script type="module" src="/yes.js"></script>`),
  ).toEqual(["/yes.js"]);
});

test("scripts go, and what replaces them stands where the last one stood", () => {
  const html = `<a></a><script type="module" src="/1"></script><b></b><script type="module" src="/2"></script><i></i>`;
  expect(replaceScripts(html, findModuleScripts(html), "PACK")).toBe("<a></a><b></b>PACK<i></i>");
});

test.each([
  ["default-src 'self'", false, true],
  ["img-src *", false, true],
  ["script-src https://cdn.example", false, false],
  ["script-src 'nonce-a'", false, false],
  ["script-src 'nonce-a'", true, true],
  ["script-src 'self' 'strict-dynamic'", false, false],
  ["script-src-elem 'self'; script-src 'none'", false, true],
  ["script-src 'self'; require-trusted-types-for 'script'", false, false],
])("the policy %s, with a nonce: %s, allows packs: %s", (policy, nonced, allowed) => {
  expect(allowsOwnScripts(policy, nonced)).toBe(allowed);
});

test("policies of the page itself are seen", () => {
  expect(
    policiesIn(
      scanTags(
        `<!-- <meta http-equiv=content-security-policy content=no> --><meta charset=utf-8><META http-equiv="content-security-policy" content="a 'b'">`,
      ),
    ).map(({ policy }) => policy),
  ).toEqual(["a 'b'"]);
});

test("a reference to no character stays as it is, and ends nothing", () => {
  expect(sources('<script type="module" src="/a?&#9999999999;&#x110000;&#65;"></script>')).toEqual([
    "/a?&#9999999999;&#x110000;A",
  ]);
});

test("scripts in a template within a template do not run, those behind it do", () => {
  const inner = '<template><script type="module" src="/no.js"></script></template>';
  expect(
    sources(
      `<template>${inner}<script type="module" src="/no.js"></script></template><script type="module" src="/yes.js"></script>`,
    ),
  ).toEqual(["/yes.js"]);
});
