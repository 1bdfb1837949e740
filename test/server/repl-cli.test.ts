/** `vitrine repl`, also called `daebug`, as a program: ports, handshake, shutdown, tests, options (REPL specification 16, 17). */
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createSocketServer } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { bareRealm } from "../support/bare-realm.ts";
import { eventually } from "../support/eventually.ts";
import { openExistingClient, type ExistingClient } from "../support/existing-client.ts";
import {
  bodyOf,
  createCommands,
  FOOTER,
  nextPort,
  type Command,
  type Commands,
  type ReplProcess,
} from "../support/repl-process.ts";
import { dist, removeTree, writeTree } from "../support/server.ts";

let commands: Commands;
const trees: string[] = [];
const clients: ExistingClient[] = [];
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  commands = await createCommands();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(closers.splice(0).map((close) => close()));
});
afterAll(async () => {
  await commands?.end();
  await Promise.all(trees.splice(0).map(removeTree));
});

/** A site in a folder of that name: the name makes the port. */
async function site(name: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await writeTree({ "index.html": "<!doctype html><body>site</body>", ...more }, name);
  trees.push(root);
  return root;
}

/** `h * 31 + c`, as section 16.2 has it. */
function portOf(name: string): number {
  let hash = 0;
  for (let index = 0; index < name.length; index++)
    hash = ((hash << 5) - hash + name.toLowerCase().charCodeAt(index)) | 0;
  return 8100 + (Math.abs(hash) % 1000);
}

async function occupy(port: number, answer?: Parameters<typeof createServer>[1]): Promise<Server> {
  const server = createServer(
    answer ?? ((_request, response) => void response.writeHead(404).end("someone else")),
  );
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  );
  return server;
}

const fence = (code: string): string => `\`\`\`js\n${code}\n\`\`\`\n`;
const shutDown = /^# 👾 Daebug remote debugging REPL: SERVER SHUT DOWN \d\d:\d\d:\d\d\n> /;

/** A job in the hands of a realm that does not answer. */
async function busy(server: ReplProcess, name: string): Promise<void> {
  const zen = bareRealm(server.origin, name);
  const polled = zen.job();
  await writeFile(server.log(name), fence("busy()"));
  await polled;
}

const stopped = (name: string): string => `### 🗣️agent to ${name} at HH:MM:SS
${fence("busy()")}
#### 🚫${name} to agent at HH:MM:SS (<n>ms)
\`\`\`Error
the server was shut down before the result arrived
\`\`\`

${FOOTER}`;

/** `--test` where no server runs yet: it starts one of its own. */
function testAlone(root: string, ...patterns: string[]): Command {
  return commands.run([
    "repl",
    "--root",
    root,
    "--port",
    String(nextPort()),
    "--test",
    ...patterns,
  ]);
}

describe("16.2 the port of a folder", () => {
  test.each([
    ["demo", 8751],
    ["proj", 8793],
    ["My-Project", 8660],
    ["three-g", 8956],
    ["daeb.ug", 8706],
  ])("%s is served on %i", async (name, port) => {
    expect(portOf(name)).toBe(port);
    const server = await commands.repl(await site(name), ["--derived"]);
    expect(server.port).toBe(port);
    expect(await (await fetch(server.origin)).text()).toContain("site");
    await server.stop();
  });

  test("PORT of the environment comes before it, --port before both", async () => {
    const root = await site("ports");
    const [fromEnvironment, explicit] = [nextPort(), nextPort()];
    const env = { PORT: String(fromEnvironment) };
    const first = await commands.repl(root, ["--derived"], { env });
    expect(first.port).toBe(fromEnvironment);
    await first.stop();
    const second = await commands.repl(root, [`--port=${explicit}`], { env });
    expect(second.port).toBe(explicit);
    await second.stop();
  });
});

