/** Projects by the files that are there, on real folders (the table of dev-servers section 2). */
import { realpath, rm } from "node:fs/promises";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { usedBy } from "../../../../src/server/dev-servers/detection/go.ts";
import { entryOf } from "../../../../src/server/dev-servers/detection/entry.ts";
import { presetOf } from "../../../../src/server/dev-servers/detection/vite.ts";
import { yamlFields } from "../../../../src/server/dev-servers/detection/yaml-fields.ts";
import type { ProjectConfig } from "../../../../src/server/dev-servers/project-config.ts";
import { removeTree, writeTree } from "../../../support/server.ts";
import { createProjects, shown, stateDirectory, type TestProjects } from "./projects.ts";

let root: string;
let current: TestProjects | undefined;
afterEach(async () => {
  current?.projects.close();
  await removeTree(root);
});

async function find(files: Readonly<Record<string, string>>): Promise<TestProjects> {
  root = await writeTree(files);
  current = createProjects([root]);
  await current.projects.find();
  return current;
}

const configs = ({ projects }: TestProjects): readonly ProjectConfig[] =>
  projects.found.list.map(({ config }) => config);
const below = (file: string | undefined): string => path.relative(root, file ?? "");

test("UIs are found by config, dependency and page, in monorepos, without fixtures and packages", async () => {
  const { projects } = await find({
    "apps/shop/vite.config.ts": "",
    "apps/shop/package.json": '{"name":"@acme/shop"}',
    "apps/admin/index.html": "",
    "apps/admin/package.json": '{"name":"admin","devDependencies":{"vite":"8"}}',
    "apps/site/index.html": "",
    "apps/site/package.json": '{"name":"site"}',
    "apps/site/docs/index.html": "",
    "pages/good/index.html": "",
    "node_modules/x/vite.config.js": "",
    "package.json": '{"devDependencies":{"vite":"8"}}',
    "broken/package.json": "{",
  });
  const found = projects.found.list.map(({ project }) => project);
  expect(found.map(({ name, evidence, root: at }) => [name, evidence, below(at)])).toEqual([
    ["admin", "vite-dependency", "apps/admin"],
    ["@acme/shop", "vite-config", "apps/shop"],
    ["site", "html", "apps/site"],
    ["good", "html", "pages/good"],
  ]);
  expect(found[1]?.id).toMatch(/^shop-[0-9a-f]{6}$/);
});

test("a plugin has the id, name and version of its metadata, its UI and its back end", async () => {
  const found = await find({
    "plugins/maps/plugin.yaml": "id: maps\nname: Maps of all kinds\nversion: 1.4.0\n",
    "plugins/maps/ui/vite.config.ts": "",
    "plugins/maps/ui/package.json": '{"name":"maps-ui"}',
    "plugins/maps/pkg/main.go": "package main",
    "plugins/maps/go.mod": "module maps",
  });
  const [config, ...others] = configs(found);
  const at = path.join(root, "plugins/maps");
  const install = path.join(stateDirectory, "plugins/maps/bin/plugin");
  expect(others).toEqual([]);
  expect(config).toEqual({
    id: "maps",
    name: "Maps of all kinds",
    version: "1.4.0",
    root: at,
    ui: {
      root: path.join(at, "ui"),
      entry: "src/entry.ts",
      runner: "api",
      install: "ask",
      shared: [],
      plugins: [],
    },
    backend: {
      build: { command: ["go", "build", "-o", "build/bin/plugin", "./pkg"], cwd: at, env: {} },
      artifact: path.join(at, "build/bin/plugin"),
      install,
      sync: [path.join(at, "plugin.yaml")],
      watch: { include: ["pkg/**/*.go", "go.mod", "go.sum"], exclude: ["**/vendor/**"] },
      debounceMs: 500,
      onChangeDuringBuild: "queue",
      problems: "$go",
      run: {
        command: [install],
        cwd: at,
        env: {},
        handshake: { type: "go-plugin", timeoutMs: 30_000 },
      },
      reload: "restart",
    },
    autostart: false,
    origin: "detected",
  });
  expect(found.projects.found.list[0]?.project).toMatchObject({
    root: path.join(at, "ui"),
    folder: at,
    hasUI: true,
    hasBackend: true,
    evidence: "plugin",
    configFile: path.join(at, "ui/vite.config.ts"),
  });
});

