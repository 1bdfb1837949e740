/** `vitrine.json` and the setting on real folders: what is resolved, what goes before what, and what is said of mistakes. */
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { ProjectConfig } from "../../../../src/server/dev-servers/project-config.ts";
import { eventually } from "../../../support/eventually.ts";
import { removeTree, writeTree } from "../../../support/server.ts";
import { createProjects, shown, stateDirectory, type TestProjects } from "./projects.ts";

let root: string;
let current: TestProjects;
afterEach(async () => {
  current.projects.close();
  await removeTree(root);
});

type Files = Readonly<Record<string, string>>;

async function find(
  files: Files,
  setting: unknown = [],
  folders: readonly string[] = ["."],
): Promise<TestProjects> {
  root = await writeTree(files);
  current = createProjects(
    folders.map((folder) => path.join(root, folder)),
    setting,
  );
  await current.projects.find();
  return current;
}

const withFile = (content: unknown, files: Files = {}, setting: unknown = []) =>
  find(
    {
      "vitrine.json": typeof content === "string" ? content : JSON.stringify(content),
      ...files,
    },
    setting,
  );
const projects = (...list: readonly unknown[]): object => ({ devServers: { projects: list } });
const configs = (): readonly ProjectConfig[] =>
  current.projects.found.list.map(({ config }) => config);
const ids = (): string[] => configs().map(({ id }) => id);
const said = (): string[] => shown(current.projects.found);

describe("a project is resolved", () => {
  test("to absolute paths, with variables and defaults", async () => {
    await withFile(
      projects({
        id: "maps",
        root: "plugins/maps",
        ui: { root: "ui", built: { entry: "/_/plugins/${id}/entry.js", format: "system" } },
        backend: {
          build: { command: ["go", "build", "-o", "${artifact}", "./pkg"], env: { ID: "${id}" } },
          artifact: "build/bin/plugin",
          install: "<state>/plugins/${id}/bin/plugin",
          sync: ["plugin.yaml"],
          run: { command: ["${artifact}", "--home=${HOME}"], handshake: { type: "go-plugin" } },
        },
      }),
      {
        "plugins/maps/ui/index.html": '<script type="module" src="/src/main.ts"></script>',
        "plugins/maps/ui/vite.config.ts": "",
        "plugins/maps/plugin.yaml": "id: other",
      },
    );
    const at = path.join(root, "plugins/maps");
    const install = path.join(stateDirectory, "plugins/maps/bin/plugin");
    expect(said()).toEqual([]);
    expect(configs()).toEqual([
      {
        id: "maps",
        name: "maps",
        root: at,
        ui: {
          root: path.join(at, "ui"),
          entry: "src/main.ts",
          built: { entry: "/_/plugins/maps/entry.js", format: "system" },
          runner: "api",
          install: "ask",
          shared: [],
          plugins: [],
        },
        backend: {
          build: {
            command: ["go", "build", "-o", path.join(at, "build/bin/plugin"), "./pkg"],
            cwd: at,
            env: { ID: "maps" },
          },
          artifact: path.join(at, "build/bin/plugin"),
          install,
          sync: [path.join(at, "plugin.yaml")],
          watch: { include: ["**/*.go", "go.mod", "go.sum"], exclude: ["**/vendor/**"] },
          debounceMs: 500,
          onChangeDuringBuild: "queue",
          problems: "$go",
          run: {
            command: [install, "--home=${HOME}"],
            cwd: at,
            env: {},
            handshake: { type: "go-plugin", timeoutMs: 30_000 },
          },
          reload: "restart",
        },
        autostart: false,
        origin: "file",
      },
    ]);
    expect(current.projects.found.list[0]?.project).toEqual({
      id: "maps",
      name: "maps",
      root: path.join(at, "ui"),
      folder: at,
      hasUI: true,
      hasBackend: true,
      autostart: false,
      evidence: "vitrine-file",
      configFile: path.join(at, "ui/vite.config.ts"),
    });
    expect(current.projects.configOf("maps")).toBe(configs()[0]);
  });

  test.each([
    [["npx", "tsc", "-b"], "$tsc", "**/*.{ts,tsx,mts,cts}"],
    [["cargo", "build"], "$rustc", "**/*.rs"],
    [["cargo", "build", "--message-format=json"], "cargo-json", "**/*.rs"],
    [["C:\\Go\\bin\\go.exe", "build"], "$go", "**/*.go"],
    [["make"], "$gcc", "**/*"],
    [["./build.sh"], [], "**/*"],
  ])("with what is usual for the build %j", async (command, problems, watched) => {
    await withFile(projects({ id: "a", backend: { build: { command } } }));
    expect(configs()[0]?.backend).toMatchObject({
      problems,
      watch: { include: expect.arrayContaining([watched]) as unknown },
    });
  });

  test("and what modules are told is handed on untouched", async () => {
    await withFile({ modules: { staticRoot: "../dist", packs: [1, { a: null }] } });
    expect([...current.projects.found.modules]).toEqual([
      [root, { staticRoot: "../dist", packs: [1, { a: null }] }],
    ]);
  });
});