describe("16.3 a port in use", () => {
  test("by a stranger: the next one of the folder's name, and the registry is untouched", async () => {
    const root = await site("my-project");
    await occupy(8660);
    const server = await commands.repl(root, ["--derived"]);
    expect(server.port).toBe(8355);
    expect(portOf("my-project1")).toBe(8355);
    await server.stop();
  });

  test("by something that is no HTTP: the same", async () => {
    const root = await site("mute");
    const mute = createSocketServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => mute.listen(portOf("mute"), "127.0.0.1", resolve));
    const server = await commands.repl(root, ["--derived"]);
    expect(server.port).toBe(portOf("mute1"));
    await server.stop();
    await new Promise((resolve) => mute.close(resolve));
  });

  test("explicitly named: code 1, and who has it", async () => {
    const root = await site("explicit");
    const port = nextPort();
    await occupy(port);
    const { code, err } = await commands.run(["repl", "--root", root, "--port", String(port)])
      .ended;
    expect(code).toBe(1);
    expect(err).toContain(`Port ${port} is taken by another program`);
    expect(err).not.toContain("    at ");
  });

  test("by the REPL of another folder with the same name: neither is disturbed", async () => {
    const [one, other] = [await site("twins"), await site("twins")];
    const first = await commands.repl(one, ["--derived"]);
    const second = await commands.repl(other, ["--derived"]);
    expect([first.port, second.port]).toEqual([portOf("twins"), portOf("twins1")]);
    expect(await first.registry()).toContain("REPL started");
    expect(await second.registry()).toContain("REPL started");
    expect(first.child.exitCode).toBeNull();
    await Promise.all([first.stop(), second.stop()]);
  });

  test.each(["of its name", "named explicitly"])(
    "by a server of the same folder: the first finishes and leaves with code 0, the second has its port (%s)",
    async (which) => {
      const root = await site("handed-over");
      const args = which === "of its name" ? ["--derived"] : ["--port", String(nextPort())];
      const first = await commands.repl(root, args);
      await busy(first, "1-page");
      const second = await commands.repl(root, args);
      expect((await first.ended).code).toBe(0);
      expect(second.port).toBe(first.port);
      expect(bodyOf(await second.read("1-page"), "1-page")).toBe(stopped("1-page"));
      const registry = await second.registry();
      expect(registry).toContain("REPL started");
      expect(registry).not.toMatch(/^%%SHUTDOWN%%$/m);
      await second.stop();
    },
  );

  test("by a server of the same folder on another port: it leaves as well", async () => {
    const root = await site("moved");
    const first = await commands.repl(root);
    const second = await commands.repl(root);
    expect((await first.ended).code).toBe(0);
    expect(second.child.exitCode).toBeNull();
    await second.stop();
  });

  test("by an older server, which has no health: it obeys the marker and gives the port", async () => {
    const root = await site("older");
    const registry = path.join(root, "daebug.md");
    await writeFile(registry, "# 👾 Daebug remote debugging REPL started 11:08:07 AM\n");
    const old = await occupy(portOf("older"), (request, response) => {
      const isChannel = request.url?.startsWith("/-daebug-channel") === true;
      response.writeHead(isChannel ? 400 : 404).end(isChannel ? "name required" : "not found");
    });
    const obeyed = eventually("the marker", async () =>
      /^%%SHUTDOWN%%$/m.test(await readFile(registry, "utf8")),
    ).then(async () => {
      await writeFile(
        registry,
        "# 👾 Daebug remote debugging REPL: SERVER SHUT DOWN 11:09:00 AM\n",
      );
      old.closeAllConnections();
      old.close();
    });
    const server = await commands.repl(root, ["--derived"]);
    await obeyed;
    expect(server.port).toBe(portOf("older"));
    expect(await server.registry()).toContain("REPL started");
    await server.stop();
  });

  test("by an older server that does not listen to it: the registry is as before, and another port is taken", async () => {
    const root = await site("stubborn");
    await writeFile(path.join(root, "daebug.md"), "# old text\n");
    await occupy(portOf("stubborn"), (_request, response) => void response.writeHead(400).end());
    const server = await commands.repl(root, ["--derived"]);
    expect(server.port).toBe(portOf("stubborn1"));
    expect(server.child.exitCode).toBeNull();
    await server.stop();
  });
});

