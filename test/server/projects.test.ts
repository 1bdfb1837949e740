/** Projects through the built server: what it tells, and what a preview takes from the configuration. */
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { removeTree, startServer, writeTree } from "../support/server.ts";

let root: string;
afterEach(() => removeTree(root));

const page = '<!doctype html><script type="module" src="/main.ts"></script>';
const config = (content: unknown): string => JSON.stringify({ devServers: { projects: content } });
const dark = { id: "shop", name: "The shop", root: "web", ui: {} };

test("a preview is that of the configured project, and a changed file is told", async () => {
  root = await writeTree({
    "web/index.html": page,
    "web/main.ts": "",
    "api/go.mod": "module api",
    "vitrine.json": `// ours\n${config([dark])}`,
  });
  await using server = await startServer({ folders: [root] });
  const projects = await server.methods.findProjects();
  expect(projects).toEqual([
    {
      id: "shop",
      name: "The shop",
      root: path.join(root, "web"),
      folder: path.join(root, "web"),
      hasUI: true,
      hasBackend: false,
      autostart: false,
      evidence: "vitrine-file",
    },
    expect.objectContaining({ name: "api", hasUI: false, hasBackend: true, evidence: "go" }),
  ]);
  const session = await server.methods.openSession(path.join(root, "web/main.ts"));
  expect(session.project).toEqual(projects[0]);
  await server.sessionIs("shop", "live");

  await writeFile(path.join(root, "vitrine.json"), config([dark, { id: "a/b", ui: {} }]));
  const [problem] = await eventually("the mistake", () => {
    return server.projectProblems.length > 0 ? server.projectProblems : undefined;
  });
  expect(problem).toMatchObject({
    file: path.join(root, "vitrine.json"),
    line: 1,
    severity: "error",
    source: "vitrine",
  });
  await rm(path.join(root, "vitrine.json"));
  await eventually("no mistake", () => server.projectProblems.length === 0);
  await eventually("the detected project", () =>
    server.projects.find(({ id }) => id.startsWith("web-")),
  );
});

test("a vite.config that comes while a preview runs is loaded by its next start", async () => {
  root = await writeTree({ "index.html": page, "main.ts": "" });
  await using server = await startServer({ folders: [root] });
  await server.methods.findProjects();
  const { id } = await server.methods.openSession(root);
  const { url, port } = await server.sessionIs(id, "live");
  const header = async (): Promise<string | null> =>
    (await fetch(new URL("/main.ts", url))).headers.get("x-config");
  expect(await header()).toBe(null);
  await writeFile(
    path.join(root, "vite.config.mjs"),
    "export default { server: { headers: { 'x-config': 'loaded' } } };",
  );
  await eventually("the config file to be known", () => server.projects[0]?.configFile);
  await server.methods.restartSession(id);
  expect(await server.sessionIs(id, "live")).toMatchObject({ port });
  expect(await header()).toBe("loaded");
});

test("a back end alone has no preview", async () => {
  root = await writeTree({ "api/go.mod": "module api" });
  await using server = await startServer({ folders: [root] });
  await expect(server.methods.openSession(path.join(root, "api"))).rejects.toMatchObject({
    code: "html_missing",
  });
});

test("the setting is read again when it changes", async () => {
  root = await writeTree({ "web/index.html": page });
  await using server = await startServer({ folders: [root] });
  const { devServers, ...rest } = server.config;
  await server.methods.configure({ ...rest, devServers: { ...devServers, projects: [dark] } });
  await eventually("the project of the setting", () =>
    server.projects.find(({ id, evidence }) => id === "shop" && evidence === "settings"),
  );
});

test("an untrusted workspace is not looked at", async () => {
  root = await writeTree({ "web/index.html": page, "vitrine.json": "{" });
  await using server = await startServer({ folders: [root], trusted: false });
  expect(await server.methods.findProjects()).toEqual([]);
  expect(server.projectProblems).toEqual([]);
  await server.methods.grantTrust();
  await eventually("the projects", () => server.projects.length === 1);
  await eventually("the mistake", () => server.projectProblems.length === 1);
});