describe("precedence", () => {
  const shop = { "shop/vite.config.ts": "", "docs/index.html": "", "api/go.mod": "" };

  test("the file goes before the setting, and both before what is detected", async () => {
    await withFile(projects({ id: "shop", root: "shop", ui: {}, autostart: true }), shop, [
      { id: "shop", root: "shop", ui: {}, name: "Overridden" },
      { id: "api", root: "api", backend: { build: { command: ["go", "build", "./cmd"] } } },
    ]);
    expect(configs().map(({ id, origin, autostart }) => [id, origin, autostart])).toEqual([
      ["shop", "file", true],
      ["api", "settings", false],
      [expect.stringMatching(/^docs-[\da-f]{6}$/), "detected", false],
    ]);
    expect(configs()[1]?.backend?.build?.command).toEqual(["go", "build", "./cmd"]);
    expect(said()).toEqual([]);
  });

  test("a configured project answers for its folders, also before anybody looked", async () => {
    await withFile(projects({ id: "shop", root: ".", ui: { root: "shop" } }), shop);
    const fresh = createProjects([root]);
    const at = async (name: string): Promise<string | undefined> =>
      (await fresh.projects.projectFor(path.join(root, name)))?.id;
    expect([await at("shop/src"), await at("shop/vite.config.ts"), await at(".")]).toEqual([
      "shop",
      "shop",
      "shop",
    ]);
    expect(await at("docs")).toMatch(/^docs-/);
  });

  test("two projects of one id in a file are an error that names the place", async () => {
    await withFile(
      `{"devServers": {"projects": [
        {"id": "a", "root": "shop", "ui": {}},
        {"id": "a", "root": "docs", "ui": {}}
      ]}}`,
      shop,
    );
    expect(said()).toEqual([
      `vitrine.json:3:16 error The id "a" is given to two projects, twice in ${path.join(root, "vitrine.json")}: ${path.join(root, "shop")} has it now; give the other one an id of its own`,
    ]);
    // The other folder is free for detection again.
    expect(ids()).toEqual(["a", expect.stringMatching(/^api-/), expect.stringMatching(/^docs-/)]);
  });

  test("two projects of one id in two folders are an error that names both files", async () => {
    const file = JSON.stringify(projects({ id: "a", ui: {} }));
    await find({ "one/vitrine.json": file, "two/vitrine.json": file }, [], ["one", "two"]);
    const [problem, ...others] = current.projects.found.problems;
    expect(others).toEqual([]);
    expect(problem?.file).toBe(path.join(root, "two/vitrine.json"));
    expect(problem?.message).toContain(
      `in ${path.join(root, "one/vitrine.json")} and in ${path.join(root, "two/vitrine.json")}`,
    );
    expect(configs().map(({ root: at }) => at)).toEqual([path.join(root, "one")]);
  });

  test("two plugins of one id are an error in the metadata of the second", async () => {
    await find({
      "a/plugin.yaml": "id: p",
      "a/ui/vite.config.js": "",
      "b/plugin.yaml": "id: p",
      "b/ui/vite.config.js": "",
    });
    expect(said()).toEqual([
      `plugin.yaml:1:1 error The id "p" is given to two projects, in ${path.join(root, "a")} and in ${path.join(root, "b")}: ${path.join(root, "a")} has it now; give the other one an id of its own`,
    ]);
    expect(ids()).toEqual(["p"]);
  });

  test("the setting means the first folder that has the root", async () => {
    await find(
      { "one/x.txt": "", "two/app/x.txt": "" },
      [{ id: "app", root: "app", ui: {} }],
      ["one", "two"],
    );
    expect(configs()[0]?.root).toBe(path.join(root, "two/app"));
  });
});

