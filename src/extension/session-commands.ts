/** Handlers of the commands about previews: open, reload, restart, stop, look at. */
import path from "node:path";
import * as vscode from "vscode";
import type { ServerMethods } from "../protocol/contract.ts";
import { UserError } from "../protocol/errors.ts";
import type { Project, Session } from "../protocol/model.ts";
import type {
  CommandHandler,
  CommandId,
  DevServerCommandId,
  ReplCommandId,
} from "./command-ids.ts";
import type { HostConfig } from "./config.ts";
import type { Mirror } from "./mirror.ts";
import { openDevTools, openExternally, openIntegrated } from "./openers.ts";
import type { Output } from "./output.ts";
import type { Panels } from "./panels.ts";
import { showSessions } from "./show-sessions.ts";
import type { State } from "./state.ts";
import { isTreeTarget, projectAt } from "./targets.ts";
import { manageTrust, requireTrust } from "./trust.ts";

export interface SessionCommandsOptions {
  readonly mirror: Mirror;
  readonly panels: Panels;
  readonly output: Output;
  readonly state: State;
  readonly config: () => HostConfig;
  readonly use: () => Promise<ServerMethods>;
  /** Opens the session of the project that contains a folder. */
  readonly open: (folder: string) => Promise<Session>;
  readonly restartServer: () => Promise<unknown>;
}

type SessionCommandId = Exclude<
  CommandId,
  | DevServerCommandId
  | ReplCommandId
  | `vitrine.run${string}`
  | "vitrine.stopRun"
  | "vitrine.clearResults"
>;

export function createSessionCommands(
  options: SessionCommandsOptions,
): Record<SessionCommandId, CommandHandler> {
  const { mirror, panels, output, state, use, open } = options;

  const openPreview = async (target: unknown): Promise<void> => {
    requireTrust();
    const { folder, name } = await folderOf(options, target);
    const { openIn } = options.config();
    if (openIn === "panel") return panels.show(folder, name);
    const session = await open(folder);
    const route = state.route(session.project.root);
    if (openIn === "externalBrowser") return openExternally(session, route);
    if (!(await openIntegrated(session, route))) await panels.show(session.project.root, name);
  };
  const running = (target: unknown): Promise<Session> => runningSession(options, target);

  return {
    "vitrine.openPreview": openPreview,
    "vitrine.openInBrowser": async (target) => {
      requireTrust();
      const { folder } = await folderOf(options, target);
      const session = await open(folder);
      await openExternally(session, panels.of(session.project.root)?.route ?? "/");
    },
    "vitrine.reloadPreview": () => panels.current?.reload(),
    "vitrine.restartSession": async (target) => {
      requireTrust();
      // Without a server there is no session to restart, and one that waits need not wait any longer.
      const { name } = mirror.server;
      if (name === "failed" || name === "waiting") return void (await options.restartServer());
      const { id } = await running(target);
      mirror.setSession(await (await use()).restartSession(id));
    },
    "vitrine.stopSession": async (target) => {
      const { id } = await running(target);
      await (await use()).stopSession(id);
    },
    "vitrine.showSessions": () => showSessions(mirror),
    "vitrine.showLog": (target) => {
      const root = rootOf(mirror, target);
      output.show(root === undefined ? undefined : nameAt(mirror, root));
    },
    "vitrine.openDevTools": openDevTools,
    "vitrine.manageTrust": manageTrust,
    "vitrine.restartServer": async () => {
      requireTrust();
      await options.restartServer();
    },
    "vitrine.refreshProjects": async () => {
      requireTrust();
      mirror.setProjects(await (await use()).findProjects());
    },
  };
}

/** Root of the UI that an argument means: a line of the tree, or the id of a project. */
function rootOf({ projects = [], sessions }: Mirror, target: unknown): string | undefined {
  if (isTreeTarget(target)) return target.root;
  if (typeof target !== "string") return undefined;
  const known = [...projects, ...sessions.map(({ project }) => project)];
  const project = known.find(({ id }) => id === target);
  if (project) return project.root;
  throw new UserError("not_found", vscode.l10n.t("There is no project {0}.", target));
}

