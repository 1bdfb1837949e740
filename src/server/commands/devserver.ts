/** `vitrine devserver <verb> [id]`: the dev servers of the running server of this folder, as the editor's tree shows them. */
import type { BuildError, DevServerLine, DevServerState } from "../../protocol/dev-server.ts";
import { UserError } from "../../protocol/errors.ts";
import type { Project } from "../../protocol/model.ts";
import { callMethod, serverAround, type ServerAddress } from "./api-client.ts";
import { existingFolder } from "./folders.ts";
import { isInside } from "../vite-host/watcher.ts";
import { printJson, printLine } from "./output.ts";

export interface DevServerOptions {
  readonly root: string;
  readonly json?: boolean;
  /** How many lines of a log; 0 all. */
  readonly count: number;
  /** A `.devinfo` file, with `attach`. */
  readonly devinfo?: string;
}

export const devServerVerbs = [
  "list",
  "start",
  "stop",
  "restart",
  "rebuild",
  "attach",
  "detach",
  "status",
  "logs",
  "errors",
] as const;
export type DevServerVerb = (typeof devServerVerbs)[number];

/** @param id absent for `list`, and for the project of the folder */
export async function devserver(
  verb: DevServerVerb,
  id: string | undefined,
  options: DevServerOptions,
): Promise<void> {
  const directory = existingFolder(options.root);
  const server = await serverAround(directory);
  const ask = <Result>(method: string, parameters: object = {}): Promise<Result> =>
    callMethod<Result>(server, `devservers/${method}`, parameters);
  if (verb === "list") return showStates(await ask("list"), options);
  const project = { id: id ?? (await projectAround(server, directory)) };
  switch (verb) {
    case "status":
      return showStates([await ask("status", project)], options);
    case "logs":
      return showLines(await ask("logs", { ...project, count: options.count }), options);
    case "errors":
      return showErrors(await ask("errors", project), options);
    case "attach":
      return showStates([await ask("attach", { ...project, ...fileOf(options) })], options);
    case "start":
    case "restart":
      return showStates([await ask(verb, project)], options);
    default:
      await ask(verb, project);
      return showStates([await ask("status", project)], options);
  }
}

function fileOf({ devinfo }: DevServerOptions): { devinfoPath?: string } {
  return devinfo === undefined ? {} : { devinfoPath: devinfo };
}

/** The project around a directory, else the only one. */
async function projectAround(server: ServerAddress, directory: string): Promise<string> {
  const projects = await callMethod<readonly Project[]>(server, "projects/list", {});
  const [nearest] = projects
    .filter(({ folder }) => isInside(directory, folder))
    .toSorted((one, other) => other.folder.length - one.folder.length);
  const found = nearest ?? (projects.length === 1 ? projects[0] : undefined);
  if (found !== undefined) return found.id;
  const names = projects.map((project) => project.id).join(", ") || "none";
  throw new UserError("bad_request", `Name the project. Known now: ${names}`);
}

function showStates(states: readonly DevServerState[], { json }: DevServerOptions): void {
  if (json === true) return printJson({ event: "devservers", devservers: states });
  if (states.length === 0) return printLine("No dev server runs");
  const width = Math.max(...states.map(({ pluginID }) => pluginID.length));
  for (const { pluginID, mode, aggregate, viteURL = "", lastError = "" } of states) {
    const word = mode === "idle" ? "stopped" : aggregate;
    const parts = [pluginID.padEnd(width), word.padEnd(10), viteURL, lastError];
    printLine(parts.join("  ").trimEnd());
  }
}

function showLines(lines: readonly DevServerLine[], { json }: DevServerOptions): void {
  if (json === true) return printJson({ event: "logs", lines });
  for (const { timestamp, source, message } of lines)
    printLine(`${timestamp.slice(11, 23)}  ${source.padEnd(8)}  ${message}`);
}

function showErrors(errors: readonly BuildError[], { json }: DevServerOptions): void {
  if (json === true) return printJson({ event: "errors", errors });
  if (errors.length === 0) return printLine("No errors");
  for (const { file, line, column, severity, message } of errors)
    printLine(`${file}:${line}:${column}  ${severity}  ${message}`);
}
