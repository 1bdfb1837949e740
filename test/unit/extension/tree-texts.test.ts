import { expect, test } from "vitest";
import {
  errorCount,
  projectRow,
  realmRow,
  type Translate,
} from "../../../src/extension/tree-texts.ts";
import {
  statusText,
  type StatusFacts,
  type StatusText,
} from "../../../src/extension/status-bar-texts.ts";
import { realm, session, shop } from "./sessions.ts";

const t: Translate = (text, ...values) =>
  text.replace(/\{(\d)\}/g, (_whole, index: string) => String(values[Number(index)]));
const fault = {
  code: "config_failed",
  message: "The config failed",
  file: "/projects/shop/vite.config.ts",
  line: 12,
};
const problem = {
  file: "/a.ts",
  line: 1,
  column: 1,
  severity: "error",
  message: "x",
  source: "vite",
} as const;

test("a live project says port, realms and memory", () => {
  const row = projectRow(shop, { session: session({ realms: [realm(), realm({ id: "r2" })] }) }, t);
  expect(row).toMatchObject({
    label: "shop",
    description: "15173 · 2 realms · 84 MB",
    contextValue: "project.live",
  });
  expect(row.spoken).toBe("shop, live, 15173 · 2 realms · 84 MB");
});

test("each state has a description, an icon of its own shape and a context value", () => {
  const states = [
    undefined,
    session({ state: { name: "starting", step: "Loading vite.config.ts", since: 0 } }),
    session(),
    session({ problems: [problem] }),
    session({ state: { name: "restarting", fault, at: 0, attempt: 2 } }),
    session({ state: { name: "error", fault } }),
  ];
  const rows = states.map((each) => projectRow(shop, { session: each }, t));
  expect(
    rows.map(({ description, icon, contextValue }) => [description, icon, contextValue]),
  ).toEqual([
    ["", "circle-large-outline", "project.stopped"],
    ["Loading vite.config.ts", "loading~spin", "project.starting"],
    ["15173 · 0 realms · 84 MB", "pass-filled", "project.live"],
    ["1 error · 15173 · 0 realms · 84 MB", "warning", "project.live"],
    ["restarting, attempt 2", "sync~spin", "project.restarting"],
    ["error vite.config.ts:12", "error", "project.error"],
  ]);
});

test("a page is named by where it is, other realms by their name", () => {
  expect(realmRow(realm(), session(), t)).toMatchObject({
    label: "page /cart?id=3",
    description: "idle",
  });
  expect(realmRow(realm({ kind: "worker", name: "price-feed" }), session(), t).label).toBe(
    "worker price-feed",
  );
  expect(realmRow(realm({ kind: "node", name: "node", url: "node://9" }), undefined, t).label).toBe(
    "node",
  );
});

test("behind a proxy a page is named by its route, without the proxy's path", () => {
  const behind = session({ outsideUrl: "https://box.example/proxy/15173/" });
  const page = realm({ url: "https://box.example/proxy/15173/cart" });
  expect(realmRow(page, behind, t).label).toBe("page /cart");
});

test("the badge counts errors and failed sessions, not warnings", () => {
  const failed = session({ state: { name: "error", fault } });
  expect(
    errorCount([session({ problems: [problem, { ...problem, severity: "warning" }] }), failed]),
  ).toBe(2);
});

const ready = { name: "ready" } as const;
const status = (change: Partial<StatusFacts>): StatusText | undefined =>
  statusText({ sessions: [], devServers: [], server: ready, ...change }, t);

test("the status bar is hidden until something runs, and coloured only when it died", () => {
  expect(status({})).toBeUndefined();
  expect(status({ sessions: [session({ state: { name: "stopped" } })] })).toBeUndefined();
  expect(status({ sessions: [session()] })).toEqual({
    text: "$(open-preview) 1",
    spoken: "Vitrine: 1 preview",
  });
  expect(
    status({ sessions: [session(), session({ state: { name: "error", fault } })] }),
  ).toMatchObject({ text: "$(open-preview) 2 · 1✗", background: "warning" });
  expect(status({ server: { name: "failed", reason: "x" } })).toMatchObject({
    background: "error",
  });
});