describe("mistakes are said with their place, and cost nothing else", () => {
  const other = { "b/index.html": "" };

  test.each([
    [
      "a syntax error",
      '{\n  "devServers": {\n    "projects": [ { "id": } ]\n  }\n}',
      "3:27 error vitrine.json is not valid JSON here: value expected; correct it",
    ],
    [
      "a file that ends early",
      '{"devServers": {',
      "1:17 error vitrine.json is not valid JSON here: close brace expected; correct it",
    ],
    ["no object", "[]", "1:1 error The file holds no object; begin it with { and end it with }"],
    [
      "a wrong type",
      '{"devServers": {\r\n  "projects": 5\r\n}}',
      "2:15 error devServers.projects is 5; it must be a list of projects",
    ],
    [
      "an unknown key",
      '{\n  "devServer": {}\n}',
      "2:3 warning devServer is not known and does nothing; remove it or correct its name",
    ],
    [
      "a __proto__",
      '{\n  "__proto__": {"devServers": {"projects": 5}}\n}',
      "2:3 warning __proto__ is not known and does nothing; remove it or correct its name",
    ],
    [
      "a missing id",
      '{"devServers": {"projects": [\n  {"ui": {}}\n]}}',
      "2:3 error devServers.projects[0].id is missing; add it",
    ],
    [
      "an id that climbs",
      '{"devServers": {"projects": [\n  {"id": "..", "ui": {}}\n]}}',
      '2:10 error devServers.projects[0].id is ".."; it must be 1 to 64 letters, digits, dots, hyphens or underscores, and neither . nor ..',
    ],
    [
      "a root that climbs",
      '{"devServers": {"projects": [\n  {"id": "a", "root": "../..", "ui": {}}\n]}}',
      '2:23 error devServers.projects[0].root: "../.." leads out of the workspace folder; use a path within it',
    ],
    [
      "an absolute root",
      '{"devServers": {"projects": [\n  {"id": "a", "root": "/etc", "ui": {}}\n]}}',
      '2:23 error devServers.projects[0].root: "/etc" leads out of the workspace folder; use a path within it',
    ],
    [
      "a root that is not there",
      '{"devServers": {"projects": [\n  {"id": "a", "root": "x", "ui": {}}\n]}}',
      '2:23 error devServers.projects[0].root: there is no folder "x"; make it or correct its name',
    ],
    [
      "a root that is a file",
      '{"devServers": {"projects": [\n  {"id": "a", "root": "vitrine.json", "ui": {}}\n]}}',
      '2:23 error devServers.projects[0].root: there is no folder "vitrine.json"; make it or correct its name',
    ],
    [
      "a UI that climbs",
      '{"devServers": {"projects": [{"id": "a",\n  "ui": {"root": "../.."}}\n]}}',
      '2:18 error devServers.projects[0].ui.root: "../.." leads out of the workspace folder; use a path within it',
    ],
    [
      "an artefact that is not set",
      '{"devServers": {"projects": [{"id": "a", "backend": {\n  "run": {"command": ["${artifact}"]}}}]}}',
      "2:22 error devServers.projects[0].backend.run.command: ${artifact} has no value; set backend.artifact",
    ],
    [
      "an unknown variable in a path",
      '{"devServers": {"projects": [{"id": "a", "backend": {"build": {"command": ["x"]},\n  "artifact": "${name}/x"}}]}}',
      '2:15 error devServers.projects[0].backend.artifact: "${name}" is not known in a path; use ${id} or <state>',
    ],
    [
      "an install that climbs out of the state",
      '{"devServers": {"projects": [{"id": "a", "backend": {"build": {"command": ["x"]},\n  "install": "<state>/../x"}}]}}',
      '2:14 error devServers.projects[0].backend.install: "<state>/../x" leads out of the state directory; use a path within it',
    ],
    [
      "the runner command without one",
      '{"devServers": {"projects": [{"id": "a", "ui": {\n  "runner": "command"}}]}}',
      "1:48 error devServers.projects[0].ui.command is missing; add it",
    ],
  ])("%s", async (_name, text, expected) => {
    await withFile(text, other);
    expect(said()).toEqual([`vitrine.json:${expected}`]);
  });

  test("one wrong project costs one project, one wrong part one part", async () => {
    await withFile(
      { modules: 5, ...projects({ id: "a" }, { id: "ok", root: "b", ui: {} }, 7) },
      other,
    );
    expect(ids()).toEqual(["ok"]);
    expect(said().map((line) => line.replace(/^\S+ error /, ""))).toEqual([
      "modules is 5; it must be an object",
      "devServers.projects[0] is an object; it must be an object with ui or backend",
      "devServers.projects[2] is 7; it must be an object",
    ]);
  });

  test("comments, trailing commas, a byte order mark and any line ends are fine", async () => {
    await withFile(
      '\u{FEFF}// ours\r\n{ /* all */ "devServers": { "projects": [ { "id": "a", "root": "b", "ui": {}, }, ], },\r}\n',
      other,
    );
    expect([ids(), said()]).toEqual([["a"], []]);
  });

  test("columns count from behind a byte order mark", async () => {
    await withFile('\u{FEFF}{"x": 1}');
    expect(said()[0]).toMatch(/^vitrine.json:1:2 warning x is not known/);
  });

  test("an empty file says nothing, and is no mistake", async () => {
    await withFile(" // nothing yet\n", other);
    expect([ids().length, said()]).toEqual([1, []]);
  });

  test("a file of 256 KiB is read, a larger one of 1 MiB is refused", async () => {
    const text = JSON.stringify(projects({ id: "a", root: "b", ui: {} }));
    await withFile(text + " ".repeat(256 * 1024 - text.length), other);
    expect([ids(), said()]).toEqual([["a"], []]);
    await writeFile(path.join(root, "vitrine.json"), text + " ".repeat(1024 * 1024));
    await current.projects.find();
    expect(said()).toEqual([
      "vitrine.json:1:1 error vitrine.json is larger than 256 KiB; shorten it",
    ]);
    expect(ids()).toEqual(["a"]);
  });

  test("a file that is nested beyond reason is refused without ending the server", async () => {
    await withFile("[".repeat(200_000), other);
    expect(said()[0]).toMatch(/^vitrine.json:1:101 error .*nested more than 100 levels deep/);
  });

  test("a file full of mistakes is said in 100 of them, in no time", async () => {
    const keys = Array.from({ length: 15_000 }, (_each, index) => `"key${index}": 1`).join(",");
    const began = performance.now();
    await withFile(`{${keys}}`);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(said()).toHaveLength(100);
  });

  test("a file in another encoding is named as such", async () => {
    await find(other);
    await writeFile(path.join(root, "vitrine.json"), Buffer.from("\u{FEFF}{}", "utf16le"));
    await current.projects.find();
    expect(said()).toEqual([
      "vitrine.json:1:1 error vitrine.json is not UTF-8; save it in that encoding",
    ]);
  });

  test("a folder of that name, and a link that leads out, are named as such", async () => {
    await find(
      { "app/vitrine.json/x": "", "app/b/index.html": "", "secret.json": "{}" },
      [],
      ["app"],
    );
    expect(said()).toEqual(["vitrine.json:1:1 error vitrine.json is a folder; make it a file"]);
    expect(ids()).toHaveLength(1);
    await rm(path.join(root, "app/vitrine.json"), { recursive: true });
    await symlink(path.join(root, "secret.json"), path.join(root, "app/vitrine.json"));
    await current.projects.find();
    expect(said()).toEqual([
      "vitrine.json:1:1 error vitrine.json cannot be read, or leads out of the workspace folder; make it a file of this folder",
    ]);
  });

  test("a root that is a link out of the folder is refused, a link within is followed", async () => {
    await find({ "app/real/index.html": "", "outside/index.html": "" }, [], ["app"]);
    await symlink(path.join(root, "outside"), path.join(root, "app/out"));
    await symlink(path.join(root, "app/real"), path.join(root, "app/in"));
    await writeFile(
      path.join(root, "app/vitrine.json"),
      JSON.stringify(
        projects({ id: "out", root: "out", ui: {} }, { id: "in", root: "in", ui: {} }),
      ),
    );
    await current.projects.find();
    expect(configs().map(({ id, root: at }) => [id, at])).toEqual([
      ["in", path.join(root, "app/real")],
    ]);
    expect(said()[0]).toContain('"out" leads out of the workspace folder');
  });

  test("mistakes in the setting are sentences with its name", async () => {
    await find(other, [
      { id: "a/b", ui: {} },
      { id: "c", root: "../..", ui: {}, x: 1 },
    ]);
    expect(said()).toEqual([
      'vitrine.devServers.projects[0].id is "a/b"; it must be 1 to 64 letters, digits, dots, hyphens or underscores, and neither . nor ..',
      "vitrine.devServers.projects[1].x is not known and does nothing; remove it or correct its name",
      'vitrine.devServers.projects[1].root: "../.." leads out of the workspace folder; use a path within it',
    ]);
    current.setting = "all";
    await current.projects.find();
    expect(said()).toEqual(["vitrine.devServers.projects is no list of projects; make it one"]);
  });
});

