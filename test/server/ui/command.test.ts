/** Pages served by a command of the project (dev-servers 4.1.5 and 4.1.6; scenario 12), on plain Vite. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Session } from "../../../src/protocol/model.ts";
import { isAlive } from "../../support/alive.ts";
import { eventually } from "../../support/eventually.ts";
import {
  firstPort,
  removeTree,
  startServer,
  writeTree,
  type TestServer,
} from "../../support/server.ts";
import { commandProject, viteProgram } from "../../support/ui-projects.ts";

const vite = [process.execPath, viteProgram];
const navigation = { "sec-fetch-dest": "document", accept: "text/html" };

const trees: string[] = [];
const tree = async (files: Record<string, string>): Promise<string> => {
  const root = await writeTree(files);
  trees.push(root);
  return root;
};
afterEach(async () => {
  await Promise.all(trees.splice(0).map(removeTree));
});

async function failed(server: TestServer, root: string): Promise<Session["state"]> {
  await server.methods.openSession(root);
  return (await server.sessionIs("shop", "error", 40_000)).state;
}

/** Address that the server itself printed, as the log has it. */
function printed(server: TestServer): string | undefined {
  return server.logs
    .map(({ message }) => /Local:\s+(\S+)/.exec(message)?.[1])
    .findLast((address) => address !== undefined);
}

test("its pages come through our address with the realm client in them, its modules as it makes them", async () => {
  const root = await tree(commandProject(vite));
  await using server = await startServer({ folders: [root] });
  const opened = await server.methods.openSession(root);
  expect(opened.state.name).toBe("starting");
  expect(opened.url).toBe(`http://127.0.0.1:${opened.port}/`);
  const session = await server.sessionIs("shop", "live");
  expect(session).toMatchObject({ url: opened.url, viteVersion: "", problems: [] });
  expect(session.notices.join()).toMatch(
    /^realm only: the command ".+" serves shop, so there are no packs/,
  );
  expect(isAlive(session.pid)).toBe(true);
  const own = printed(server);
  expect(own).not.toBe(session.url);
  expect(Number(new URL(own ?? "").port)).toBeGreaterThanOrEqual(firstPort);
  const html = await (await fetch(session.url, { headers: navigation })).text();
  expect(html).toContain('<script src="/-vitrine/page.js" data-vitrine-base="/">');
  expect((await fetch(new URL("/-vitrine/page.js", session.url))).status).toBe(200);
  expect(await (await fetch(new URL("/main.ts", session.url))).text()).toContain("const n = 1");
  await server.methods.stopSession("shop");
  await server.sessionIs("shop", "stopped");
  expect(isAlive(session.pid)).toBe(false);
  for (const address of [session.url, own ?? ""]) await expect(fetch(address)).rejects.toThrow();
});

test("12: a command that is killed begins again within a second, behind the same address and at its own port", async () => {
  const root = await tree(commandProject(vite));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const before = await server.sessionIs("shop", "live");
  const own = printed(server);
  process.kill(before.pid, "SIGKILL");
  const waiting = await server.sessionIs("shop", "restarting");
  expect(waiting.state).toMatchObject({
    attempt: 1,
    fault: { code: "server_gone", message: expect.stringContaining("ended by SIGKILL") },
  });
  expect("at" in waiting.state && waiting.state.at - Date.now()).toBeLessThan(1000);
  await server.sessionIs("shop", "starting");
  const after = await server.sessionIs("shop", "live");
  expect(after).toMatchObject({ url: before.url, port: before.port });
  expect(after.pid).not.toBe(before.pid);
  expect(printed(server)).toBe(own);
  expect((await fetch(after.url)).status).toBe(200);
});

test("12: a command that crashes again and again is given up, and a restart begins anew", async () => {
  // It serves, then ends: the sixth crash within five minutes is the last. The delays before add up to 15.5 s.
  const code = `
    const { createServer } = await import("node:http");
    const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
    const crash = () => require("node:fs").existsSync("crash") && process.exit(9);
    createServer((request, response) => {
      response.end("x");
      // By then it is known to serve.
      setTimeout(() => setInterval(crash, 20), 500);
    }).listen(port, "127.0.0.1", () => console.log("Local: http://127.0.0.1:" + port + "/"));`;
  const root = await tree(
    commandProject([process.execPath, "serve.cjs"], {
      "serve.cjs": `(async () => {${code}})();`,
    }),
  );
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  await server.sessionIs("shop", "live");
  await writeFile(path.join(root, "crash"), "");
  const given = await server.sessionIs("shop", "error", 40_000);
  expect(given.state).toMatchObject({
    fault: {
      code: "server_gone",
      message: expect.stringMatching(/exit code 9\. It crashed too often to be restarted/),
    },
  });
});

test("a script that npm runs gets the flags behind its own separator, and ends with npm", async () => {
  const scripts = { dev: `"${process.execPath}" "${viteProgram}"` };
  const root = await tree(
    commandProject(["npm", "run", "dev"], {
      "package.json": JSON.stringify({ name: "shop", scripts }),
    }),
  );
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const session = await server.sessionIs("shop", "live");
  const own = printed(server) ?? "";
  expect(Number(new URL(own).port)).toBeLessThan(firstPort + 100);
  expect((await fetch(session.url)).status).toBe(200);
  await server.methods.stopSession("shop");
  await expect(fetch(own)).rejects.toThrow();
});

