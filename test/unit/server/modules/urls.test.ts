import { expect, test } from "vitest";
import { findMixedVersions, toRequest, updateKey } from "../../../../src/server/modules/urls.ts";

test.each([
  ["/src/App.tsx", "/", "/src/App.tsx"],
  ["/src/App.tsx?t=1700000000000", "/", "/src/App.tsx"],
  ["/src/a.svg?import", "/", "/src/a.svg"],
  ["/src/a.txt?import&raw", "/", "/src/a.txt?raw"],
  ["/src/a.txt?t=1700000000000&raw", "/", "/src/a.txt?raw"],
  ["/below/src/a.ts?v=12ab", "/below/", "/src/a.ts?v=12ab"],
  ["/@id/__x00__virtual:x", "/", "\0virtual:x"],
  ["/src/%5Bid%5D.vue", "/", "/src/[id].vue"],
  ["/src/100%.ts", "/", "/src/100%.ts"],
])("%s below %s is asked for as %s", (key, base, request) => {
  expect(toRequest(key, base)).toBe(request);
});

test("an update has the key under which Vite's client imports it", () => {
  const timestamp = 5;
  expect(updateKey({ acceptedPath: "/src/a.ts", timestamp }, "/")).toBe("/src/a.ts?t=5");
  expect(
    updateKey({ acceptedPath: "/a.svg?raw", timestamp, explicitImportRequired: true }, "/below/"),
  ).toBe("/below/a.svg?import&t=5&raw");
  expect(updateKey({ acceptedPath: "virtual:x", timestamp }, "/")).toBe("/@id/virtual:x?t=5");
});

test("versions are mixed only when one file has two", () => {
  expect(findMixedVersions(["/d/a.js?v=1", "/d/b.js?v=2", "/d/a.js?v=1"])).toBeUndefined();
  expect(findMixedVersions(["/d/a.js?v=1", "/d/a.js?v=2"])).toBe("/d/a.js");
});
