/** The schema for editors and the check of the server say the same about the same files. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { checkFile } from "../../../../src/server/dev-servers/config/entries.ts";

const root = new URL("../../../../", import.meta.url);
const schema = JSON.parse(
  readFileSync(new URL("schemas/vitrine.schema.json", root), "utf8"),
) as object;

const isExpression = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
};
// Editors do not know these formats and let them pass; the server's Problems tell.
const formats = {
  expression: isExpression,
  "address-expression": (text: string) =>
    isExpression(text) && /\(\?<(?:addr|port|url)>/.test(text),
};
const accepts = new Ajv({ strict: false, formats }).compile(schema);

const ui = { root: "ui" };
const build = { command: ["make"] };
const project = (more: object): object => ({
  devServers: { projects: [{ id: "a", ui, ...more }] },
});
const backend = (more: object): object => project({ backend: { build, ...more } });
const run = (handshake: unknown): object => backend({ run: { command: ["x"], handshake } });
const matcher = { pattern: { regexp: "^(.+):(\\d+)$", file: 1, line: 2, message: 1 } };

const good: readonly (readonly [string, unknown])[] = [
  ["nothing", {}],
  ["a schema", { $schema: "./x.json" }],
  ["no projects", { devServers: {} }],
  ["an empty list", { devServers: { projects: [] } }],
  ["modules with what only they know", { modules: { staticRoot: "dist", more: [1] } }],
  ["a UI", project({})],
  [
    "everything about a UI",
    project({
      name: "A",
      root: ".",
      autostart: true,
      ui: {
        root: ".",
        entry: "src/x.ts",
        built: { entry: "/x.js", format: "iife" },
        runner: "command",
        command: ["pnpm", "run", "dev"],
        install: "never",
        shared: ["react"],
      },
    }),
  ],
  [
    "a page that shows plugins",
    project({ ui: { plugins: ["sales", "my.other_plugin-2"], shared: [] } }),
  ],
  [
    "everything about a back end",
    backend({
      build: { command: ["go", "build", ""], cwd: ".", env: { A: "" } },
      artifact: "bin/x",
      install: "<state>/plugins/${id}/x",
      sync: ["plugin.yaml"],
      watch: { include: ["pkg/**/*.go", "..x/*"], exclude: [] },
      debounceMs: 0,
      onChangeDuringBuild: "cancel",
      problems: "$go",
      run: { command: ["${artifact}"], handshake: { type: "go-plugin", timeoutMs: 1 } },
      reload: { command: ["kill"] },
    }),
  ],
  ["a process without a build", project({ backend: { run: { command: ["node", "x.js"] } } })],
  ["a signal", backend({ reload: { signal: "SIGHUP" } })],
  ["no reload", backend({ reload: "none" })],
  ["a matcher", backend({ problems: matcher })],
  [
    "several matchers",
    backend({ problems: [matcher, { ...matcher, owner: "x", source: "y", severity: "info" }] }),
  ],
  ["no matcher", backend({ problems: [] })],
  [
    "a matcher of many lines",
    backend({
      problems: {
        pattern: [
          { regexp: "a", kind: "file" },
          { regexp: "b", loop: true, location: 1, code: 2, severity: 3 },
        ],
        fileLocation: ["relative", "${workspaceFolder}"],
        background: { beginsPattern: { regexp: "x" }, endsPattern: "y" },
      },
    }),
  ],
  ["a regex handshake", run({ type: "regex", pattern: "on (?<addr>.+)" })],
  ["a tcp handshake", run({ type: "tcp", addr: "[::1]:80" })],
  ["an http handshake", run({ type: "http", url: "http://localhost:8080/health" })],
  ["no handshake", run({ type: "none" })],
];

const bad: readonly (readonly [string, unknown])[] = [
  ["a list", []],
  ["a text", "x"],
  ["an unknown key", { devserver: {} }],
  ["an unknown key of dev servers", { devServers: { project: [] } }],
  ["an unknown key of a project", project({ uii: {} })],
  ["a __proto__", JSON.parse('{"__proto__":{"devServers":{}}}')],
  [
    "a __proto__ in an environment",
    backend({ build: { command: ["x"], env: JSON.parse('{"__proto__":"x"}') as object } }),
  ],
  ["projects by name", { devServers: { projects: {} } }],
  ["a project that is null", { devServers: { projects: [null] } }],
  ["no id", { devServers: { projects: [{ ui }] } }],
  ...["", ".", "..", "a/b", "a\\b", "a b", "x".repeat(65), 5, null].map(
    (id) => [`the id ${JSON.stringify(id)}`, project({ id })] as const,
  ),
  ["neither UI nor back end", { devServers: { projects: [{ id: "a" }] } }],
  ["an empty root", project({ root: "" })],
  ["a UI that is a path", project({ ui: "ui" })],
  ["a UI that is a list", project({ ui: [] })],
  ["an environment that is a list", backend({ build: { command: ["x"], env: [] } })],
  ["dev servers that are a list", { devServers: [] }],
  ["modules that are a list", { modules: [] }],
  ["a project that is a list", { devServers: { projects: [[]] } }],
  ["a runner that does not exist", project({ ui: { runner: "shell" } })],
  ["the runner command without one", project({ ui: { runner: "command" } })],
  ["an empty command", project({ ui: { runner: "command", command: [] } })],
  ["a command without a program", project({ ui: { runner: "command", command: [""] } })],
  ["a command in one text", backend({ build: { command: "go build" } })],
  ["an argument that is a number", backend({ build: { command: ["x", 1] } })],
  ["a built entry without a format", project({ ui: { built: { entry: "x" } } })],
  ["a plugin that is a path", project({ ui: { plugins: ["../sales"] } })],
  ["plugins beside shared packages", project({ ui: { plugins: ["sales"], shared: ["react"] } })],
  ["a back end of nothing", project({ backend: {} })],
  ["an environment of numbers", backend({ build: { command: ["x"], env: { PORT: 1 } } })],
  ["a pattern that climbs", backend({ watch: { include: ["a/../../b"] } })],
  ["an absolute pattern", backend({ watch: { include: ["/a"] } })],
  ["a pattern on a drive", backend({ watch: { include: ["C:/a"] } })],
  ["exclusion alone", backend({ watch: { exclude: [] } })],
  ["half a ms", backend({ debounceMs: 0.5 })],
  ["less than no time", backend({ debounceMs: -1 })],
  ["too much time", backend({ debounceMs: 60_001 })],
  ["time in words", backend({ debounceMs: "500" })],
  ["a word for changes", backend({ onChangeDuringBuild: "wait" })],
  ["a signal that is none", backend({ reload: { signal: "SIGKILL" } })],
  ["a reload that is none", backend({ reload: "again" })],
  ["an empty reload", backend({ reload: {} })],
  ["a reload of two kinds", backend({ reload: { command: ["x"], signal: "SIGHUP" } })],
  ["a matcher's name with spaces", backend({ problems: "$ go" })],
  ["a matcher without a pattern", backend({ problems: {} })],
  ["a matcher of no lines", backend({ problems: { pattern: [] } })],
  ["a matcher whose expression is none", backend({ problems: { pattern: { regexp: "(" } } })],
  ["a group before the first", backend({ problems: { pattern: { regexp: "a", file: -1 } } })],
  [
    "a location in the wrong form",
    backend({ problems: { ...matcher, fileLocation: ["absolute", "x"] } }),
  ],
  [
    "a location that is too long",
    backend({ problems: { ...matcher, fileLocation: ["relative", "x", "y"] } }),
  ],
  ["half a background", backend({ problems: { ...matcher, background: { beginsPattern: "x" } } })],
  ["names among matchers", backend({ problems: ["$go", matcher] })],
  ["a handshake that is none", run({ type: "udp" })],
  ["a handshake in a word", run("tcp")],
  ["a regex without an address", run({ type: "regex", pattern: "ready" })],
  ["a regex that is none", run({ type: "regex", pattern: "(?<addr>" })],
  ["an address of another machine", run({ type: "tcp", addr: "10.0.0.1:80" })],
  ["an address without a port", run({ type: "tcp", addr: "127.0.0.1" })],
  ["a page of another machine", run({ type: "http", url: "http://example.com/" })],
  [
    "an address that looks like one of ours",
    run({ type: "http", url: "http://localhost.example.com/" }),
  ],
  ["a scheme that is no page", run({ type: "http", url: "file://localhost/" })],
  ["time of a handshake that needs none", run({ type: "none", timeoutMs: 1 })],
  ["no time for a handshake", run({ type: "tcp", addr: "localhost:1", timeoutMs: 0 })],
  ["modules that are a path", { modules: "dist" }],
  ["a static root that is none", { modules: { staticRoot: 1 } }],
];

test.each(good)("both accept %s", (_name, file) => {
  expect(checkFile(file).issues).toEqual([]);
  accepts(file);
  expect(accepts.errors ?? []).toEqual([]);
});

test.each(bad)("both complain about %s", (_name, file) => {
  expect(checkFile(file).issues).not.toEqual([]);
  expect(accepts(file)).toBe(false);
});

test("defaults of the schema are those of the check", () => {
  const [found] = checkFile(project({ backend: { build, run: { command: ["x"] } } })).entries;
  const [tcp] = checkFile(run({ type: "tcp", addr: "localhost:1" })).entries;
  const { definitions } = schema as { definitions: Record<string, Definition> };
  const defaultOf = (name: string, key: string): unknown =>
    definitions[name]?.properties?.[key]?.default;
  const { entry } = found ?? {};
  expect({
    root: entry?.root,
    autostart: entry?.autostart,
    uiRoot: entry?.ui && checkFile(project({ ui: {} })).entries[0]?.entry.ui?.root,
    runner: entry?.ui?.runner,
    install: entry?.ui?.install,
    debounceMs: entry?.backend?.debounceMs,
    onChangeDuringBuild: entry?.backend?.onChangeDuringBuild,
    reload: entry?.backend?.reload,
    cwd: entry?.backend?.build?.cwd,
    handshake: entry?.backend?.run?.handshake,
    timeoutMs: tcp?.entry.backend?.run?.handshake,
  }).toEqual({
    root: defaultOf("project", "root"),
    autostart: defaultOf("project", "autostart"),
    uiRoot: defaultOf("ui", "root"),
    runner: defaultOf("ui", "runner"),
    install: defaultOf("ui", "install"),
    debounceMs: defaultOf("backend", "debounceMs"),
    onChangeDuringBuild: defaultOf("backend", "onChangeDuringBuild"),
    reload: defaultOf("backend", "reload"),
    cwd: definitions["backend"]?.properties?.["build"]?.properties?.["cwd"]?.default,
    handshake: definitions["handshake"]?.default,
    timeoutMs: {
      type: "tcp",
      addr: "localhost:1",
      timeoutMs: definitions["handshake"]?.oneOf?.[2]?.properties?.["timeoutMs"]?.default,
    },
  });
});

test("every value that an editor offers is one that both accept", () => {
  const { definitions } = schema as { definitions: Record<string, Definition> };
  const bodies = ["project", "devServers"].flatMap((name) => {
    const found = definitions[name];
    const snippets =
      found?.defaultSnippets ?? found?.properties?.["projects"]?.defaultSnippets ?? [];
    return snippets.map(({ body }) => (Array.isArray(body) ? body : [body]) as unknown[]);
  });
  expect(bodies).toHaveLength(4);
  for (const body of bodies) {
    const text = JSON.stringify(body)
      .replace(/(?<!\\)\$\{\d:([^}]*)\}/g, "$1")
      .replaceAll("\\\\$", "$");
    const file = { devServers: { projects: JSON.parse(text) as unknown } };
    expect(checkFile(file).issues).toEqual([]);
    expect(accepts(file)).toBe(true);
  }
});

interface Definition {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly oneOf?: readonly Definition[];
  readonly defaultSnippets?: readonly { readonly body: unknown }[];
}