describe("17 the shutdown marker", () => {
  const stop = async (server: ReplProcess, text: (old: string) => string): Promise<void> => {
    const registry = path.join(server.root, "daebug.md");
    await writeFile(registry, text(await readFile(registry, "utf8")));
  };

  test("alone on a line it ends the server in order, within 2 s", async () => {
    const server = await commands.repl(await site("marked"));
    await busy(server, "1-page");
    const waiting = bareRealm(server.origin, "2-page")
      .poll()
      .catch(() => undefined);
    await eventually("both realms", async () => (await server.registry()).includes("2-page"));
    const began = Date.now();
    await stop(server, (old) => `${old}\n  %%SHUTDOWN%%  \n`);
    const { code } = await server.ended;
    expect(code).toBe(0);
    expect(Date.now() - began).toBeLessThan(2000);
    expect((await waiting)?.code ?? "").toBe("");
    expect(bodyOf(await server.read("1-page"), "1-page")).toBe(stopped("1-page"));
    const registry = await server.registry();
    expect(registry).toMatch(shutDown);
    expect(registry).not.toContain("## Active Sessions");
    expect(registry).not.toMatch(/^\s*%%SHUTDOWN%%\s*$/m);
    expect(await readdir(path.join(server.root, "daebug"))).toEqual(["1-page.md"]);
  });

  test("within a line it is text, and so it is in a log", async () => {
    const server = await commands.repl(await site("unmarked"));
    await stop(server, (old) => old.replace("## Restart", "## Restart with %%SHUTDOWN%% here"));
    await writeFile(server.log("x"), "%%SHUTDOWN%%\n");
    await busy(server, "1-page");
    expect(await (await fetch(`${server.origin}/health`)).json()).toMatchObject({ status: "ok" });
    await server.stop();
  });

  test("21.22: one that stands there at the start is stale", async () => {
    const root = await site("stale", { "daebug.md": "# left\n\n%%SHUTDOWN%%\n" });
    const server = await commands.repl(root);
    await busy(server, "1-page");
    expect(await server.registry()).not.toMatch(/^%%SHUTDOWN%%$/m);
    expect(await server.registry()).toContain("REPL started");
    await server.stop();
  });
});

describe("16.5 signals", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s finishes open regions and ends with code 0 within 2 s",
    async (signal) => {
      const server = await commands.repl(await site("signalled"));
      await busy(server, "1-page");
      const began = Date.now();
      server.child.kill(signal);
      expect((await server.ended).code).toBe(0);
      expect(Date.now() - began).toBeLessThan(2000);
      expect(bodyOf(await server.read("1-page"), "1-page")).toBe(stopped("1-page"));
      expect(await server.registry()).toMatch(shutDown);
      expect(await readdir(path.join(server.root, "daebug"))).toEqual(["1-page.md"]);
    },
  );

  test("a region that a killed server left is finished by the next run, and what was answered is not asked again", async () => {
    const root = await site("killed");
    const first = await commands.repl(root);
    await busy(first, "1-page");
    first.child.kill("SIGKILL");
    await first.ended;
    const state = path.join(commands.state, "other");
    const second = await commands.repl(root, [], { state });
    const client = openExistingClient({ origin: second.origin, name: "1-page" });
    clients.push(client);
    await second.logIs("1-page", (text) =>
      text.includes("the server stopped before the result arrived"),
    );
    expect(bodyOf(await second.read("1-page"), "1-page")).toContain(
      "🚫1-page to agent at HH:MM:SS (<n>ms)",
    );
    expect(client.executions).toHaveLength(0);
    await second.stop();
  });
});

