/** A checked entry to a project: real absolute paths, defaults that depend on others, variables (dev-servers section 2). */
import { realpath } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../protocol/errors.ts";
import { createPathGate, type PathGate } from "../../files/path-gate.ts";
import { quoted } from "../../quoted.ts";
import { entryOf } from "../detection/entry.ts";
import { isFolder } from "../detection/search.ts";
import type { BackendConfig, Command, ProjectConfig, UiConfig } from "../project-config.ts";
import type { ProjectEntry } from "./schema.ts";
import { usualFor } from "./tools.ts";

export interface ResolveOptions {
  /** Absolute workspace folder: relative roots start there, and no project leaves it. */
  readonly folder: string;
  /** `<state>`, absolute. */
  readonly stateDirectory: string;
  readonly origin: "file" | "settings";
}

type Variables = Readonly<Record<string, string>>;

/** @throws UserError `path_refused` or `not_found`; `data.key` is the dotted key that is wrong */
export async function resolveEntry(
  entry: ProjectEntry,
  { folder, stateDirectory, origin }: ResolveOptions,
): Promise<ProjectConfig> {
  const gate = createPathGate({ roots: [folder] });
  const variables = { "${id}": entry.id, "<state>": stateDirectory };
  const places = new Places(gate, variables);
  const top = await realpath(folder).catch(() => {
    throw fault(
      "root",
      `the workspace folder ${quoted(folder)} is gone; open it again`,
      "not_found",
    );
  });
  const root = await places.folder("root", top, entry.root);
  const { ui, backend } = entry;
  return {
    id: entry.id,
    name: entry.name ?? entry.id,
    root,
    ...(ui === undefined ? {} : { ui: await resolveUi(ui, root, places) }),
    ...(backend === undefined ? {} : { backend: await resolveBackend(backend, root, places) }),
    autostart: entry.autostart,
    origin,
  };
}

async function resolveUi(
  ui: NonNullable<ProjectEntry["ui"]>,
  projectRoot: string,
  places: Places,
): Promise<UiConfig> {
  const root = await places.folder("ui.root", projectRoot, ui.root);
  const entry = ui.entry === undefined ? await entryOf(root) : places.text(ui.entry);
  const { built, command } = ui;
  return {
    root,
    ...(entry === undefined ? {} : { entry }),
    ...(built === undefined ? {} : { built: { ...built, entry: places.text(built.entry) } }),
    runner: ui.runner,
    ...(command === undefined ? {} : { command: command.map((word) => places.text(word)) }),
    install: ui.install,
    shared: ui.shared,
    plugins: ui.plugins,
  };
}

async function resolveBackend(
  backend: NonNullable<ProjectEntry["backend"]>,
  root: string,
  places: Places,
): Promise<BackendConfig> {
  const { debounceMs, onChangeDuringBuild, reload, run, build } = backend;
  const within = (key: string, name: string): Promise<string> =>
    places.file(`backend.${key}`, root, name);
  const artifact =
    backend.artifact === undefined ? undefined : await within("artifact", backend.artifact);
  const install =
    backend.install === undefined
      ? undefined
      : places.anywhere("backend.install", root, backend.install);
  const resolveCommand = async (
    key: string,
    command: Command,
    file?: string,
  ): Promise<Command> => ({
    command: command.command.map((word) => places.command(`backend.${key}.command`, word, file)),
    cwd: await places.folder(`backend.${key}.cwd`, root, command.cwd),
    env: Object.fromEntries(
      Object.entries(command.env).map(([name, value]) => [
        name,
        places.command(`backend.${key}.env.${name}`, value, file),
      ]),
    ),
  });
  // What runs is the installed copy: the build may be writing the artefact.
  const running = install ?? artifact;
  const usual = usualFor(build?.command);
  return {
    ...(build === undefined ? {} : { build: await resolveCommand("build", build, artifact) }),
    ...(artifact === undefined ? {} : { artifact }),
    ...(install === undefined ? {} : { install }),
    sync: await Promise.all(backend.sync.map((name) => within("sync", name))),
    watch: backend.watch ?? usual.watch,
    debounceMs,
    onChangeDuringBuild,
    problems: backend.problems ?? usual.problems,
    ...(run === undefined
      ? {}
      : { run: { ...(await resolveCommand("run", run, running)), handshake: run.handshake } }),
    reload:
      typeof reload === "object" && "command" in reload
        ? {
            command: reload.command.map((word) =>
              places.command("backend.reload.command", word, running),
            ),
          }
        : reload,
  };
}

/** Paths and texts of one entry, with its variables put in. */
class Places {
  readonly #gate: PathGate;
  readonly #variables: Variables;

  constructor(gate: PathGate, variables: Variables) {
    this.#gate = gate;
    this.#variables = variables;
  }

  text(text: string): string {
    return text.replace(/\$\{id\}|<state>/g, (name) => this.#variables[name] ?? name);
  }

  /** Other `${…}` stay: they may be meant for a shell. */
  command(key: string, text: string, artifact: string | undefined): string {
    if (artifact === undefined && text.includes("${artifact}"))
      throw fault(key, "${artifact} has no value; set backend.artifact");
    return this.text(text).replaceAll("${artifact}", () => artifact ?? "");
  }

  /** Real path of an existing folder within the workspace folder. */
  async folder(key: string, base: string, name: string): Promise<string> {
    const file = await this.file(key, base, name);
    const real = await realpath(file).catch(() => file);
    if (await isFolder(real)) return real;
    throw fault(
      key,
      `there is no folder ${quoted(name)}; make it or correct its name`,
      "not_found",
    );
  }

  /** Absolute path within the workspace folder, whether or not something is there. */
  async file(key: string, base: string, name: string): Promise<string> {
    const file = path.resolve(base, this.#path(key, name));
    if (await this.#gate.contains(file)) return file;
    throw fault(key, `${quoted(name)} leads out of the workspace folder; use a path within it`);
  }

  /** Absolute path anywhere: what a trusted build may write at all. Below `<state>` it stays there. */
  anywhere(key: string, base: string, name: string): string {
    const file = path.resolve(base, this.#path(key, name));
    const state = this.#variables["<state>"] ?? "";
    if (!name.startsWith("<state>") || file.startsWith(state + path.sep)) return file;
    throw fault(key, `${quoted(name)} leads out of the state directory; use a path within it`);
  }

  #path(key: string, name: string): string {
    const unknown = /\$\{(?!id\})[^}]*\}?/.exec(name);
    if (unknown !== null)
      throw fault(key, `${quoted(unknown[0])} is not known in a path; use \${id} or <state>`);
    return this.text(name);
  }
}

function fault(key: string, message: string, code: "path_refused" | "not_found" = "path_refused") {
  return new UserError(code, message, { data: { key } });
}
