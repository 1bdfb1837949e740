/** Sessions on real processes: start, faults, recovery, and what is left behind. */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { isAlive } from "../support/alive.ts";
import { eventually } from "../support/eventually.ts";
import {
  firstPort,
  removeTree,
  startServer,
  writeTree,
  type TestServer,
} from "../support/server.ts";

const page =
  '<!doctype html><title>Plain</title><h1>plain</h1><script type="module" src="/main.ts"></script>';
const plain = { "index.html": page, "main.ts": "const n: number = 1;\nconsole.log(n);\n" };

const trees: string[] = [];
const tree = async (files: Record<string, string>, name?: string): Promise<string> => {
  const root = await writeTree(files, name);
  trees.push(root);
  return root;
};
afterEach(async () => {
  await Promise.all(trees.splice(0).map(removeTree));
});

async function open(server: TestServer, folder: string): Promise<string> {
  return (await server.methods.openSession(folder)).id;
}

test("a folder without a Vite of its own is served by ours, with the realm client in its page", async () => {
  const root = await tree(plain);
  await using server = await startServer({ folders: [root] });
  const opened = await server.methods.openSession(root);
  expect(opened.state.name).toBe("starting");
  expect(opened.url).toBe(`http://127.0.0.1:${opened.port}/`);
  const session = await server.sessionIs(opened.id, "live");
  const html = await (await fetch(session.url)).text();
  expect(html).toContain(
    '<script src="/-vitrine/page.js" data-vitrine-base="/" data-vitrine-inline>',
  );
  const script = await fetch(new URL("/-vitrine/page.js", session.url));
  expect(script.headers.get("content-type")).toContain("text/javascript");
  expect(await (await fetch(new URL("/main.ts", session.url))).text()).toContain("const n = 1");
  expect(session.notices.join(" ")).toContain("has no Vite of its own");
});

test("opening a session twice answers with the same one", async () => {
  const root = await tree(plain);
  await using server = await startServer({ folders: [root] });
  const [first, second] = await Promise.all([
    open(server, root),
    open(server, path.join(root, "main.ts")),
  ]);
  expect(second).toBe(first);
  await server.sessionIs(first, "live");
  expect(server.sessions).toHaveLength(1);
});

test("two projects get two ports, and a stopped one gives its port back", async () => {
  const root = await tree({
    "a/index.html": page,
    "a/main.ts": "",
    "a/package.json": '{"name":"a"}',
    "b/index.html": page,
    "b/main.ts": "",
    "b/package.json": '{"name":"b"}',
  });
  await using server = await startServer({ folders: [root] });
  const [a, b] = await Promise.all([
    open(server, path.join(root, "a")),
    open(server, path.join(root, "b")),
  ]);
  const first = await server.sessionIs(a, "live");
  const second = await server.sessionIs(b, "live");
  expect(first.port).not.toBe(second.port);
  await server.methods.stopSession(a);
  await server.sessionIs(a, "stopped");
  await expect(fetch(first.url)).rejects.toThrow();
  expect((await fetch(second.url)).status).toBe(200);
  await server.methods.restartSession(a);
  expect((await server.sessionIs(a, "live")).port).toBe(first.port);
});

test("a Vite host that is killed comes back by itself on the same port within five seconds", async () => {
  const root = await tree(plain);
  await using server = await startServer({ folders: [root] });
  const id = await open(server, root);
  const before = await server.sessionIs(id, "live");
  const killed = performance.now();
  process.kill(before.pid, "SIGKILL");
  await server.sessionIs(id, "restarting");
  const after = await server.sessionIs(id, "live");
  expect(performance.now() - killed).toBeLessThan(5000);
  expect(after.port).toBe(before.port);
  expect(after.pid).not.toBe(before.pid);
  expect((await fetch(after.url)).status).toBe(200);
});

test("a server that is killed leaves no process and no port behind, even when a config blocks its host", async () => {
  const root = await tree({
    "good/index.html": page,
    "good/main.ts": "",
    "good/package.json": '{"name":"good"}',
    "stuck/index.html": page,
    "stuck/vite.config.mjs": 'console.log("stuck"); for (;;);',
  });
  await using server = await startServer({ folders: [root] });
  const good = await server.sessionIs(await open(server, path.join(root, "good")), "live");
  const stuck = await open(server, path.join(root, "stuck"));
  const pid = await eventually(
    "the stuck host to run",
    () => server.sessions.find((session) => session.id === stuck)?.pid || undefined,
  );
  const own = path.join(server.stateDirectory, "servers", `${server.child.pid}.json`);
  const { runDirectory } = JSON.parse(await readFile(own, "utf8")) as { runDirectory: string };
  server.child.kill("SIGKILL");
  await eventually("all processes to be gone", () => !isAlive(good.pid) && !isAlive(pid), 5000);
  await expect(fetch(good.url)).rejects.toThrow();
  // Its files are taken away by the next server, of whatever window.
  await using next = await startServer({ folders: [root], stateDirectory: server.stateDirectory });
  expect(existsSync(runDirectory)).toBe(false);
  expect(existsSync(own)).toBe(false);
  expect(next.welcome.pid).not.toBe(server.child.pid);
});