describe("16.1 options", () => {
  test.each([
    [["--port", "0"], "A port is a whole number"],
    [["--port", "65536"], "A port is a whole number"],
    [["--port=eighty"], "A port is a whole number"],
    [["--nonsense"], "unknown option"],
    [["positional"], "too many arguments"],
    [["--log=xml"], "The only form is json"],
    [["--timeout", "soon"], "A time is a whole number"],
  ])("%j is bad usage: code 2 (21.32)", async (args, message) => {
    const { code, err, out } = await commands.run(["repl", ...args]).ended;
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });

  test.each([
    ["that does not exist", "nowhere"],
    ["that is a file", "index.html"],
  ])("a root %s ends with code 1", async (_what, name) => {
    const root = await site("roots");
    const { code, err } = await commands.run(["repl", `--root=${path.join(root, name)}`]).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/no folder/i);
    expect(err).not.toContain("    at ");
  });

  test.each([
    [["--host", "0.0.0.0"]],
    [["--host", "0.0.0.0", "--key", "k"]],
    [["--host", "0.0.0.0", "--allow-external"]],
  ])("N-02: %j alone is refused", async (args) => {
    const root = await site("outside");
    const { code, err } = await commands.run(["repl", "--root", root, ...args]).ended;
    expect(code).toBe(1);
    expect(err).toContain("0.0.0.0 can be reached by other machines");
    expect(await readdir(root)).toEqual(["index.html"]);
  });

  test("as daebug: version with a v, help, and the options it always had", async () => {
    const root = await site("called");
    const bin = path.join(commands.state, "daebug");
    await symlink(path.join(dist, "server/cli.js"), bin);
    const run = (...args: string[]): Command => commands.run(args, { script: bin, cwd: root });
    expect(await run("--version").ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^v\d+\.\d+\.\d+\n$/),
    });
    expect(await run("-v").ended).toMatchObject({ code: 0 });
    const help = await run("--help").ended;
    expect(help.code).toBe(0);
    for (const option of [
      "--root",
      "--port",
      "--test",
      "--page",
      "--host",
      "--key",
      "--timeout",
      "--no-inject",
    ])
      expect(help.out).toContain(option);
    expect(await run("-p", "0").ended).toMatchObject({ code: 2 });
    expect(await run("positional").ended).toMatchObject({ code: 2 });
    const port = nextPort();
    const server = run("-r", root, "-p", String(port));
    await eventually("its lines", () => server.out().includes(`http://127.0.0.1:${port}/`));
    expect(server.out()).toContain(path.join(root, "daebug.md"));
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
  });

  test("N-01 and 21.33: it listens on the loopback address alone", async () => {
    const server = await commands.repl(await site("loopback"));
    const rows = (await readFile(`/proc/${server.child.pid}/net/tcp`, "utf8")).split("\n");
    const hex = server.port.toString(16).toUpperCase().padStart(4, "0");
    const listening = rows.filter((row) => row.includes(`:${hex} 00000000:0000 0A`));
    expect(listening.map((row) => row.trim().split(/\s+/)[1])).toEqual([`0100007F:${hex}`]);
    const rows6 = (await readFile(`/proc/${server.child.pid}/net/tcp6`, "utf8")).split("\n");
    expect(rows6.filter((row) => row.includes(`:${hex} `) && row.includes(" 0A "))).toEqual([]);
    await server.stop();
  });

  test("--no-inject leaves pages as they are", async () => {
    const root = await site("plain");
    const [plain, usual] = [await commands.repl(root, ["--no-inject"]), undefined];
    expect(usual).toBeUndefined();
    expect(await (await fetch(plain.origin)).text()).not.toContain("-daebug-client");
    const text = await (await fetch(plain.origin)).text();
    expect(text).not.toContain("WebSocket");
    await plain.stop();
  });

  test("an editor's logs are not taken: code 1 and who has them", async () => {
    const { startServer } = await import("../support/server.ts");
    const root = await site("edited");
    const state = path.join(commands.state, "shared");
    await mkdir(state, { recursive: true });
    const editor = await startServer({
      folders: [root],
      stateDirectory: path.join(state, "vitrine"),
    });
    try {
      await editor.methods.startRepl(root);
      const { code, err } = await commands.run(
        ["repl", "--root", root, "--port", String(nextPort())],
        { state },
      ).ended;
      expect(code).toBe(1);
      expect(err).toContain(`belong to process ${editor.child.pid}`);
      expect((await editor.methods.startRepl(root)).state.name).toBe("on");
      expect(await readFile(path.join(root, "daebug.md"), "utf8")).toContain("REPL started");
    } finally {
      await editor.stop();
    }
  });
});

