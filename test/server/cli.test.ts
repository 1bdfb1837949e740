/** The command line as a person or a script uses it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dist, removeTree, writeTree } from "../support/server.ts";
import { commandProject, viteProgram } from "../support/ui-projects.ts";

let state: string;
const trees: string[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  state = await mkdtemp(path.join(tmpdir(), "vtr-state-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  await Promise.all(trees.splice(0).map(removeTree));
  await rm(state, { recursive: true, force: true });
});

function vitrine(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [path.join(dist, "server/cli.js"), ...args], {
    env: { ...process.env, XDG_STATE_HOME: state },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  return child;
}

async function ended(
  child: ChildProcess,
): Promise<{ code: number | null; out: string; err: string }> {
  let [out, err] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

async function site(): Promise<string> {
  const root = await writeTree({ "index.html": "<!doctype html><h1>site</h1>" });
  trees.push(root);
  return root;
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new Error("it printed nothing");
}

test("dev --json prints one ready line with everything a script needs, and Ctrl-C ends it cleanly", async () => {
  const child = vitrine("dev", await site(), "--json", "--port", "16400");
  const ready = JSON.parse(await firstLine(child)) as Record<string, string>;
  expect(ready).toMatchObject({
    event: "ready",
    url: "http://127.0.0.1:16400/",
    gateway: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    token: expect.stringMatching(/^[\w-]{43}$/),
    project: expect.stringMatching(/^project-/),
  });
  expect(await (await fetch(ready["url"] ?? "")).text()).toContain("<h1>site</h1>");
  const list = await fetch(`${ready["gateway"]}/api/sessions/list`, {
    method: "POST",
    headers: { authorization: `Bearer ${ready["token"]}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(await list.json()).toMatchObject({
    result: [{ id: ready["project"], state: { name: "live" } }],
  });
  child.kill("SIGINT");
  expect((await once(child, "exit"))[0]).toBe(0);
  expect(await readdir(path.join(state, "vitrine", "servers"))).toEqual([]);
  expect(await readdir(path.join(state, "vitrine", "ports"))).toEqual([]);
});

test("dev prints the name and the address for a person", async () => {
  const child = vitrine("dev", await site(), "--port", "16401");
  expect(await firstLine(child)).toBe("project  http://127.0.0.1:16401/");
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
});

test("--port is that of the pages, whatever port they had last; a command of the project listens at the next one", async () => {
  const root = await writeTree(commandProject([process.execPath, viteProgram]));
  trees.push(root);
  for (const port of [16_404, 16_402]) {
    const child = vitrine("dev", root, "--json", "--port", String(port));
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const ready = JSON.parse(String((await lines.next()).value)) as Record<string, string>;
    expect(ready["url"]).toBe(`http://127.0.0.1:${port}/`);
    expect(await (await fetch(ready["url"] ?? "")).text()).toContain("<h1>shop</h1>");
    expect((await fetch(`http://127.0.0.1:${port + 1}/@vite/client`)).status).toBe(200);
    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(0);
  }
});

test("a port that is in use is told, and the next free one is taken", async () => {
  const other = createServer().listen(16_406, "127.0.0.1");
  await once(other, "listening");
  const child = vitrine("dev", await site(), "--port", "16406");
  const [said] = (await once(child.stderr!.setEncoding("utf8"), "data")) as [string];
  expect(said).toBe("Port 16406 is in use: project is at port 16407\n");
  expect(await firstLine(child)).toBe("project  http://127.0.0.1:16407/");
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
  await new Promise((resolve) => other.close(resolve));
});

test("a folder with nothing to preview ends with code 1 and what to do", async () => {
  const root = await writeTree({ "notes.txt": "" });
  trees.push(root);
  const { code, err } = await ended(vitrine("dev", root));
  expect(code).toBe(1);
  expect(err).toContain("There is nothing to preview in");
});

test("a folder that does not exist ends with code 1 and says so", async () => {
  const { code, err } = await ended(vitrine("dev", path.join(state, "nowhere")));
  expect(code).toBe(1);
  expect(err).toMatch(/^There is no folder .*nowhere/);
  expect(err).not.toContain("    at ");
});

test.each([
  [["dev", "--port", "eighty"], "A port is a whole number from 1 to 65535"],
  [["dev", "--nonsense"], "unknown option"],
  [["nonsense"], "unknown command"],
])("bad usage %j ends with code 2", async (args, message) => {
  const { code, err } = await ended(vitrine(...args));
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test("help shows two examples and ends with code 0", async () => {
  const { code, out } = await ended(vitrine("dev", "--help"));
  expect(code).toBe(0);
  expect(out.match(/^ {2}vitrine dev/gm)).toHaveLength(2);
});
