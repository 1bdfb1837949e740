import { expect, test } from "vitest";
import { contentPolicy, panelHtml } from "../../../src/extension/panel-html.ts";

const document = {
  source: "https://*.webview.example",
  script: "https://webview.example/panel.js",
  style: "https://webview.example/panel.css",
  nonce: "abc123",
  origin: "http://127.0.0.1:15173",
  texts: {},
  language: "en",
};

test("the policy forbids everything but nonce scripts, our styles and fonts, and one frame origin", () => {
  expect(contentPolicy(document)).toBe(
    "default-src 'none'; script-src 'nonce-abc123'; style-src https://*.webview.example; " +
      "font-src https://*.webview.example; frame-src http://127.0.0.1:15173",
  );
});

test("without a session nothing can be framed", () => {
  expect(contentPolicy({ ...document, origin: undefined })).toContain("frame-src 'none'");
});

test("what goes into the document cannot leave its attribute", () => {
  const html = panelHtml({
    ...document,
    texts: { 'Run"><script>alert(1)</script>': "x" },
    language: '"><img onerror=1>',
  });
  expect(html).not.toContain("<script>alert");
  expect(html).not.toContain("<img");
});
