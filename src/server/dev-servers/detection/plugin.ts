/** A plugin: `plugin.yaml` with a Vite UI in `ui` and a Go back end in `pkg`, either of which may be missing. */
import path from "node:path";
import { quoted } from "../../quoted.ts";
import type { BackendConfig } from "../project-config.ts";
import type { Detected, Surroundings } from "./detected.ts";
import { workspaceGlobs } from "./go.ts";
import { isFile, isFolder, readSmall } from "./search.ts";
import { configFileIn } from "./vite.ts";
import { yamlFields } from "./yaml-fields.ts";

export const pluginFileName = "plugin.yaml";
const entry = "src/entry.ts";
const idPattern = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;

/** @returns a sentence when the metadata is wrong, undefined when the folder is no plugin of this kind */
export async function pluginAt(
  root: string,
  surroundings: Surroundings,
): Promise<Detected | string | undefined> {
  const text = await readSmall(path.join(root, pluginFileName));
  if (text === undefined) return undefined;
  const uiRoot = path.join(root, "ui");
  const configFile = await configFileIn(uiRoot);
  const hasBackend =
    (await isFolder(path.join(root, "pkg"))) &&
    (configFile !== undefined || (await isFile(path.join(root, "go.mod"))));
  if (configFile === undefined && !hasBackend) return undefined;
  const metadata = readMetadata(text);
  if (typeof metadata !== "object") return metadata;
  return {
    ...metadata,
    root,
    evidence: "plugin",
    ...(configFile === undefined
      ? {}
      : {
          configFile,
          ui: { root: uiRoot, entry, runner: "api", install: "ask", shared: [], plugins: [] },
        }),
    ...(hasBackend ? { backend: await goBackend(root, metadata.id, surroundings) } : {}),
  };
}

function readMetadata(
  text: string,
): { id: string; name: string; version?: string } | string | undefined {
  const fields = yamlFields(text, ["id", "name", "version"]);
  // Other programs have files of this name too, without an id.
  if (!fields.has("id")) return undefined;
  const id = fields.get("id");
  if (id === undefined) return "its id is no text of one line; write it as one";
  if (!idPattern.test(id))
    return `its id is ${quoted(id)}; it must be 1 to 64 letters, digits, dots, hyphens or underscores`;
  const version = fields.get("version");
  return { id, name: fields.get("name") ?? id, ...(version === undefined ? {} : { version }) };
}

/** The back end of the example in dev-servers section 2. */
async function goBackend(
  root: string,
  id: string,
  { top, stateDirectory }: Surroundings,
): Promise<BackendConfig> {
  const program = process.platform === "win32" ? "plugin.exe" : "plugin";
  const output = `build/bin/${program}`;
  const install = path.join(stateDirectory, "plugins", id, "bin", program);
  return {
    build: { command: ["go", "build", "-o", output, "./pkg"], cwd: root, env: {} },
    artifact: path.join(root, "build", "bin", program),
    install,
    sync: [path.join(root, pluginFileName)],
    watch: {
      include: ["pkg/**/*.go", "go.mod", "go.sum", ...(await workspaceGlobs(root, top))],
      exclude: ["**/vendor/**"],
    },
    debounceMs: 500,
    onChangeDuringBuild: "queue",
    problems: "$go",
    run: {
      command: [install],
      cwd: root,
      env: {},
      handshake: { type: "go-plugin", timeoutMs: 30_000 },
    },
    reload: "restart",
  };
}