test("a plugin without a back end, or without a UI, is a project of what it has", async () => {
  const found = await find({
    "one/plugin.yaml": "id: one",
    "one/ui/vite.config.js": "",
    "two/plugin.yaml": "id: two",
    "two/pkg/main.go": "",
    "two/go.mod": "",
  });
  expect(configs(found).map(({ id, ui, backend }) => [id, !!ui, !!backend])).toEqual([
    ["one", true, false],
    ["two", false, true],
  ]);
});

test("metadata that cannot be used is named, and the rest of the folder counts as ever", async () => {
  const found = await find({
    "a/plugin.yaml": 'id: "../b"',
    "a/ui/vite.config.js": "",
    "b/plugin.yaml": "id: [",
    "b/ui/vite.config.js": "",
    "c/plugin.yaml": "name: of another program",
    "c/ui/vite.config.js": "",
  });
  expect(configs(found).map(({ root: at }) => below(at))).toEqual(["a/ui", "b/ui", "c/ui"]);
  expect(shown(found.projects.found)).toEqual([
    'plugin.yaml:1:1 warning This is not used as a plugin: its id is "../b"; it must be 1 to 64 letters, digits, dots, hyphens or underscores',
    "plugin.yaml:1:1 warning This is not used as a plugin: its id is no text of one line; write it as one",
  ]);
});

test("fields of metadata are read as YAML has them, whatever else the document holds", () => {
  const read = (text: string): unknown => Object.fromEntries(yamlFields(text, ["id", "name"]));
  expect(read("\u{FEFF}%YAML 1.2\n---\r\nid:   maps # ours\r\nname: 'It''s'\r\n")).toEqual({
    id: "maps",
    name: "It's",
  });
  expect(read('"id": "a\\u0062"\nname: a#b\nid: second')).toEqual({ id: "ab", name: "a#b" });
  expect(read("text: |\n  id: inner\nnested:\n  id: deeper\nid: 7\n---\nname: other")).toEqual({
    id: "7",
  });
  for (const value of [
    "[a]",
    "{a: b}",
    "&x y",
    "*x",
    "|",
    ">-",
    "!t x",
    '"open',
    "'open",
    "",
    "# x",
  ])
    expect(read(`id: ${value}`)).toEqual({ id: undefined });
  expect(read("ids: x\n id: x\nid:x\n#id: x")).toEqual({});
});

test("metadata of 1 MiB of anything is read in no time", () => {
  for (const piece of [
    "? ",
    "[",
    '"',
    "'",
    "id: '",
    'id: "\\',
    "#",
    "- ",
    "\n",
    "id: x #",
    "---\n",
    ": ",
  ]) {
    const text = piece.repeat(2 ** 20 / piece.length);
    const began = performance.now();
    yamlFields(text, ["id"]);
    expect(performance.now() - began, piece).toBeLessThan(2000);
  }
});

test("Go modules are built, and the pkg folders of the other modules of their workspace are watched", async () => {
  const found = await find({
    "go.work": 'go 1.24\n\nuse (\n\t./app // the app\n\t"./lib"\n)\nuse ./more\n',
    "app/go.mod": "module app",
    "lib/go.mod": "module lib",
    "more/go.mod": "module more",
    "app/vendor/x/go.mod": "module x",
    "app/testdata/y/go.mod": "module y",
  });
  expect(configs(found).map(({ root: at }) => below(at))).toEqual(["app", "lib", "more"]);
  expect(configs(found)[0]?.backend).toMatchObject({
    build: { command: ["go", "build", "./..."], cwd: path.join(root, "app") },
    problems: "$go",
    watch: {
      include: ["**/*.go", "go.mod", "go.sum", "../lib/pkg/**/*.go", "../more/pkg/**/*.go"],
    },
  });
  expect(configs(found)[0]?.backend?.run).toBeUndefined();
});

test("the folders that a go.work uses are read with and without brackets, quotes and comments", () => {
  expect(usedBy("use ./a\r\nuse (\r\n  ./b // b\r\n\r\n  `./c`\r\n)\r\n// use ./d\r\n")).toEqual([
    "./a",
    "./b",
    "./c",
  ]);
  expect(usedBy("")).toEqual([]);
});

