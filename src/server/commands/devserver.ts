/** `vitrine devserver <verb> [id]`: the dev servers of the running server of this folder, as the editor's tree shows them. */
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { BuildError, DevServerLine, DevServerState } from "../../protocol/dev-server.ts";
import { UserError } from "../../protocol/errors.ts";
import type { Project, Session } from "../../protocol/model.ts";
import { callMethod, serverAround } from "./api-client.ts";
import { showErrors, showLines, showStates } from "./devserver-output.ts";
import { existingFolder } from "./folders.ts";
import { isInside } from "../vite-host/watcher.ts";
import { BadUsage, exitCodes, printError, printJson, printLine } from "./output.ts";

export interface DevServerOptions {
  readonly root: string;
  readonly json?: boolean;
  /** How many lines of a log; 0 all. */
  readonly count: number;
  /** A `.devinfo` file, with `attach`. */
  readonly devinfo?: string;
  /** A folder of the workspace, with `start` and an id for it. */
  readonly path?: string;
}

export const devServerVerbs = [
  "list",
  "start",
  "stop",
  "restart",
  "rebuild",
  "install",
  "open",
  "attach",
  "detach",
  "status",
  "logs",
  "errors",
  "start-all",
  "stop-all",
] as const;
export type DevServerVerb = (typeof devServerVerbs)[number];

/** What a verb works with. */
interface Call {
  readonly directory: string;
  readonly projects: readonly Project[];
  /** Of those that ran or run. */
  readonly states: readonly DevServerState[];
  readonly options: DevServerOptions;
  /** A method of the control API, `devservers/…` unless it says another area. */
  ask<Result>(method: string, parameters?: object): Promise<Result>;
}

/** Ms: a UI server has 30 s to come up, and packages come from somewhere. */
const waitMs = { start: 60_000, install: 15 * 60_000 } as const;
const lookEveryMs = 200;

/**
 * @param id absent for `list` and the verbs for all, and for the project of the folder
 * @returns the exit code
 */
export async function devserver(
  verb: DevServerVerb,
  id: string | undefined,
  options: DevServerOptions,
): Promise<number> {
  const directory = existingFolder(options.root);
  const server = await serverAround(directory);
  const ask: Call["ask"] = (method, parameters = {}) =>
    callMethod(server, method.includes("/") ? method : `devservers/${method}`, parameters);
  const [projects, states] = await Promise.all([
    ask<readonly Project[]>("projects/list"),
    ask<readonly DevServerState[]>("list"),
  ]);
  const call: Call = { directory, projects, states, options, ask };
  if (verb === "list") return showStates(call.states, options, projects);
  if (verb === "start-all") return startAll(call);
  if (verb === "stop-all") return stopAll(call);
  if (verb === "start" && options.path !== undefined) return startPath(id, options.path, call);
  return runFor(verb, idOf(id, call), call);
}

type VerbOfOne = Exclude<DevServerVerb, "list" | "start-all" | "stop-all">;

async function runFor(verb: VerbOfOne, id: string, call: Call): Promise<number> {
  const { ask, options } = call;
  const project = { id };
  switch (verb) {
    case "status":
      return showStates([await ask("status", project)], options);
    case "logs":
      return showLines(await ask<DevServerLine[]>("logs", { id, count: options.count }), options);
    case "errors":
      return showErrors(await ask<BuildError[]>("errors", project), options);
    case "attach":
      return showStates([await ask("attach", { id, ...fileOf(options) })], options);
    case "start":
    case "restart":
      await ask(verb, project);
      return showSettled([id], waitMs.start, call);
    case "install":
      await ask(verb, project);
      return showSettled([id], waitMs.install, call);
    case "open":
      return open(id, call);
    case "stop":
    case "rebuild":
    case "detach":
      await ask(verb, project);
      return showStates([await ask("status", project)], options);
  }
}

