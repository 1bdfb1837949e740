/** Pages of servers that others started, and what is common to all servers of pages: probes, turns, idleness. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Session } from "../../../src/protocol/model.ts";
import { resolveImports } from "../../../src/server/sessions/resolve-imports.ts";
import { isAlive } from "../../support/alive.ts";
import { eventually } from "../../support/eventually.ts";
import { hello } from "../../support/hello.ts";
import { removeTree, writeTree } from "../../support/server.ts";
import { projectAt, useSessions } from "../../support/sessions.ts";
import { viteProgram } from "../../support/ui-projects.ts";

const navigation = { "sec-fetch-dest": "document", accept: "text/html" };

async function tree(title = "shop"): Promise<string> {
  const root = await writeTree({
    "index.html": `<!doctype html><title>${title}</title><script type="module" src="/main.ts"></script>`,
    "main.ts": "export const n: number = 1;\n",
  });
  onTestFinished(() => removeTree(root));
  return root;
}

interface Outside {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly address: string;
}

/** A Vite that somebody starts in a terminal. */
async function startVite(root: string): Promise<Outside> {
  const child = spawn(process.execPath, [viteProgram, "--host", "127.0.0.1", "--port", "0"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => end(child));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const address = await eventually("its address", () => /http:\/\/127\S+?\//.exec(output)?.[0]);
  return { child, pid: child.pid ?? 0, address };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

async function pageOf({ url }: Session): Promise<string> {
  return (await fetch(url, { headers: navigation })).text();
}

test("an attached server is shown with the realm client; its session says so and does not touch it", async () => {
  const root = await tree();
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
    host: undefined,
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
  const [one, two] = [await tree("one"), await tree("two")];
  const first = await startVite(one);
  const project = projectAt(one);
  await sessions.attach(project, first);
  const { url } = await is("shop", "live");
  const second = await startVite(two);
  await end(first.child);
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
  const root = await tree();
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
  const root = await tree();
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

test("a host that does not answer three probes is unresponsive, is not ended, and is live with its next answer", async () => {
  const root = await tree();
  const { sessions, is } = await useSessions();
  await sessions.open(projectAt(root));
  const before = await is("shop", "live");
  process.kill(before.pid, "SIGSTOP");
  try {
    const hung = await is("shop", "error", 40_000);
    expect(hung.state).toMatchObject({ fault: { code: "unresponsive" } });
    expect(hung.pid).toBe(before.pid);
  } finally {
    process.kill(before.pid, "SIGCONT");
  }
  const after = await is("shop", "live", 10_000);
  expect(after.pid).toBe(before.pid);
  // A death is a death also then.
  process.kill(before.pid, "SIGKILL");
  await is("shop", "restarting");
});

test("of ten projects opened together no more than three start at once, and all come up", async () => {
  const { sessions, children } = await useSessions();
  const roots = await Promise.all(Array.from({ length: 10 }, (_, each) => tree(`p${each}`)));
  let most = 0;
  const states = (): readonly string[] => sessions.list().map(({ state }) => state.name);
  await Promise.all(roots.map((root, each) => sessions.open(projectAt(root, `p${each}`))));
  await eventually(
    "all of them",
    () => {
      // A host that runs for a session which is not live is starting.
      most = Math.max(most, children.size - states().filter((name) => name === "live").length);
      return states().every((name) => name === "live");
    },
    60_000,
  );
  expect(most).toBe(3);
});

test("a server without a page and without an edit is stopped, one with either is not", async () => {
  const roots = await Promise.all(["idle", "shown", "outside"].map(tree));
  const [idle = "", shown = "", outside = ""] = roots;
  const { sessions, is, realms, logs } = await useSessions({ idleStop: 1500 });
  const attached = await startVite(outside);
  await sessions.attach(projectAt(outside, "outside"), attached);
  await Promise.all(
    [projectAt(idle, "idle"), projectAt(shown, "shown")].map((project) => sessions.open(project)),
  );
  await Promise.all([is("idle", "live"), is("shown", "live")]);
  const { url } = await is("shown", "live");
  realms.join("shown", { send() {}, close() {} }, hello({ url }));
  await writeFile(path.join(idle, "main.ts"), "export const n = 2;\n");
  await is("idle", "stopped");
  await eventually("a word about it", () =>
    logs.some((line) => line.startsWith("idle was stopped: no page and no edit for")),
  );
  expect(sessions.list().map(({ id, state }) => [id, state.name])).toEqual([
    ["outside", "live"],
    ["idle", "stopped"],
    ["shown", "live"],
  ]);
  realms.removeSession("shown");
});
