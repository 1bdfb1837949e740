/** The contract's methods: each one line to its owner, or nearly. */
import { realpath } from "node:fs/promises";
import type { ServerMethods } from "../protocol/contract.ts";
import { UserError } from "../protocol/errors.ts";
import type { Problem, Project } from "../protocol/model.ts";
import type { Found } from "./dev-servers/combine.ts";
import type { Projects } from "./dev-servers/projects.ts";
import type { Owners, Settings, Tell } from "./owners.ts";
import type { StateDirectory } from "./state-directory.ts";
import { ourVite, resolveVite } from "./vite-host/resolve-vite.ts";

export interface Methods extends Omit<ServerMethods, "initialize"> {
  /** As last found. */
  projects(): readonly Project[];
  /** What is wrong in the files that configure projects. */
  projectProblems(): readonly Problem[];
}

export interface MethodsParts {
  readonly owners: Owners;
  readonly settings: Settings;
  readonly state: StateDirectory;
  readonly tell: Tell;
  close(): Promise<void>;
}

export function createMethods({ owners, settings, state, tell, close }: MethodsParts): Methods {
  const { trust, projects, sessions, runs, results, repls, testing } = owners;
  const look = (): Promise<readonly Project[]> => lookForProjects(owners, tell);
  return {
    projects: () => projectsOf(projects.found),
    projectProblems: () => projects.found.problems,
    configure: async (config) => {
      const before = JSON.stringify(settings.config.devServers.projects);
      settings.config = config;
      if (JSON.stringify(config.devServers.projects) !== before) await look();
    },
    setFolders: async (folders) => {
      settings.folders = folders;
      await state.publish({ folders });
      await look();
    },
    grantTrust: async () => {
      trust.grant();
      await look();
    },
    findProjects: look,
    openSession: async (folder) => {
      trust.require("Opening a preview");
      const project = await projects.projectFor(folder);
      if (project === undefined) throw nothingToPreview(folder);
      if (isUnseenMember(projects, project.id)) await look();
      return sessions.open(project);
    },
    stopSession: (id) => sessions.stop(id),
    restartSession: async (id) => {
      trust.require("Starting a preview");
      return sessions.restart(id);
    },
    ...devServerMethods(owners),
    runBlock: async (request) => runs.start(request),
    stopRun: async (id) => runs.stop(id),
    documentChanged: async (file, documentState) => results.documentChanged(file, documentState),
    startRepl: async (root) => {
      trust.require("Starting the REPL");
      return repls.start(await folderAmong(settings.folders, root));
    },
    stopRepl: async (root) => repls.stop(await folderAmong(settings.folders, root)),
    openLog: async (root, name) => repls.openLog(await folderAmong(settings.folders, root), name),
    appendToLog: async (request) => {
      trust.require("Running a request");
      await repls.append({ ...request, root: await folderAmong(settings.folders, request.root) });
    },
    findTests: async (root, patterns) =>
      testing.find(await folderAmong(settings.folders, root), patterns),
    runTests: async (request) => {
      trust.require("Running tests");
      return testing.run({ ...request, root: await folderAmong(settings.folders, request.root) });
    },
    cancelTests: (id) => testing.cancel(id),
    ping: async () => {},
    shutdown: close,
  };
}

/** Nothing is looked for in a workspace that is not trusted. */
async function lookForProjects(owners: Owners, tell: Tell): Promise<readonly Project[]> {
  if (!owners.trust.trusted) {
    tell("projectsChanged", []);
    return [];
  }
  const found = projectsOf(await owners.projects.find());
  void warmUp(
    owners,
    found.find(({ hasUI }) => hasUI),
  );
  return found;
}

function projectsOf({ list }: Found): readonly Project[] {
  return list.map(({ project }) => project);
}

type DevServerMethod = Extract<
  keyof ServerMethods,
  `${string}DevServer${"" | "ForPath"}` | "devServerLogs" | "installDependencies"
>;

function devServerMethods({ devServers }: Owners): Pick<ServerMethods, DevServerMethod> {
  return {
    startDevServer: (id) => devServers.start(id),
    startDevServerForPath: (id, folder) => devServers.startForPath(id, folder),
    stopDevServer: (id) => devServers.stop(id),
    restartDevServer: (id) => devServers.restart(id),
    installDependencies: (id) => devServers.install(id),
    rebuildDevServer: (id) => devServers.rebuild(id),
    attachDevServer: (id, devinfo) => devServers.attach(id, devinfo),
    detachDevServer: (id) => devServers.detach(id),
    devServerLogs: async (id, count) => devServers.logs(id, count),
  };
}

/** The Vite that is most likely to be asked for next waits, imported. */
async function warmUp({ viteHosts }: Owners, project: Project | undefined): Promise<void> {
  // A Vite that is missing or too old says so when the project is opened.
  const vite = project && (await resolveVite(project).catch(() => undefined));
  viteHosts.prepare(vite ?? ourVite());
}

/** Opened before the first look was done: what belongs to a composite preview has to know the others when it starts. */
function isUnseenMember(projects: Projects, id: string): boolean {
  const ui = projects.configOf(id)?.ui;
  const isMember = ui !== undefined && ui.plugins.length + ui.shared.length > 0;
  return isMember && !projects.found.list.some(({ project }) => project.id === id);
}

/** Only folders of the workspace have a REPL. @returns the real path */
async function folderAmong(folders: readonly string[], root: string): Promise<string> {
  const real = await realPathOf(root);
  const known = await Promise.all(folders.map(realPathOf));
  if (known.includes(real)) return real;
  throw new UserError("path_refused", `${root} is no folder of the workspace. Add it first`);
}

/** The path itself when nothing is there. */
function realPathOf(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder);
}

function nothingToPreview(folder: string): UserError {
  return new UserError(
    "html_missing",
    `There is nothing to preview in ${folder}: no vite.config, no vite dependency and no index.html, here or above. Add an index.html, or open the folder of the project`,
  );
}