test("a wrapper that dies takes its server along, so that the next one gets the port", async () => {
  const wrapper = `const { spawn } = require("node:child_process");
    spawn(process.execPath, ${JSON.stringify([viteProgram])}.concat(process.argv.slice(2)), { stdio: "inherit" });`;
  const root = await tree(
    commandProject([process.execPath, "wrapper.cjs"], { "wrapper.cjs": wrapper }),
  );
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const before = await server.sessionIs("shop", "live");
  const own = printed(server);
  process.kill(before.pid, "SIGKILL");
  await server.sessionIs("shop", "restarting");
  const after = await server.sessionIs("shop", "live");
  expect(after.pid).not.toBe(before.pid);
  expect(printed(server)).toBe(own);
});

test("a port of its own choice is adopted, also when only IPv6 has it", async () => {
  const script = `const { createServer } = require("node:http");
    createServer((request, response) => {
      response.writeHead(request.url === "/" ? 200 : 404, { "content-type": "text/html" }).end("<head>mine");
    }).listen(${firstPort + 97}, "::1", () => console.log("  \\x1b[32m➜\\x1b[39m  Local:   http://localhost:\\x1b[1m${firstPort + 97}\\x1b[22m/"));`;
  const root = await tree(commandProject([process.execPath, "own.cjs"], { "own.cjs": script }));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const session = await server.sessionIs("shop", "live");
  const html = await (await fetch(session.url, { headers: navigation })).text();
  expect(html).toMatch(/^<head><script src="\/-vitrine\/page\.js".*mine$/);
  await eventually("a word about it", () =>
    server.logs.some(({ message }) => message.includes(`listens on port ${firstPort + 97}`)),
  );
});

test("a port that another project has is not adopted", async () => {
  const say = `console.log("Local: http://127.0.0.1:" + require("node:fs").readFileSync("port", "utf8")); setInterval(() => {}, 1e6);`;
  const root = await tree({
    "other/index.html": "<h1>other</h1>",
    "other/package.json": '{"name":"other"}',
    ...Object.fromEntries(
      Object.entries(commandProject([process.execPath, "say.cjs"], { "say.cjs": say })).map(
        ([name, text]) => [
          name === "vitrine.json" ? name : `shop/${name}`,
          name === "vitrine.json" ? text.replace('"root":"."', '"root":"shop"') : text,
        ],
      ),
    ),
  });
  await using server = await startServer({ folders: [root] });
  const { id } = await server.methods.openSession(path.join(root, "other"));
  const other = await server.sessionIs(id, "live");
  await writeFile(path.join(root, "shop/port"), String(other.port));
  expect(await failed(server, path.join(root, "shop"))).toMatchObject({
    fault: {
      code: "config_failed",
      message: expect.stringContaining(`port ${other.port}, which another project has`),
    },
  });
});

test("a port that somebody takes at the last moment is left to them", async () => {
  // The first time it is told a port, somebody is there already.
  const script = `const fs = require("node:fs"), { createServer } = require("node:http");
    const port = process.argv[process.argv.indexOf("--port") + 1];
    fs.appendFileSync("told", port + "\\n");
    if (fs.readFileSync("told", "utf8").trim().split("\\n").length === 1) {
      console.error("Error: Port " + port + " is already in use"); process.exit(1);
    }
    createServer((request, response) => response.end("x")).listen(port, "127.0.0.1", () => console.log("Local: http://127.0.0.1:" + port));`;
  const root = await tree(commandProject([process.execPath, "late.cjs"], { "late.cjs": script }));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  await server.sessionIs("shop", "live");
  const told = (await readFile(path.join(root, "told"), "utf8")).trim().split("\n");
  expect(told).toHaveLength(2);
  expect(told[0]).not.toBe(told[1]);
});

test("a command that ends before it serves says why with its last line, and saving a correction starts it again", async () => {
  const root = await tree(
    commandProject(vite, { "vite.config.mjs": 'throw new Error("SHOP_URL is missing");' }),
  );
  await using server = await startServer({ folders: [root] });
  expect(await failed(server, root)).toMatchObject({
    fault: { code: "server_gone", message: expect.stringContaining("ended with exit code 1") },
  });
  await eventually("its output", () =>
    server.logs.some(({ message }) => message.includes("SHOP_URL is missing")),
  );
  await writeFile(path.join(root, "vite.config.mjs"), "export default {};");
  await server.sessionIs("shop", "live");
});

test("a program that is not there is named", async () => {
  const root = await tree(commandProject(["no-such-program"]));
  await using server = await startServer({ folders: [root] });
  expect(await failed(server, root)).toMatchObject({
    fault: { code: "not_installed", message: expect.stringContaining('"no-such-program"') },
  });
});

test("a command that says nothing of its port is given up after thirty seconds and ended; a stop does not wait for that", async () => {
  const root = await tree(
    commandProject([process.execPath, "mute.cjs"], { "mute.cjs": "setInterval(() => {}, 1e6);" }),
  );
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const pid = await eventually("the command", () => server.sessions[0]?.pid || undefined);
  const started = performance.now();
  await server.methods.stopSession("shop");
  expect(performance.now() - started).toBeLessThan(3000);
  expect(isAlive(pid)).toBe(false);
  expect(await failed(server, root)).toMatchObject({
    fault: {
      code: "start_timeout",
      message: expect.stringContaining('printed no line with "Local:" and a port within 30 s'),
    },
  });
  await eventually("its end", () => server.sessions[0]?.pid === 0);
});
