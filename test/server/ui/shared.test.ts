/** Projects that share a Vite host: who is with whom, what stays apart, and what a crash does. */
import { symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Project, Session } from "../../../src/protocol/model.ts";
import { eventually } from "../../support/eventually.ts";
import { installedPackage } from "../../support/packages.ts";
import { removeTree, startServer, writeTree } from "../../support/server.ts";
import { projectAt, useSessions, type TestSessions } from "../../support/sessions.ts";
import { plainProject } from "../../support/ui-projects.ts";

/** What a request of `/harm` does, in the plugin of a configuration. */
const harms = {
  exit: "process.exit(7)",
  throw: 'setTimeout(() => { throw new Error("thrown later"); }, 1)',
  loop: "for (;;);",
  reject: 'Promise.reject(new Error("nobody caught this"))',
} as const;

const harmful = (harm: string): string => `export default {
  plugins: [{
    name: "harm",
    configureServer({ middlewares }) {
      middlewares.use("/harm", (_request, response) => { response.end(); ${harm}; });
    },
  }],
};`;

async function project(id: string, config?: string): Promise<Project> {
  const root = await plainProject(id);
  if (config === undefined) return projectAt(root, id);
  const configFile = path.join(root, "vite.config.mjs");
  await writeFile(configFile, config);
  return { ...projectAt(root, id), configFile };
}

async function openAll(
  { sessions, is }: TestSessions,
  projects: readonly Project[],
): Promise<readonly Session[]> {
  await Promise.all(projects.map((one) => sessions.open(one)));
  return Promise.all(projects.map(({ id }) => is(id, "live")));
}

/** All of them live again, in other processes than before, at their own addresses. */
async function recovered(
  { is }: TestSessions,
  before: readonly Session[],
): Promise<readonly Session[]> {
  const after: Session[] = [];
  for (const { id, pid, url } of before) {
    const session = await eventually(`${id} to be another process`, async () => {
      const now = await is(id, "live");
      return now.pid !== pid && now.pid !== 0 ? now : undefined;
    });
    expect(session.url).toBe(url);
    expect((await fetch(url)).status).toBe(200);
    after.push(session);
  }
  return after;
}

const pidsOf = (list: readonly Session[]): Record<string, number> =>
  Object.fromEntries(list.map(({ id, pid }) => [id, pid]));

test("projects with one Vite share a process, those with another one do not, and each keeps its own address and life", async () => {
  const used = await useSessions({ isolation: "shared" });
  const projects = await Promise.all(["a", "b", "other"].map((id) => project(id)));
  const vite7 = await installedPackage("vite", "7.3.8");
  await symlink(vite7, path.join(projects[2]?.root ?? "", "node_modules"));
  const [a, b, other] = (await openAll(used, projects)) as [Session, Session, Session];
  expect([a.pid === b.pid, a.pid === other.pid]).toEqual([true, false]);
  expect(other.viteVersion).toMatch(/^7\./);
  expect(new Set([a.port, b.port, other.port]).size).toBe(3);
  for (const { id, url } of [a, b, other])
    expect(await (await fetch(url)).text()).toContain(`<title>${id}</title>`);
  await eventually("the warning", () => used.logs.some((line) => line.includes("share one Vite")));

  await used.sessions.stop("a");
  await expect(fetch(a.url)).rejects.toThrow();
  expect((await fetch(b.url)).status).toBe(200);
  await used.sessions.restart("a");
  const again = await used.is("a", "live");
  expect([again.pid, again.port]).toEqual([b.pid, a.port]);
  expect(used.logs.filter((line) => line.includes("share one Vite"))).toHaveLength(1);

  await Promise.all([used.sessions.stop("a"), used.sessions.stop("b")]);
  expect([...used.children]).toEqual([other.pid]);
});

test.each(["exit", "throw"] as const)(
  "a plugin that ends the shared process (%s) moves its project out for good, and all come back by themselves",
  async (harm) => {
    const used = await useSessions({ isolation: "shared" });
    const projects = [await project("bad", harmful(harms[harm])), await project("a")];
    projects.push(await project("b"));
    const before = await openAll(used, projects);
    expect(new Set(before.map(({ pid }) => pid)).size).toBe(1);
    await fetch(new URL("/harm", before[0]?.url)).catch(() => {});
    const first = pidsOf(await recovered(used, before));
    expect(first["a"]).toBe(first["b"]);
    expect(first["bad"]).not.toBe(first["a"]);
    expect(used.logs.join("\n")).toMatch(
      /bad ended the Vite process that it shared with (a, b|b, a), and has one of its own/,
    );
    // From now on it harms nobody else.
    await fetch(new URL("/harm", before[0]?.url)).catch(() => {});
    await eventually("its end", () => !used.children.has(first["bad"] ?? 0));
    await used.is("bad", "live");
    await used.sessions.restart("bad");
    const second = pidsOf([await used.is("bad", "live"), ...used.sessions.list()]);
    expect([second["a"], second["b"]]).toEqual([first["a"], first["b"]]);
    expect(second["bad"]).not.toBe(first["a"]);
  },
);

test("where nothing says who ended the shared process, all get one of their own", async () => {
  const used = await useSessions({ isolation: "shared" });
  const before = await openAll(used, await Promise.all(["a", "b", "c"].map((id) => project(id))));
  process.kill(before[0]?.pid ?? 0, "SIGKILL");
  const after = await recovered(used, before);
  expect(new Set(after.map(({ pid }) => pid)).size).toBe(3);
  expect(used.logs.join("\n")).toContain("nothing says which of them did it");
});

