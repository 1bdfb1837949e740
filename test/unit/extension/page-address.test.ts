import { expect, test } from "vitest";
import { originOf, pageAddress } from "../../../src/extension/page-address.ts";

test("a route is below the session's base", () => {
  expect(pageAddress("https://box.example/proxy/15173/", "/cart?id=3#top")).toBe(
    "https://box.example/proxy/15173/cart?id=3#top",
  );
});

test.each(["//evil.example/", "\\\\evil.example/", "javascript:alert(1)", "https://evil.example/"])(
  "the route %s stays on the session's origin",
  (route) => {
    expect(new URL(pageAddress("http://127.0.0.1:15173/", route)).origin).toBe(
      "http://127.0.0.1:15173",
    );
  },
);

test("only http and https have an origin that can be framed", () => {
  expect(
    [
      "http://127.0.0.1:15173/a",
      "https://box.example/proxy/1/",
      "file:///etc",
      "data:text/html,x",
      "",
    ].map(originOf),
  ).toEqual(["http://127.0.0.1:15173", "https://box.example", undefined, undefined, undefined]);
});