test("a Cargo workspace is one project, and its members are none of their own", async () => {
  const found = await find({
    "engine/Cargo.toml": '[workspace]\nmembers = ["core"]',
    "engine/core/Cargo.toml": "[package]",
    "engine/target/package/x/Cargo.toml": "[package]",
  });
  expect(configs(found).map(({ root: at }) => below(at))).toEqual(["engine"]);
  expect(configs(found)[0]?.backend).toMatchObject({
    build: { command: ["cargo", "build", "--message-format=json"] },
    problems: "cargo-json",
  });
});

test("TypeScript with an outDir is built unless Vite is there, and its output is not watched", async () => {
  const found = await find({
    "api/tsconfig.json": '{ // compiled\n "compilerOptions": { "outDir": "out", }, }',
    "api/src/tsconfig.json": '{"compilerOptions":{"outDir":"../out"}}',
    "check/tsconfig.json": '{"compilerOptions":{"outDir":"out","noEmit":true}}',
    "web/tsconfig.json": '{"compilerOptions":{"outDir":"out"}}',
    "web/vite.config.ts": "",
    "types/tsconfig.json": "{}",
    "bad/tsconfig.json": "[",
    "node_modules/.bin/tsc": "",
  });
  expect(configs(found).map(({ root: at, backend }) => [below(at), !!backend])).toEqual([
    ["api", true],
    ["web", false],
  ]);
  expect(configs(found)[0]?.backend).toMatchObject({
    build: { command: [path.join(root, "node_modules/.bin/tsc"), "-b"] },
    problems: "$tsc",
    watch: { exclude: ["**/node_modules/**", "out/**"] },
  });
});

test("a folder with a Vite config and a go.mod is one project, with the id of its UI", async () => {
  const found = await find({ "x/vite.config.ts": "", "x/go.mod": "module x" });
  const alone = createProjects([root]);
  await rm(path.join(root, "x/go.mod"));
  await alone.projects.find();
  alone.projects.close();
  expect(configs(found)).toHaveLength(1);
  expect(configs(found)[0]).toMatchObject({
    id: configs(alone)[0]?.id,
    ui: { runner: "api" },
    backend: { problems: "$go" },
  });
});

test("a file belongs to the nearest UI upwards, at most up to its workspace folder", async () => {
  const { projects } = await find({
    "a/index.html": "",
    "a/src/deep/x.ts": "",
    "b/c/x.ts": "",
    "p/plugin.yaml": "id: p",
    "p/ui/vite.config.ts": "",
    "p/ui/src/x.ts": "",
    "p/pkg/go.mod": "",
  });
  const at = async (name: string): Promise<string> =>
    below((await projects.projectFor(path.join(root, name)))?.root);
  expect(await at("a/src/deep/x.ts")).toBe("a");
  expect((await projects.projectFor(path.join(root, "p/ui/src/x.ts")))?.id).toBe("p");
  expect((await projects.projectFor(path.join(root, "p")))?.id).toBe("p");
  expect((await projects.projectFor(path.join(root, "p/ui")))?.root).toBe(path.join(root, "p/ui"));
  const inner = createProjects([path.join(root, "b")]);
  expect(await inner.projects.projectFor(path.join(root, "b/c"))).toBeUndefined();
  expect((await projects.projectFor(path.join(root, "a/src")))?.id).toBe(
    (await projects.projectFor(path.join(root, "a")))?.id,
  );
  expect(await realpath(root)).toBe(root);
});

test.each([
  ["svelte", { "package.json": '{"dependencies":{"svelte":"5"}}' }],
  ["vue", { "src/App.vue": "" }],
  ["react", { "src/main.tsx": "" }],
  ["plain", { "main.ts": "" }],
])("the preset %s follows from dependencies, else from the files", async (preset, files) => {
  root = await writeTree(files);
  expect(await presetOf(root)).toBe(preset);
});

test("the entry of a UI is the first module script of its page that is its own", async () => {
  root = await writeTree({
    "index.html":
      '<!-- <script type="module" src="/old.js"></script> --><script src="plain.js"></script>' +
      '<script type="module" src="https://cdn.example/x.js"></script><script type="module">1</script>' +
      '<script type="module" src="/./src/main.tsx?v=1"></script>',
    "empty/index.html": "<p>",
  });
  expect(await entryOf(root)).toBe("src/main.tsx");
  expect(await entryOf(path.join(root, "empty"))).toBeUndefined();
  expect(await entryOf(path.join(root, "none"))).toBeUndefined();
});
