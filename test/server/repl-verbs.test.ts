/** The verbs beside `repl`: `node` and `init` (REPL specification 2, 13.4). */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "../support/alive.ts";
import { eventually } from "../support/eventually.ts";
import {
  bodyOf,
  createCommands,
  FOOTER,
  type Command,
  type Commands,
  type ReplProcess,
} from "../support/repl-process.ts";
import { removeTree, writeTree } from "../support/server.ts";

let commands: Commands;
const trees: string[] = [];

beforeAll(async () => {
  commands = await createCommands();
});
afterAll(async () => {
  await commands?.end();
  await Promise.all(trees.map(removeTree));
});

async function folder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await writeTree({ "index.html": "", ...files });
  trees.push(root);
  return root;
}

const fence = (code: string, info = "js"): string => `\`\`\`${info}\n${code}\n\`\`\`\n`;

/** The name that the process has told. */
const nameOf = (command: Command): Promise<string> =>
  eventually(
    "the name of the Node realm",
    () => /^(node-[a-z]+-\d{4}-\d\d) {2}\//m.exec(command.out())?.[1],
  );

async function ask(
  server: ReplProcess,
  name: string,
  chunk: string,
  answer: RegExp,
): Promise<string> {
  await writeFile(server.log(name), (await server.read(name)) + chunk);
  return server.logIs(name, (text) => answer.test(text) && !/^executing \(/m.test(text));
}

test("node: a process of the folder is a realm of its server, runs its log, prints into it, and is replaced when it hangs", async () => {
  const root = await folder({
    "package.json": '{"type":"module"}',
    "store.ts": "export const store: { count: number } = { count: 0 };\n",
    "scripts/seed.ts":
      "import { store } from '../store.ts';\nstore.count = 41;\nconsole.log('seeded');\n",
  });
  const server = await commands.repl(root, ["--timeout", "3000"]);
  const command = commands.run(["node", "--root", root, path.join(root, "scripts/seed.ts")]);
  const name = await nameOf(command);
  await eventually("what the script prints", () => command.out().includes("seeded"));
  await eventually("the realm in the registry", async () =>
    new RegExp(`\\[${name}\\].*\\(node://\\d+\\).*: live`).test(await server.registry()),
  );
  const list = await fetch(`${server.origin}/instances`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  expect(((await list.json()) as { instances: object[] }).instances).toMatchObject([
    { name, kind: "node" },
  ]);

  const first = await ask(
    server,
    name,
    fence(
      "import { store } from './store.ts';\nconsole.log('here');\nconst next: number = store.count + 1;\nnext",
      "ts",
    ),
    /\n42\n/,
  );
  const body = bodyOf(first, name);
  expect(body).toContain("```JSON\n42\n```\n");
  expect(body).toMatch(/##### ☑️console\.log\n```Text console\.log\n(?:at .*\n)?here/);
  expect(body.endsWith(FOOTER)).toBe(true);

  expect(await ask(server, name, fence("throw new TypeError('bad')"), /🚫/)).toContain(
    "```Error\nTypeError: bad\n    at request:1:7",
  );
  expect(await ask(server, name, fence("const ="), /SyntaxError/)).toMatch(
    /```Error\nSyntaxError: .*\n    at request:1:7\n/,
  );
  await ask(server, name, fence("while (true) {}"), /job timed out after 3000ms/);
  expect(await ask(server, name, fence("'alive'"), /\nalive\n/)).toContain("```JSON\nalive\n```");

  const pid = command.child.pid ?? 0;
  command.child.kill("SIGINT");
  expect((await command.ended).code).toBe(0);
  expect(isAlive(pid)).toBe(false);
  await server.stop();
});

test("node: without a server, and with a script that fails, it ends with code 1 and says so", async () => {
  const root = await folder({ "bad.mjs": "throw new Error('no good');\n" });
  const alone = await commands.run(["node", "--root", root]).ended;
  expect(alone.code).toBe(1);
  expect(alone.err).toContain("Start one with `vitrine repl");
  const server = await commands.repl(root);
  const failed = await commands.run(["node", "--root", root, path.join(root, "bad.mjs")]).ended;
  expect(failed.code).toBe(1);
  expect(failed.err).toContain("no good");
  await server.stop();
});

test("node: a server that comes back is found again", async () => {
  const root = await folder();
  const first = await commands.repl(root);
  const command = commands.run(["node", "--root", root]);
  const name = await nameOf(command);
  await first.stop();
  const second = await commands.repl(root);
  await eventually("the realm in the registry", async () =>
    (await second.registry()).includes(`[${name}]`),
  );
  expect(await ask(second, name, fence("6 * 7"), /\n42\n/)).toContain("```JSON\n42\n```");
  command.child.kill("SIGTERM");
  expect((await command.ended).code).toBe(0);
  await second.stop();
});

test.each(["node", "init"])("%s --help has two examples", async (verb) => {
  const { code, out } = await commands.run([verb, "--help"]).ended;
  expect(code).toBe(0);
  expect(out.match(new RegExp(`^ {2}vitrine ${verb}`, "gm"))).toHaveLength(2);
});

test("init: adds what is missing once, keeps the line ends, and asks when nobody said yes", async () => {
  const root = await folder({ ".gitignore": "dist\r\n/daebug/" });
  const file = path.join(root, ".gitignore");
  const asked = await commands.run(["init", root]).ended;
  expect(asked.code).toBe(1);
  expect(asked.err).toContain("say --yes");
  expect(await readFile(file, "utf8")).toBe("dist\r\n/daebug/");
  const done = await commands.run(["init", root, "--yes"]).ended;
  expect([done.code, done.err]).toEqual([0, ""]);
  expect(await readFile(file, "utf8")).toBe("dist\r\n/daebug/\r\n/daebug.md\r\n");
  const again = await commands.run(["init", root, "-y"]).ended;
  expect(again.out).toContain("has both already");
  expect(await readFile(file, "utf8")).toBe("dist\r\n/daebug/\r\n/daebug.md\r\n");
});

test("init: makes the file where there is none", async () => {
  const root = await folder();
  expect((await commands.run(["init", "-y"], { cwd: root }).ended).code).toBe(0);
  expect(await readFile(path.join(root, ".gitignore"), "utf8")).toBe("/daebug.md\n/daebug/\n");
});

test("realms, eval and logs talk to the running server of the folder, and say what to do when there is none", async () => {
  const root = await folder({ "package.json": '{"type":"module"}' });
  const alone = await commands.run(["realms", "--root", root]).ended;
  expect(alone).toMatchObject({
    code: 1,
    err: expect.stringContaining("Start one with vitrine repl"),
  });

  const server = await commands.repl(root);
  const none = await commands.run(["eval", "1", "--root", root]).ended;
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining("Open a page") });

  const node = commands.run(["node", "--root", root]);
  const name = await nameOf(node);
  const listed = await commands.run(["realms", "--root", root, "--json"]).ended;
  expect(JSON.parse(listed.out)).toMatchObject({
    event: "realms",
    realms: [{ name, kind: "node", state: "live" }],
  });
  const typed = await commands.run(["eval", "const n: number = 6; n * 7", "--root", root]).ended;
  expect(typed).toMatchObject({ code: 0, out: "42\n" });
  const failed = await commands.run(["eval", "nope.x", "--root", root, "--json"]).ended;
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.out)).toMatchObject({ event: "result", realm: name, status: "failed" });
  const log = await commands.run(["logs", name, "--root", root]).ended;
  expect(log.out).toBe(await server.read(name));
  expect(log.out).toContain(`shell to ${name}`);
  const unknown = await commands.run(["logs", "nobody", "--root", root]).ended;
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining(`Known now: ${name}`) });
  await server.stop();
});