test("the port of another program is passed over", async () => {
  const taken = createServer().listen(firstPort, "127.0.0.1");
  try {
    const root = await tree(plain);
    await using server = await startServer({ folders: [root] });
    const session = await server.sessionIs(await open(server, root), "live");
    expect(session.port).toBeGreaterThan(firstPort);
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

test("when all ports are in use the session says which, and what to do", async () => {
  const port = firstPort + 95;
  const taken = createServer().listen(port, "127.0.0.1");
  try {
    const root = await tree(plain);
    await using server = await startServer({
      folders: [root],
      config: { portRange: [port, port + 1] },
    });
    const session = await server.sessionIs(await open(server, root), "error");
    expect(session.state).toMatchObject({
      fault: {
        code: "port_exhausted",
        message: expect.stringContaining(`Ports ${port}–${port} are all in use`),
      },
    });
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

test("a folder with nothing to preview gets one clear sentence", async () => {
  const root = await tree({ "readme.txt": "" });
  await using server = await startServer({ folders: [root] });
  await expect(server.methods.openSession(root)).rejects.toMatchObject({
    code: "html_missing",
    message: expect.stringContaining("no vite.config, no vite dependency and no index.html"),
  });
});

test("a broken config is an error at its place, and saving the correction starts the preview", async () => {
  const root = await tree({ ...plain, "vite.config.mjs": "export default {\n  base: ,\n};\n" });
  await using server = await startServer({ folders: [root] });
  const id = await open(server, root);
  const broken = await server.sessionIs(id, "error");
  expect(broken.state).toMatchObject({
    fault: { code: "config_failed", file: path.join(root, "vite.config.mjs"), line: 2 },
  });
  await writeFile(path.join(root, "vite.config.mjs"), "export default {};\n");
  await server.sessionIs(id, "live");
});

test("a config that throws is an error at the line that threw", async () => {
  const root = await tree({
    ...plain,
    "vite.config.ts":
      'const wanted: string | undefined = undefined;\n\nif (!wanted) throw new Error("SHOP_URL is missing");\nexport default {};\n',
  });
  await using server = await startServer({ folders: [root] });
  const broken = await server.sessionIs(await open(server, root), "error");
  expect(broken.state).toMatchObject({
    fault: {
      code: "config_failed",
      message: expect.stringContaining("SHOP_URL is missing"),
      file: path.join(root, "vite.config.ts"),
    },
  });
});

test("a config that ends the process is named as the cause, and everything else goes on", async () => {
  const root = await tree({
    "good/index.html": page,
    "good/main.ts": "",
    "good/package.json": '{"name":"good"}',
    "bad/index.html": page,
    "bad/vite.config.mjs": "process.exit(3);",
  });
  await using server = await startServer({ folders: [root] });
  const good = await open(server, path.join(root, "good"));
  const bad = await server.sessionIs(await open(server, path.join(root, "bad")), "error");
  expect(bad.state).toMatchObject({
    fault: {
      code: "config_failed",
      message: expect.stringContaining("vite.config.mjs ended the Vite process with code 3"),
    },
  });
  expect((await fetch((await server.sessionIs(good, "live")).url)).status).toBe(200);
});

test("a config that never returns is given up after thirty seconds and its process ended", async () => {
  const root = await tree({ ...plain, "vite.config.mjs": "for (;;);" });
  await using server = await startServer({ folders: [root] });
  const id = await open(server, root);
  const pid = await eventually(
    "the host to run",
    () => server.sessions.find((session) => session.id === id)?.pid || undefined,
  );
  const failed = await server.sessionIs(id, "error", 40_000);
  expect(failed.state).toMatchObject({
    fault: {
      code: "start_timeout",
      message: expect.stringContaining("did not finish loading within 30 s"),
    },
  });
  await eventually("its process to be gone", () => !isAlive(pid), 5000);
});

test("packages that are not installed are named, with the command that installs them", async () => {
  const root = await tree({
    ...plain,
    "package.json": '{"name":"shop","devDependencies":{"vite":"^8"}}',
    "pnpm-lock.yaml": "",
  });
  await using server = await startServer({ folders: [root] });
  const failed = await server.sessionIs(await open(server, root), "error");
  expect(failed.state).toMatchObject({
    fault: {
      code: "not_installed",
      message: expect.stringMatching(/packages of shop are not installed.*Run pnpm install in/),
    },
  });
});

test("a path with blanks, #, % and letters of other scripts is served like any other", async () => {
  const root = await tree(
    { "index.html": page, "main.ts": 'import "./näme 1.ts";', "näme 1.ts": "export const ok = 1;" },
    "a b#c%20d é日本",
  );
  await using server = await startServer({ folders: [root] });
  const session = await server.sessionIs(await open(server, root), "live");
  expect(await (await fetch(session.url)).text()).toContain("<h1>plain</h1>");
  expect((await fetch(new URL("/main.ts", session.url))).status).toBe(200);
  // Vite says of such a path that its files cannot be loaded, and serves them.
  await eventually("Vite's own complaint", () =>
    server.logs.some(({ message }) => message.includes("Failed to")),
  );
  expect(server.sessions[0]?.problems).toEqual([]);
});

test("an untrusted workspace starts nothing and says so in one sentence", async () => {
  const root = await tree({
    ...plain,
    "vite.config.mjs":
      'import { writeFileSync } from "node:fs"; writeFileSync("tripwire", ""); export default {};',
  });
  await using server = await startServer({
    folders: [root],
    trusted: false,
    config: { warmStart: true },
  });
  await expect(server.methods.openSession(root)).rejects.toMatchObject({ code: "not_trusted" });
  await expect(
    server.methods.runBlock({ file: path.join(root, "a.md"), text: "```js\n1\n```\n", block: 0 }),
  ).rejects.toMatchObject({ code: "not_trusted" });
  expect(server.sessions).toEqual([]);
  expect(existsSync(path.join(root, "tripwire"))).toBe(false);
  await server.methods.grantTrust();
  await server.sessionIs(await open(server, root), "live");
});

test("an editor of another protocol version is refused with what to do", async () => {
  const root = await tree(plain);
  await expect(startServer({ folders: [root], protocol: 99 })).rejects.toMatchObject({
    code: "incompatible",
  });
});

test("a syntax error becomes one problem at its place and the correction clears it, without any page asking", async () => {
  const root = await tree({
    ...plain,
    "main.ts": 'import { a } from "./a";\nconsole.log(a);\n',
    "a.ts": "export const a = 1;\n",
  });
  await using server = await startServer({ folders: [root] });
  const session = await server.sessionIs(await open(server, root), "live");
  await fetch(new URL("/main.ts", session.url)).then((answer) => answer.text());
  await fetch(new URL("/a.ts", session.url)).then((answer) => answer.text());
  const problems = () => server.sessions[0]?.problems ?? [];
  await writeFile(path.join(root, "a.ts"), "export const a = 1;\nexport const b = ;\n");
  await eventually("the problem", () => problems().length > 0);
  expect(problems()).toEqual([
    expect.objectContaining({
      file: path.join(root, "a.ts"),
      line: 2,
      column: 18,
      severity: "error",
    }),
  ]);
  await writeFile(path.join(root, "a.ts"), "export const a = 2;\n");
  await eventually("no problem", () => problems().length === 0);
  await writeFile(
    path.join(root, "main.ts"),
    'import { a } from "./a";\nimport "./missing";\nconsole.log(a);\n',
  );
  await eventually("the import problem", () =>
    problems()[0]?.message.includes('Failed to resolve import "./missing"'),
  );
  await writeFile(path.join(root, "missing.ts"), "export {};\n");
  await eventually("no problem after the file was made", () => problems().length === 0);
});

test("a second window on one project gets its own place for what Vite bundles, and both serve", async () => {
  const root = await tree({ ...plain, "node_modules/.keep": "" });
  await using one = await startServer({ folders: [root] });
  await using two = await startServer({ folders: [root], stateDirectory: one.stateDirectory });
  const first = await one.sessionIs(await open(one, root), "live");
  const second = await two.sessionIs(await open(two, root), "live");
  expect(second.port).not.toBe(first.port);
  for (const { url } of [first, second]) expect((await fetch(url)).status).toBe(200);
  expect(await readdir(path.join(one.stateDirectory, "roots"))).toHaveLength(1);
});