test("a configuration that ends the process while it loads is named, and what it took down comes back together", async () => {
  const used = await useSessions({ isolation: "shared" });
  const before = await openAll(used, await Promise.all(["a", "b"].map((id) => project(id))));
  const bad = await project("bad", "process.exit(3);");
  await used.sessions.open(bad);
  const failed = await used.is("bad", "error");
  expect(failed.state).toMatchObject({
    fault: { code: "config_failed", message: expect.stringContaining("with code 3") },
  });
  const after = pidsOf(await recovered(used, before));
  expect(after["a"]).toBe(after["b"]);
  await writeFile(bad.configFile ?? "", "export default {};");
  expect((await used.is("bad", "live")).pid).not.toBe(after["a"]);
});

test("a configuration that never ends is given up for the sake of the others, and they come back together", async () => {
  const used = await useSessions({ isolation: "shared" });
  const before = await openAll(used, await Promise.all(["a", "b"].map((id) => project(id))));
  await used.sessions.open(await project("bad", "for (;;);"));
  const failed = await used.is("bad", "error", 45_000);
  expect(failed.state).toMatchObject({ fault: { code: "start_timeout" } });
  const after = pidsOf(await recovered(used, before));
  expect(after["a"]).toBe(after["b"]);
});

test("a plugin that loops in the shared process leaves the others on their own", async () => {
  const used = await useSessions({ isolation: "shared" });
  const projects = [await project("bad", harmful(harms.loop)), await project("a")];
  const before = await openAll(used, projects);
  void fetch(new URL("/harm", before[0]?.url)).catch(() => {});
  await used.is("a", "error", 40_000);
  const after = pidsOf(await recovered(used, before));
  expect(after["a"]).not.toBe(after["bad"]);
});

test("each configuration is loaded in its own folder, whatever another one did to the working directory", async () => {
  const used = await useSessions({ isolation: "shared" });
  const config = (mark: string): string => `const loadedIn = process.cwd() + "${mark}";
process.chdir("/");
const configureServer = ({ middlewares }) => {
  middlewares.use("/loaded-in", (_request, response) => response.end(loadedIn));
};
export default { plugins: [{ name: "loaded-in", configureServer }] };`;
  const projects = await Promise.all(["a", "b"].map((id) => project(id, config("#1"))));
  const sessions = await openAll(used, projects);
  expect(sessions[0]?.pid).toBe(sessions[1]?.pid);
  const loadedIn = async (each: number): Promise<string> =>
    (await fetch(new URL("/loaded-in", sessions[each]?.url))).text();
  const roots = projects.map(({ root }) => root);
  expect([await loadedIn(0), await loadedIn(1)]).toEqual(roots.map((root) => `${root}#1`));
  // Also when Vite restarts with another configuration.
  await writeFile(projects[0]?.configFile ?? "", config("#2"));
  await eventually("the new configuration", () =>
    // While Vite restarts, nobody answers.
    loadedIn(0).then(
      (text) => text.endsWith("#2"),
      () => false,
    ),
  );
  expect([await loadedIn(0), await loadedIn(1)]).toEqual([`${roots[0]}#2`, `${roots[1]}#1`]);
});

test("problems and lines of the log go to the project they are of", async () => {
  const root = await writeTree({
    "a/index.html": '<script type="module" src="/main.ts"></script>',
    "a/main.ts": "export const n = 1;\n",
    "a/package.json": '{"name":"a"}',
    "a/vite.config.mjs": harmful(harms.reject),
    "b/index.html": '<script type="module" src="/main.ts"></script>',
    "b/main.ts": "export const n = 1;\n",
    "b/package.json": '{"name":"b"}',
  });
  onTestFinished(() => removeTree(root));
  await using server = await startServer({ folders: [root] });
  await server.methods.configure({
    ...server.config,
    devServers: { ...server.config.devServers, isolation: "shared" },
  });
  const ids = await Promise.all(
    ["a", "b"].map(async (name) => (await server.methods.openSession(path.join(root, name))).id),
  );
  const [a, b] = (await Promise.all(ids.map((id) => server.sessionIs(id, "live")))) as [
    Session,
    Session,
  ];
  expect(a.pid).toBe(b.pid);
  for (const { url } of [a, b]) await (await fetch(new URL("/main.ts", url))).text();
  await writeFile(path.join(root, "b/main.ts"), "export const n = ;\n");
  await eventually("the problem", () =>
    server.sessions.some(({ problems }) => problems.length > 0),
  );
  const problems = new Map(server.sessions.map((session) => [session.id, session.problems]));
  expect(problems.get(a.id)).toEqual([]);
  expect(problems.get(b.id)).toMatchObject([{ file: path.join(root, "b/main.ts"), line: 1 }]);
  await fetch(new URL("/harm", a.url));
  const said = () => server.logs.filter(({ message }) => message.includes("nobody caught this"));
  await eventually("the rejection", () => said().length > 0);
  expect(said().map(({ session }) => session)).toEqual([a.id]);
});

test("with more than four processes of one Vite the log says once that there is another way", async () => {
  const used = await useSessions();
  const hints = (): number =>
    used.logs.filter((line) => line.includes("vitrine.devServers.isolation")).length;
  const projects = await Promise.all(["a", "b", "c", "d"].map((id) => project(id)));
  const four = await openAll(used, projects);
  expect(new Set(four.map(({ pid }) => pid)).size).toBe(4);
  expect(hints()).toBe(0);
  await openAll(used, [await project("e")]);
  await eventually("the hint", () => hints() > 0);
  await openAll(used, [await project("f")]);
  expect(hints()).toBe(1);
});
