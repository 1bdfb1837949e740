/** Pages of servers that others started (dev-servers 6.2, decision 7). */
import path from "node:path";
import { expect, test } from "vitest";
import type { Session } from "../../../src/protocol/model.ts";
import { resolveImports } from "../../../src/server/sessions/resolve-imports.ts";
import { isAlive } from "../../support/alive.ts";
import { eventually } from "../../support/eventually.ts";
import { hello } from "../../support/hello.ts";
import { projectAt, useSessions } from "../../support/sessions.ts";
import { plainProject, startVite } from "../../support/ui-projects.ts";

const navigation = { "sec-fetch-dest": "document", accept: "text/html" };

async function pageOf({ url }: Session): Promise<string> {
  return (await fetch(url, { headers: navigation })).text();
}

test("an attached server is shown with the realm client; its session says so and does not touch it", async () => {
  const root = await plainProject();
  const { sessions, is, ports } = await useSessions();
  const outside = await startVite(root);
  await sessions.attach(projectAt(root), outside);
  const session = await is("shop", "live");
  expect(session).toMatchObject({ pid: outside.pid, viteVersion: "" });
  expect(session.url).not.toBe(outside.address);
  expect(session.notices).toEqual([
    expect.stringMatching(/^realm only: process \d+, which Vitrine did not start, serves shop/),
  ]);
  expect(sessions.get("shop")).toMatchObject({
    vite: undefined,
    ui: { kind: "attached", serverUrl: outside.address },
  });
  expect(await pageOf(session)).toContain('<script src="/-vitrine/page.js"');
  await sessions.stop("shop");
  await expect(fetch(session.url)).rejects.toThrow();
  expect(ports.getPort("shop", "proxy")).toBe(0);
  // It is still the one that is shown.
  await sessions.open(projectAt(root));
  expect((await is("shop", "live")).pid).toBe(outside.pid);
  await sessions.detach("shop");
  expect(isAlive(outside.pid)).toBe(true);
  expect((await fetch(outside.address)).status).toBe(200);
  // Now it is ours to serve.
  await sessions.open(projectAt(root));
  const own = await is("shop", "live");
  expect(own.pid).not.toBe(outside.pid);
  expect(own.viteVersion).not.toBe("");
});

test("open pages stay at their address while the server goes, comes back elsewhere, and is gone for good", async () => {
  const { sessions, is } = await useSessions();
  const [one, two] = [await plainProject("one"), await plainProject("two")];
  const first = await startVite(one);
  const project = projectAt(one);
  await sessions.attach(project, first);
  const { url } = await is("shop", "live");
  const second = await startVite(two);
  await first.end();
  await sessions.attach(project, { address: "", pid: first.pid });
  const away = await is("shop", "error");
  expect(away).toMatchObject({ url, state: { fault: { code: "server_gone" } } });
  expect(await pageOf(away)).toContain("Waiting for the server");
  await sessions.attach(project, second);
  const back = await is("shop", "live");
  expect(back).toMatchObject({ url, pid: second.pid });
  expect(await pageOf(back)).toContain("<title>two</title>");
});

test("what was started here is ended when a server outside takes its place", async () => {
  const root = await plainProject();
  const { sessions, is } = await useSessions();
  await sessions.open(projectAt(root));
  const managed = await is("shop", "live");
  const outside = await startVite(root);
  await sessions.attach(projectAt(root), outside);
  await eventually("the other one", () => sessions.list()[0]?.pid === outside.pid);
  await is("shop", "live");
  expect(isAlive(managed.pid)).toBe(false);
});

test("blocks of its pages get a sentence for an import, and what has an address by that", async () => {
  const root = await plainProject();
  const { sessions, is, realms } = await useSessions();
  await sessions.attach(projectAt(root), await startVite(root));
  const { url } = await is("shop", "live");
  const { realm } = realms.join("shop", { send() {}, close() {} }, hello({ url }));
  const resolved = await resolveImports(sessions, realm, path.join(root, "a.md"), [
    "./main.ts",
    "vue",
    "/main.ts",
    "https://esm.example/a.js",
  ]);
  expect(resolved.map((one) => one.error ?? one.url)).toEqual([
    expect.stringMatching(/^\.\/main\.ts cannot be resolved: the server of shop is not Vitrine's/),
    expect.stringMatching(/^vue cannot be resolved/),
    `${url}main.ts`,
    "https://esm.example/a.js",
  ]);
  realms.removeSession("shop");
});
