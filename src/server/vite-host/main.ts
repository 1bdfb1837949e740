/**
 * Entry of a Vite host: the process that runs the Vite of a project, or of several (`shared`), and with it the user's config
 * and plugins.
 */
import type {
  ViteHostEvents,
  ViteHostMethods,
  ViteServerEvents,
} from "../../protocol/vite-host.ts";
import { UserError } from "../../protocol/errors.ts";
import { connect } from "../rpc.ts";
import { startDevServer, type DevServer } from "./dev-server.ts";
import { newSpaceOption } from "./new-space-option.ts";
import { inProject, isShared, projectNow } from "./project-now.ts";
import { rehearse } from "./rehearsal.ts";

/** Every Vite the host may import has this surface. */
export type Vite = typeof import("vite");

// A plugin hands these on to its own processes, and to workers, which refuse options of V8.
process.execArgv = process.execArgv.filter((option) => !option.startsWith(newSpaceOption));

/** Ms; generous, because nothing here waits for the other side. */
const callDeadline = 60_000;

let vite: { url: string; module: Promise<Vite> } | undefined;
let rehearsal: Promise<void> | undefined;
/** Aborted by the first who wants to be served. */
const wanted = new AbortController();
/** By project; also those that are starting. */
const devServers = new Map<string, Promise<DevServer>>();

const load = (url: string): Promise<Vite> => {
  if (vite?.url !== url) vite = { url, module: import(url) as Promise<Vite> };
  return vite.module;
};

const methods: ViteHostMethods = {
  async warm(url, directory) {
    rehearsal = load(url).then((module) => rehearse(module, directory, wanted.signal));
    await rehearsal;
  },
  async serve(project, options) {
    if (devServers.has(project))
      throw new UserError("bad_request", `This Vite host serves ${project} already`);
    wanted.abort();
    const starting = inProject(project, async () => {
      const events = eventsOf(project);
      events.step("Loading Vite", false);
      await rehearsal;
      return startDevServer(await load(options.vite), options, events);
    });
    devServers.set(project, starting);
    try {
      return (await starting).served();
    } catch (error) {
      devServers.delete(project);
      throw error;
    }
  },
  resolveImports: async (project, file, specifiers) =>
    (await serverOf(project)).resolveImports(file, specifiers),
  mapPosition: async (project, url, line, column) =>
    (await serverOf(project)).mapPosition(url, line, column),
  async compose(project, pages) {
    (await serverOf(project)).compose(pages);
  },
  async close(project) {
    // One that could not start has nothing to close.
    const server = await devServers.get(project)?.catch(() => undefined);
    devServers.delete(project);
    await server?.close();
  },
  ping: async () => {},
};

const { tell } = connect<object, ViteHostEvents>(
  {
    post: (message) => process.send?.(message),
    on: (listener) => process.on("message", listener),
  },
  { methods, deadline: callDeadline },
);

function eventsOf(project: string): ViteServerEvents {
  return {
    step: (...args) => tell("step", project, ...args),
    problemsChanged: (...args) => tell("problemsChanged", project, ...args),
    served: (...args) => tell("served", project, ...args),
    edited: () => tell("edited", project),
    logged: (...args) => tell("logged", project, ...args),
  };
}

function serverOf(project: string): Promise<DevServer> {
  const server = devServers.get(project);
  if (server === undefined)
    throw new UserError("bad_request", `This Vite host does not serve ${project}`);
  return server;
}

// A rejected promise in a plugin must not end the dev server: under `vite` it would, and the page with it.
process.on("unhandledRejection", (reason) => {
  const message = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  const project = projectNow();
  for (const each of project === undefined ? devServers.keys() : [project])
    tell("logged", each, { level: "error", source: "vite", at: Date.now(), message });
});

// Also after an exception that nobody caught.
process.on("exit", () => {
  const project = projectNow();
  if (project !== undefined) tell("ended", project);
});

// Vite's own listener would be taken for the work of the project that was first: signals come from outside.
if (isShared) process.once("SIGTERM", () => process.exit(143));