function nameAt(mirror: Mirror, root: string): string | undefined {
  const project = mirror.projects?.find((each) => each.root === root);
  return project?.name ?? mirror.sessionOf(root)?.project.name;
}

/** The folder whose project is meant: the argument's, the one in front, the only one, or the one the user picks. */
async function folderOf(
  options: SessionCommandsOptions,
  target: unknown,
): Promise<{ folder: string; name: string }> {
  const { mirror, panels } = options;
  if (typeof target === "string" && mirror.projects === undefined) await findProjects(options);
  const root = rootOf(mirror, target);
  if (root !== undefined)
    return named(
      mirror.projects?.find((project) => project.root === root),
      root,
    );
  const projects = (mirror.projects ?? (await findProjects(options))).filter(({ hasUI }) => hasUI);
  if (target instanceof vscode.Uri) return ofFile(projects, target);
  const file = vscode.window.activeTextEditor?.document.uri;
  const near = file?.scheme === "file" ? projectAt(projects, file.fsPath) : undefined;
  // What the user looks at decides: a panel in front, else the file in the editor, else any panel there is.
  const shown = panels.active?.root ?? near?.root ?? panels.current?.root;
  if (shown !== undefined) return named(projectAt(projects, shown), shown);
  const project = projects.length === 1 ? projects[0] : await pickProject(projects);
  if (!project) throw nothingFound();
  return named(project, project.root);
}

async function findProjects({ mirror, use }: SessionCommandsOptions): Promise<readonly Project[]> {
  const projects = await (await use()).findProjects();
  mirror.setProjects(projects);
  return projects;
}

async function ofFile(
  projects: readonly Project[],
  uri: vscode.Uri,
): Promise<{ folder: string; name: string }> {
  const project = projectAt(projects, uri.fsPath);
  if (project) return named(project, project.root);
  const { type } = await vscode.workspace.fs.stat(uri);
  // The server decides whether a folder that was not found by itself can be shown.
  return named(undefined, type & vscode.FileType.Directory ? uri.fsPath : path.dirname(uri.fsPath));
}

function named(project: Project | undefined, folder: string): { folder: string; name: string } {
  return { folder: project?.root ?? folder, name: project?.name ?? path.basename(folder) };
}

async function pickProject(projects: readonly Project[]): Promise<Project | undefined> {
  if (projects.length === 0) return undefined;
  const items = projects.map((project) => ({
    label: project.name,
    description: project.root,
    project,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t("Project to preview"),
  });
  if (!picked) throw new UserError("cancelled", "No project was chosen");
  return picked.project;
}

function nothingFound(): UserError {
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ name }) => name).join(", ");
  if (folders === "")
    return new UserError(
      "not_found",
      vscode.l10n.t("No folder is open. Open one that holds a web project."),
    );
  return new UserError(
    "not_found",
    vscode.l10n.t(
      "No project was found in {0}: no vite.config, no package.json that names Vite, no index.html.",
      folders,
    ),
  );
}

/** The session a command acts on; there must be one. */
async function runningSession(
  { mirror, panels }: SessionCommandsOptions,
  target: unknown,
): Promise<Session> {
  const root = rootOf(mirror, target) ?? panels.current?.root;
  const sessions = mirror.sessions.filter(({ state }) => state.name !== "stopped");
  const session = root === undefined ? undefined : mirror.sessionOf(root);
  if (session) return session;
  if (sessions.length === 0)
    throw new UserError("not_found", vscode.l10n.t("No preview is running. Open one first."));
  if (sessions[0] && sessions.length === 1) return sessions[0];
  const items = sessions.map((each) => ({
    label: each.project.name,
    description: each.url,
    session: each,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t("Preview"),
  });
  if (!picked) throw new UserError("cancelled", "No preview was chosen");
  return picked.session;
}