/** The id that was named, or that of the project around the directory, or of the only one. */
function idOf(named: string | undefined, { directory, projects, states }: Call): string {
  const ids = [
    ...new Set([...projects, ...states].map((one) => ("id" in one ? one.id : one.pluginID))),
  ];
  const known = ids.join(", ") || "none";
  if (named !== undefined) {
    if (ids.includes(named)) return named;
    throw new UserError("not_found", `There is no project ${named}. Known now: ${known}`);
  }
  const [nearest] = projects
    .filter(({ folder }) => isInside(directory, folder))
    .toSorted((one, other) => other.folder.length - one.folder.length);
  const found = nearest?.id ?? (ids.length === 1 ? ids[0] : undefined);
  if (found !== undefined) return found;
  throw new BadUsage(`${directory} is no project. Name the one that is meant; known now: ${known}`);
}

async function startPath(id: string | undefined, folder: string, call: Call): Promise<number> {
  if (id === undefined) throw new BadUsage("With --path an id for the folder has to be given");
  await call.ask("startForPath", { id, path: path.resolve(folder) });
  return showSettled([id], waitMs.start, call);
}

/** Prints where the pages of a project are, which is started for it. */
async function open(id: string, call: Call): Promise<number> {
  const { ask, options } = call;
  const { name, hasUI } = await ask<DevServerState>("start", { id });
  if (!hasUI) throw new UserError("bad_request", `${name} has no UI to open`);
  const state = await settled(id, waitMs.start, call);
  if (state.viteStatus !== "ready") return showStates([state], options);
  const sessions = await ask<readonly Session[]>("sessions/list");
  const url = sessions.find((session) => session.id === id)?.url ?? state.viteURL;
  if (options.json === true) printJson({ event: "ready", url, project: id });
  else printLine(`${name}  ${url}`);
  return exitCodes.done;
}

async function startAll(call: Call): Promise<number> {
  const running = new Set(call.states.filter(isRunning).map(({ pluginID }) => pluginID));
  const ids = call.projects.map(({ id }) => id).filter((id) => !running.has(id));
  const failed = await forAll("start", ids, call);
  const code = await showSettled(
    ids.filter((id) => !failed.has(id)),
    waitMs.start,
    call,
  );
  return failed.size > 0 ? exitCodes.failed : code;
}

async function stopAll(call: Call): Promise<number> {
  const ids = call.states.filter(isRunning).map(({ pluginID }) => pluginID);
  const failed = await forAll("stop", ids, call);
  const states = await Promise.all(ids.map((id) => call.ask<DevServerState>("status", { id })));
  showStates(states, call.options);
  return failed.size > 0 ? exitCodes.failed : exitCodes.done;
}

/** All at once; what one says against it does not stop the others. @returns the ids of those that failed */
async function forAll(
  verb: "start" | "stop",
  ids: readonly string[],
  { ask }: Call,
): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  const one = (id: string): Promise<void> =>
    ask<void>(verb, { id }).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      failed.add(id);
      printError(`${id}: ${error.message}`);
    });
  await Promise.all(ids.map(one));
  return failed;
}

async function showSettled(ids: readonly string[], limitMs: number, call: Call): Promise<number> {
  const states = await Promise.all(ids.map((id) => settled(id, limitMs, call)));
  showStates(states, call.options);
  return states.some(({ aggregate }) => aggregate === "error") ? exitCodes.failed : exitCodes.done;
}

/** The state once nothing of it starts or is built, or when the time is over. */
async function settled(id: string, limitMs: number, { ask }: Call): Promise<DevServerState> {
  const until = performance.now() + limitMs;
  for (;;) {
    const state = await ask<DevServerState>("status", { id });
    // While one part starts the other may have failed: the aggregate alone does not say that it goes on.
    const goesOn = state.viteStatus === "starting" || state.goStatus === "building";
    if (!goesOn || performance.now() > until) return state;
    await delay(lookEveryMs);
  }
}

function isRunning({ mode }: DevServerState): boolean {
  return mode !== "idle";
}

function fileOf({ devinfo }: DevServerOptions): { devinfoPath?: string } {
  return devinfo === undefined ? {} : { devinfoPath: path.resolve(devinfo) };
}