describe("everything is read again when it changes", () => {
  const told = (what: string, is: () => boolean): Promise<true> =>
    eventually(what, is, 5000) as Promise<true>;

  test("the file, as it comes, changes and goes", async () => {
    await find({ "b/index.html": "" });
    const file = path.join(root, "vitrine.json");
    await writeFile(file, JSON.stringify(projects({ id: "one", root: "b", ui: {} })));
    await told("the new file", () => ids()[0] === "one");
    // As editors save: a new file under the old name.
    await writeFile(`${file}.tmp`, JSON.stringify(projects({ id: "two", root: "b", ui: {} })));
    await rename(`${file}.tmp`, file);
    await told("the replaced file", () => ids()[0] === "two");
    await rm(file);
    await told("the end of the file", () => ids()[0]?.startsWith("b-") === true);
    await mkdir(file);
    await told("the folder", () => said().some((line) => line.includes("is a folder")));
    expect(current.told.length).toBeGreaterThanOrEqual(5);
  });

  test("a file that is being written ends no project, and says what is wrong meanwhile", async () => {
    const good = JSON.stringify(projects({ id: "a", root: "b", ui: {} }));
    await withFile(good, { "b/index.html": "" });
    await writeFile(path.join(root, "vitrine.json"), good.slice(0, 30));
    await told("the mistake", () => said().length > 0);
    expect(ids()).toEqual(["a"]);
    await writeFile(path.join(root, "vitrine.json"), good);
    await told("the correction", () => said().length === 0);
    expect(ids()).toEqual(["a"]);
  });

  test("evidence, also in folders that come and go", async () => {
    await find({ "x.txt": "" });
    await mkdir(path.join(root, "new/app"), { recursive: true });
    await writeFile(path.join(root, "new/app/vite.config.ts"), "");
    await told("the new project", () => ids()[0]?.startsWith("app-") === true);
    await writeFile(path.join(root, "new/app/package.json"), '{"name":"named"}');
    await told("its new name", () => configs()[0]?.name === "named");
    await rename(path.join(root, "new"), path.join(root, "newer"));
    await told("its new place", () => configs()[0]?.root === path.join(root, "newer/app"));
    await writeFile(path.join(root, "newer/app/go.mod"), "");
    await told("its back end", () => configs()[0]?.backend !== undefined);
    await rm(path.join(root, "newer"), { recursive: true });
    await told("its end", () => ids().length === 0);
  });

  test("nothing is told when nothing changed, and nothing after the end", async () => {
    await find({ "b/index.html": "<p>" });
    const before = current.told.length;
    await writeFile(path.join(root, "b/index.html"), "<p>more</p>");
    await writeFile(path.join(root, "b/other.ts"), "");
    await writeFile(
      path.join(root, "vitrine.json"),
      JSON.stringify(projects({ id: "a", root: "b", ui: {} })),
    );
    await told("the change that counts", () => ids()[0] === "a");
    expect(current.told.length).toBe(before + 1);
    current.projects.close();
    const looked = await current.projects.find();
    expect(current.told.length).toBe(before + 1);
    expect(looked.list).toHaveLength(1);
  });
});
