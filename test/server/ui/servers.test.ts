/** What holds for all servers of pages: probes, turns, idleness, and any order of wishes. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "../../support/alive.ts";
import { eventually } from "../../support/eventually.ts";
import { hello } from "../../support/hello.ts";
import { projectAt, useSessions } from "../../support/sessions.ts";
import { plainProject, startVite, viteProgram } from "../../support/ui-projects.ts";

test("a host that does not answer three probes is unresponsive, is not ended, and is live with its next answer", async () => {
  const root = await plainProject();
  const { sessions, is } = await useSessions();
  await sessions.open(projectAt(root));
  const before = await is("shop", "live");
  process.kill(before.pid, "SIGSTOP");
  try {
    const hung = await is("shop", "error", 40_000);
    expect(hung.state).toMatchObject({ fault: { code: "unresponsive" } });
    // Somebody who opens the preview does not end it either.
    await sessions.open(projectAt(root));
    expect(sessions.list()[0]).toMatchObject({ pid: before.pid, state: { name: "error" } });
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
  const roots = await Promise.all(
    Array.from({ length: 10 }, (_, each) => plainProject(`p${each}`)),
  );
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
  const roots = await Promise.all(["idle", "shown", "outside"].map((name) => plainProject(name)));
  const [idle = "", shown = "", outside = ""] = roots;
  const { sessions, is, realms, logs } = await useSessions({ idleStop: 1500 });
  const attached = await startVite(outside);
  await sessions.attach(projectAt(outside, "outside"), attached);
  // Its page is there from the beginning: however long the starts take, it is never without one.
  realms.join("shown", { send() {}, close() {} }, hello({ url: attached.address }));
  await Promise.all(
    [projectAt(idle, "idle"), projectAt(shown, "shown")].map((project) => sessions.open(project)),
  );
  await Promise.all([is("idle", "live"), is("shown", "live")]);
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

const commandOf = (...command: string[]) => ({
  root: "",
  runner: "command" as const,
  command,
  install: "never" as const,
  shared: [],
  plugins: [],
});

test.each(["vite", "command", "attached"])(
  "the last of many wishes is what comes about, and nothing of the others is left (%s)",
  async (kind) => {
    const root = await plainProject();
    const configs = kind === "command" ? { shop: commandOf(process.execPath, viteProgram) } : {};
    const { sessions, is, children, ports } = await useSessions({ configs });
    const project = projectAt(root);
    const outside = kind === "attached" ? await startVite(root) : undefined;
    const open = () =>
      outside === undefined ? sessions.open(project) : sessions.attach(project, outside);
    await open();
    const wishes = [
      () => sessions.stop("shop"),
      open,
      () => sessions.restart("shop"),
      () => sessions.restart("shop"),
      () => sessions.stop("shop"),
      open,
      () => sessions.restart("shop"),
    ];
    for (let round = 0; round < 3; round++) {
      await Promise.all(wishes.map((wish) => wish()));
      // Now and then one comes up in between.
      if (round === 1) await is("shop", "live");
    }
    const { pid, url } = await is("shop", "live");
    expect((await fetch(url)).status).toBe(200);
    expect(isAlive(pid)).toBe(true);
    await Promise.all([sessions.restart("shop"), sessions.stop("shop")]);
    expect(sessions.list()[0]?.state.name).toBe("stopped");
    expect([...children].filter((child) => isAlive(child))).toEqual([]);
    expect([ports.getPort("shop"), ports.getPort("shop", "proxy")]).toEqual([0, 0]);
    if (outside !== undefined) expect(isAlive(outside.pid)).toBe(true);
  },
);

test("a stop does not wait for a configuration that never ends", async () => {
  const root = await plainProject();
  await writeFile(
    path.join(root, "vite.config.mjs"),
    "await new Promise(() => {}); setInterval(() => {}, 9);",
  );
  const { sessions, children } = await useSessions();
  await sessions.open({ ...projectAt(root), configFile: path.join(root, "vite.config.mjs") });
  await eventually("its host", () => children.size === 1);
  const stopped = performance.now();
  await sessions.stop("shop");
  expect(performance.now() - stopped).toBeLessThan(5000);
  expect(children.size).toBe(0);
});

test("a command that could not start tries again once its configuration is another one", async () => {
  const root = await plainProject();
  const configs = { shop: commandOf("no-such-program") };
  const { sessions, is } = await useSessions({ configs });
  await sessions.open(projectAt(root));
  await is("shop", "error");
  configs.shop = commandOf(process.execPath, viteProgram);
  await sessions.reconfigure([]);
  const { pid, url } = await is("shop", "live");
  expect((await fetch(url)).status).toBe(200);
  // What runs is left alone.
  configs.shop = commandOf("no-such-program");
  await sessions.reconfigure([]);
  expect(sessions.list()[0]).toMatchObject({ pid, state: { name: "live" } });
});