describe("what it prints", () => {
  test("lines for a person: realms, requests and replies, and nothing that steers the terminal", async () => {
    const root = await site("spoken");
    const port = nextPort();
    const command = commands.run(["repl", "--root", root, "--port", String(port)]);
    await eventually("its address", () => command.out().includes(`http://127.0.0.1:${port}/`));
    expect(command.out()).toMatch(/^vitrine repl v\d/);
    expect(command.out()).toContain(path.join(root, "daebug.md"));
    const client = openExistingClient({ origin: `http://127.0.0.1:${port}`, name: "1-page" });
    clients.push(client);
    await eventually("the realm", () =>
      command.out().includes(`1-page  ${path.join(root, "daebug", "1-page.md")}`),
    );
    await writeFile(
      path.join(root, "daebug", "1-page.md"),
      fence("'\\u001b[31m' +\n  'a long line of code that is cut'"),
    );
    const out = await eventually(
      "the reply",
      () => /succeeded/.test(command.out()) && command.out(),
    );
    expect(out).toMatch(/^agent → 1-page {2}'\\u001b\[31m' \+ 'a lo\.\.\.$/m);
    expect(out).toMatch(/^1-page → agent {2}succeeded \d+ms {2}/m);
    expect(out).not.toContain("\u001b");
    command.child.kill("SIGTERM");
    await command.ended;
  });

  test("--log=json: one object per line on standard error, for each change of realms and jobs", async () => {
    const root = await site("logged");
    const server = await commands.repl(root, ["--log=json", "--timeout", "400"]);
    const lines = (): Record<string, unknown>[] =>
      server
        .err()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const client = openExistingClient({ origin: server.origin, name: "1-page" });
    clients.push(client);
    await writeFile(server.log("1-page"), fence("1"));
    await server.logIs("1-page", (text) => text.includes("```JSON\n1\n```"));
    await writeFile(
      server.log("1-page"),
      `${await server.read("1-page")}${fence("await new Promise(() => {})")}`,
    );
    await server.logIs("1-page", (text) => text.includes("timed out"));
    await eventually("the end of the job", () => lines().some(({ ev }) => ev === "job.timeout"));
    await server.stop();
    expect(lines().map(({ ev }) => ev)).toEqual([
      "server.start",
      "realm.online",
      "job.requested",
      "job.dispatched",
      "job.finished",
      "job.requested",
      "job.dispatched",
      "job.timeout",
      "server.stop",
    ]);
    for (const line of lines()) expect(line["t"]).toMatch(/^\d{4}-.*Z$/);
    const job = lines().find(({ ev }) => ev === "job.finished");
    expect(job).toMatchObject({
      instance: "1-page",
      jobId: expect.any(String),
      ms: expect.any(Number),
    });
    expect(server.err()).not.toContain(server.token);
  });
});

describe("18.3 --key", () => {
  test("realms bring the key, in a header or in the cookie that comes with a page", async () => {
    const root = await site("keyed");
    const server = await commands.repl(root, ["--key", "open sesame"]);
    const page = await fetch(server.origin);
    const cookie = page.headers.get("set-cookie") ?? "";
    expect(cookie).toBe("daebug=open%20sesame; HttpOnly; SameSite=Strict; Path=/");
    const poll = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${server.origin}/-daebug-channel?name=1-page`, { headers });
    for (const headers of [
      {},
      { authorization: "Bearer wrong" },
      { "x-daebug-key": "open" },
      { cookie: "daebug=open" },
      { cookie: "other=open%20sesame" },
      { cookie: "daebug=%E0%A4%A" },
    ]) {
      const refused = await poll(headers);
      expect([refused.status, await refused.text()]).toEqual([401, ""]);
    }
    const posted = await fetch(`${server.origin}/-daebug-channel?name=1-page`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"ok":true}',
    });
    expect(posted.status).toBe(401);
    expect(await server.registry()).not.toContain("1-page");
    for (const target of ["/-daebug-discover-tests", "/-daebug-test-progress"]) {
      const answer = await fetch(server.origin + target, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      expect(answer.status).toBe(401);
    }
    const client = openExistingClient({
      origin: server.origin,
      name: "1-page",
      headers: { cookie: cookie.slice(0, cookie.indexOf(";")) },
    });
    clients.push(client);
    await writeFile(server.log("1-page"), fence("'by cookie'"));
    await server.logIs("1-page", (text) => text.includes("```JSON\nby cookie\n```"));
    const worker = openExistingClient({
      origin: server.origin,
      name: "2-page",
      headers: { "x-daebug-key": "open sesame" },
    });
    clients.push(worker);
    await writeFile(server.log("2-page"), fence("'by header'"));
    await server.logIs("2-page", (text) => text.includes("```JSON\nby header\n```"));
    await server.stop();
  });
});

test("N-02: from elsewhere a page is shown only to who brings the key, once in the address, then by the cookie", async () => {
  const root = await site("reached");
  const server = await commands.repl(root, [
    "--host",
    "0.0.0.0",
    "--allow-external",
    "--key",
    "open sesame",
  ]);
  expect(server.err()).toContain("Listening on 0.0.0.0");
  const get = (target: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(server.origin + target, { headers, redirect: "manual" });
  for (const target of [
    "/",
    "/index.html",
    "/?key=open",
    "/-daebug/bookmarklet",
    "/-daebug/broker.html",
    "/-vitrine/page.js",
    "/-daebug-channel?name=x",
  ]) {
    const refused = await get(target);
    expect([target, refused.status, refused.headers.get("set-cookie")]).toEqual([
      target,
      401,
      null,
    ]);
  }
  const credential = await fetch(`${server.origin}/-vitrine/credential`, {
    method: "POST",
    headers: { origin: server.origin, "content-type": "application/json" },
    body: "{}",
  });
  expect(credential.status).toBe(401);
  const brought = await get("/?key=open+sesame&x=1");
  expect([brought.status, brought.headers.get("location")]).toEqual([303, "/?x=1"]);
  const cookie = (brought.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  expect(await (await get("/", { cookie })).text()).toContain("site");
  await server.stop();
});

describe("16.4 --test", () => {
  const results = (failed: number): object => ({
    passed: 2,
    failed,
    skipped: 1,
    total: 3 + failed,
    duration: 2519,
    tests: [
      {
        name: "adds",
        suite: "suite A",
        passed: true,
        error: null,
        duration: 3,
        completedAt: "2026-03-04T09:35:33.120Z",
      },
      {
        name: "slow",
        suite: null,
        passed: true,
        error: null,
        duration: 2500,
        completedAt: "2026-03-04T09:35:33.120Z",
      },
      {
        name: "later",
        suite: null,
        skipped: true,
        duration: 0,
        completedAt: "2026-03-04T09:35:33.120Z",
      },
      ...(failed === 0
        ? []
        : [
            {
              name: "fails",
              suite: "suite A",
              passed: false,
              error: "AssertionError: no\n    at a.test.js:5:30",
              duration: 1,
              completedAt: "2026-03-04T09:35:33.120Z",
            },
          ]),
    ],
  });
  /** A page whose `node:test` answers with fixed results. */
  const runner = (
    origin: string,
    name: string,
    failed: number,
    seen: unknown[] = [],
  ): ExistingClient => {
    const run = async (options: unknown): Promise<object> => {
      seen.push(options);
      return results(failed);
    };
    const client = openExistingClient({ origin, name, modules: { "node:test": { run } } });
    clients.push(client);
    return client;
  };
  const known = (server: ReplProcess, name: string): Promise<unknown> =>
    eventually(`${name} in the registry`, async () =>
      (await server.registry()).includes(`[${name}]`),
    );

  test("says how far it is while the tests run", async () => {
    const root = await site("told", { "a.test.js": "" });
    const server = await commands.repl(root);
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const totals = { pass: 1, fail: 1, skip: 0, total: 2 };
    const run = async (): Promise<object> => {
      await fetch(`${server.origin}/-daebug-test-progress`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ realmName: "1-slow", complete: false, totals, duration: 2504 }),
      });
      await released;
      return results(1);
    };
    const modules = { "node:test": { run } };
    clients.push(openExistingClient({ origin: server.origin, name: "1-slow", modules }));
    await known(server, "1-slow");
    const command = commands.run(["repl", "--root", root, "--test"]);
    await eventually("progress", () => command.out().includes("Test Progress"));
    expect(command.out()).toBe("Test Progress: 1/2 pass, 1 fail (2.5s)\n");
    release();
    expect((await command.ended).out).toMatch(
      /^Test Progress: .*\n## Test Results: 2 pass, 1 fail/,
    );
    await server.stop();
  });

  test("runs in the page of the server that runs, prints the results, and ends by them", async () => {
    const root = await site("tested", { "a.test.js": "", "test/b.test.js": "" });
    const server = await commands.repl(root);
    const seen: unknown[] = [];
    runner(server.origin, "1-good", 0, seen);
    await known(server, "1-good");
    runner(server.origin, "2-bad", 1);
    await known(server, "2-bad");
    const good = await commands.run(["repl", "--root", root, "--test", "--page", "GOOD"]).ended;
    expect([good.code, good.err]).toEqual([0, ""]);
    expect(good.out).toMatch(
      /## Test Results: 2 pass, 0 fail, 1 skip \(2\.5s\)\n\n○ later .*\n✓ suite A > adds .* \(3ms\)\n✓ slow .*\n/,
    );
    expect(good.out).toMatch(/✓ 2 pass, ✗ 0 fail, ⊙ 1 skip \(2\.5s\)\n$/);
    expect(seen).toEqual([{ files: ["/a.test.js", "/test/b.test.js"], timeout: 120_000 }]);
    expect(await server.read("1-good")).toContain("### 🗣️test-runner to 1-good at ");
    const bad = await commands.run(["repl", "--root", root, "--test", "a.test.js", "--page=bad"])
      .ended;
    expect(bad.code).toBe(1);
    expect(bad.out).toContain("✗ suite A > fails ");
    expect(bad.out).toContain("```\nAssertionError: no\n    at a.test.js:5:30\n```");
    // Without --page the page that was seen last.
    const any = await commands.run(["repl", "--root", root, "--test", "a.test.js"]).ended;
    expect(any.out).toContain("Test Results: 2 pass");

    const nothing = await commands.run(["repl", "--root", root, "--test", "*.none.js"]).ended;
    expect(nothing.code).toBe(1);
    expect(nothing.err).toContain("*.none.js");
    expect(nothing.err).toContain(root);
    const nobody = await commands.run(["repl", "--root", root, "--test", "--page", "zebra"]).ended;
    expect(nobody.code).toBe(1);
    expect(nobody.err).toContain("1-good");
    expect(nobody.err).toContain("2-bad");
    await server.stop();
  });

  test("without a realm it ends with code 1 and says so", async () => {
    const root = await site("lonely", { "a.test.js": "" });
    const server = await commands.repl(root);
    const { code, err } = await commands.run(["repl", "--root", root, "--test"]).ended;
    expect(code).toBe(1);
    expect(err).toContain("No page is connected");
    await server.stop();
  });

  test("starts a server of its own where none runs, and waits for a page", async () => {
    const root = await site("alone", { "a.test.js": "" });
    const port = nextPort();
    const command = commands.run(["repl", "--root", root, "--port", String(port), "--test"]);
    await eventually("its address", () => command.out().includes(`http://127.0.0.1:${port}/`));
    runner(`http://127.0.0.1:${port}`, "1-page", 0);
    const { code, out } = await command.ended;
    expect(code).toBe(0);
    expect(out).toMatch(/✓ 2 pass, ✗ 0 fail, ⊙ 1 skip \(2\.5s\)\n$/);
    expect(await readFile(path.join(root, "daebug", "1-page.md"), "utf8")).toContain(
      "test-runner to 1-page",
    );
    expect(await readFile(path.join(root, "daebug.md"), "utf8")).toMatch(shutDown);
  });

  test("a folder without a test file ends at once", async () => {
    const root = await site("empty");
    const { code, err } = await testAlone(root, "*.test.js").ended;
    expect(code).toBe(1);
    expect(err).toContain(`No test file matches *.test.js in ${root}`);
  });

  test.concurrent("nobody comes: after 30 s code 1", async () => {
    const root = await site("waiting", { "a.test.js": "" });
    const { code, err } = await testAlone(root).ended;
    expect(code).toBe(1);
    expect(err).toContain("No page is connected");
  });

  test("a server of another user's state has told no token: code 1", async () => {
    const root = await site("foreign", { "a.test.js": "" });
    const server = await commands.repl(root, ["--derived"], {
      state: path.join(commands.state, "foreign"),
    });
    const { code, err } = await commands.run(["repl", "--root", root, "--test"]).ended;
    expect(code).toBe(1);
    expect(err).toContain("told this user no token");
    expect(server.child.exitCode).toBeNull();
    await server.stop();
  });
});

test("nothing of the server is left: no lock, no discovery file, no record of the run", async () => {
  const state = path.join(commands.state, "clean");
  const server = await commands.repl(await site("clean"), [], { state });
  const file = path.join(state, "vitrine", "servers", `${server.child.pid}.json`);
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ token: server.token });
  await server.stop();
  expect(await readdir(path.join(state, "vitrine", "servers"))).toEqual([]);
  expect(await readdir(path.join(state, "vitrine", "repl"))).toEqual([]);
  expect(await readdir(path.join(server.root, "daebug"))).toEqual([]);
  await rm(state, { recursive: true });
});

test("a crash writes the farewell and ends with code 1", async () => {
  const server = await commands.repl(await site("crashed"), [], {
    env: {
      NODE_OPTIONS: `--import=data:text/javascript,process.on('SIGUSR2',()=>{throw%20new%20Error('boom')})`,
    },
  });
  await busy(server, "1-page");
  server.child.kill("SIGUSR2");
  const [code] = (await once(server.child, "exit")) as [number];
  expect(code).toBe(1);
  expect(await server.registry()).toMatch(shutDown);
  expect(bodyOf(await server.read("1-page"), "1-page")).toBe(stopped("1-page"));
});
