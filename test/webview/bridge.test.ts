import { beforeEach, expect, test } from "vitest";
import { openBridge, type Bridge } from "../../src/webview/bridge.ts";
import { isPageMoved } from "../../src/webview/messages.ts";
import { toAddress, toRoute } from "../../src/webview/routes.ts";

const origin = "vscode-webview://panel";
let host: Window;
let page: Window;
let heard: string[];
let bridge: Bridge;

beforeEach(() => {
  heard = [];
  host = newWindow();
  page = newWindow();
  Object.assign(globalThis, {
    acquireVsCodeApi: () => ({ postMessage() {}, setState() {}, getState() {} }),
  });
  const own = new EventTarget() as Window;
  Object.defineProperty(own, "origin", { value: origin });
  bridge = openBridge(
    {
      fromHost: (message) => heard.push(`host ${message.type}`),
      fromPage: (message) => heard.push(`page ${message.url}`),
    },
    own,
  );
  say = (data, source, from) =>
    own.dispatchEvent(new MessageEvent("message", { data, source, origin: from }));
});

let say: (data: unknown, source: Window, from: string) => void;

/** Only its identity matters; a port is a valid source of messages, too. */
function newWindow(): Window {
  return new MessageChannel().port1 as unknown as Window;
}

const moved = { vitrine: "moved", url: "http://127.0.0.1:15173/cart", title: "Cart" };
const pageOrigin = "http://127.0.0.1:15173";

test("the window that speaks first is the host; no other window is", () => {
  say({ type: "go", route: "/" }, host, origin);
  say({ type: "go", route: "/evil" }, newWindow(), origin);
  say({ type: "act", action: "reload" }, host, origin);
  expect(heard).toEqual(["host go", "host act"]);
});

test("a page behind a path proxy has this window's origin and is still not the host", () => {
  say({ type: "go", route: "/" }, host, origin);
  bridge.setPage({ frame: { contentWindow: page }, origin });
  say({ type: "notice", kind: "crashed", title: "", detail: "" }, page, origin);
  expect(heard).toEqual(["host go"]);
});

test("the page is heard only from its own window and its own origin", () => {
  say({ type: "go", route: "/" }, host, origin);
  bridge.setPage({ frame: { contentWindow: page }, origin: pageOrigin });
  say(moved, page, "null");
  say(moved, page, "http://127.0.0.1:9999");
  say(moved, newWindow(), pageOrigin);
  say(moved, page, pageOrigin);
  expect(heard).toEqual(["host go", "page http://127.0.0.1:15173/cart"]);
});

test.each([
  ["another key", { ...moved, run: "1" }],
  ["another type", { ...moved, vitrine: "go" }],
  ["an address that is no http", { ...moved, url: "javascript:alert(1)" }],
  ["a huge title", { ...moved, title: "x".repeat(1_000_000) }],
  ["a missing title", { vitrine: "moved", url: moved.url }],
  ["inherited keys", Object.create(moved)],
  ["nothing", null],
])("a page's message with %s is refused", (_name, message) => {
  expect(isPageMoved(message)).toBe(false);
});

test("routes and addresses are each other's reverse below a base", () => {
  const base = "https://box.example/proxy/15173/";
  for (const route of ["/", "/cart?id=3#top", "/a/b/"])
    expect(toRoute(base, toAddress(base, route))).toBe(route);
  expect(new URL(toAddress(base, "javascript:alert(1)")).origin).toBe("https://box.example");
});
