/** Sessions, projects and realms for tests: complete objects, changed where a test says so. */
import type { Project, Realm, Session } from "../../../src/protocol/model.ts";

export const shop: Project = {
  id: "shop",
  name: "shop",
  root: "/projects/shop",
  folder: "/projects/shop",
  hasUI: true,
  hasBackend: false,
  autostart: false,
  evidence: "vite-config",
  configFile: "/projects/shop/vite.config.ts",
};

export function session(change: Partial<Session> = {}): Session {
  return {
    id: "s1",
    kind: "workspace",
    project: shop,
    state: { name: "live", since: 0 },
    port: 15_173,
    url: "http://127.0.0.1:15173/",
    outsideUrl: "http://127.0.0.1:15173/",
    pid: 77,
    memory: 84 * 1024 * 1024,
    viteVersion: "8.3.8",
    notices: [],
    problems: [],
    realms: [],
    ...change,
  };
}

export function realm(change: Partial<Realm> = {}): Realm {
  return {
    id: "r1",
    name: "7-zen-1201-03",
    kind: "page",
    session: "s1",
    url: "http://127.0.0.1:15173/cart?id=3",
    title: "Cart",
    since: 0,
    state: "idle",
    ...change,
  };
}
