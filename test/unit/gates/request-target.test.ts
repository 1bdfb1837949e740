import * as fc from "fast-check";
import { expect, test } from "vitest";
import { badTargets } from "./bad-targets.ts";
import { host, own, admit, outcome, table, casesSoFar } from "./request-fixture.ts";

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

test("the tables are as large as they were", () => {
  console.log(`request gate: ${casesSoFar()} cases of request-target`);
  expect(casesSoFar()).toBeGreaterThan(75);
});
