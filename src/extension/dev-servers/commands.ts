/** Handlers of the commands about dev servers. Each takes an id, a line of the tree, a file, or asks. */
import * as vscode from "vscode";
import type { ServerMethods } from "../../protocol/contract.ts";
import { UserError } from "../../protocol/errors.ts";
import type { Project } from "../../protocol/model.ts";
import type { CommandHandler, DevServerCommandId } from "../command-ids.ts";
import type { Mirror } from "../mirror.ts";
import type { Output } from "../output.ts";
import { openFolder } from "../openers.ts";
import { projectAt } from "../targets.ts";
import type { Translate } from "../tree-texts.ts";
import { requireTrust } from "../trust.ts";
import { installDependencies } from "./install.ts";
import { isActive, stateWord } from "./state-texts.ts";
import { idOf } from "./targets.ts";

export interface DevServerCommandsOptions {
  readonly mirror: Mirror;
  readonly output: Output;
  readonly use: () => Promise<ServerMethods>;
}

/** Lines that a view shows at first (dev-servers section 9). */
const shownLines = 1000;
const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

export function createDevServerCommands(
  options: DevServerCommandsOptions,
): Record<DevServerCommandId, CommandHandler> {
  const { mirror, output, use } = options;
  const act =
    (call: (server: ServerMethods, id: string) => Promise<unknown>, isCandidate = isRunning) =>
    async (target: unknown) => {
      requireTrust();
      const id = await projectOf(options, target, isCandidate);
      await call(await use(), id);
    };
  return {
    "vitrine.startDevServer": act(
      async (server, id) => mirror.setDevServer(await server.startDevServer(id)),
      isStopped,
    ),
    "vitrine.stopDevServer": act((server, id) => server.stopDevServer(id)),
    "vitrine.restartDevServer": act(async (server, id) =>
      mirror.setDevServer(await server.restartDevServer(id)),
    ),
    "vitrine.rebuildDevServer": act((server, id) => server.rebuildDevServer(id)),
    "vitrine.installDependencies": act(
      (server, id) => installDependencies(server, mirror, id),
      ({ hasUI }) => hasUI,
    ),
    "vitrine.openProjectFolder": async (target) => {
      const id = await projectOf(options, target, () => true);
      await openFolder(knownProjects(mirror).find((project) => project.id === id)?.folder);
    },
    "vitrine.attachDevServer": async (target, devinfo) => {
      requireTrust();
      const id = await projectOf(options, target, () => true);
      const server = await use();
      mirror.setDevServer(
        await (typeof devinfo === "string"
          ? server.attachDevServer(id, devinfo)
          : server.attachDevServer(id)),
      );
    },
    "vitrine.detachDevServer": act((server, id) => server.detachDevServer(id)),
    "vitrine.showDevServerLogs": async (target) => {
      const id = await projectOf(options, target, isRunning);
      const name = nameOf(mirror, id);
      // Lines arrive as they are written; what was written before this window looked is asked for.
      if (!output.has(name))
        output.devServerLogged(await (await use()).devServerLogs(id, shownLines));
      output.show(name);
    },
    ...commandsForAll(options),
  };
}

function commandsForAll({
  mirror,
  use,
}: DevServerCommandsOptions): Record<
  "vitrine.startAllDevServers" | "vitrine.stopAllDevServers",
  CommandHandler
> {
  return {
    "vitrine.startAllDevServers": async () => {
      requireTrust();
      const server = await use();
      const projects = mirror.projects ?? (await server.findProjects());
      const ids = projects.map(({ id }) => id).filter((id) => !isActive(mirror.devServerOf(id)));
      await forAll(ids, mirror, vscode.l10n.t("Starting {0} projects", ids.length), async (id) =>
        mirror.setDevServer(await server.startDevServer(id)),
      );
    },
    "vitrine.stopAllDevServers": async () => {
      const server = await use();
      const ids = mirror.devServers.filter(isActive).map(({ pluginID }) => pluginID);
      await forAll(ids, mirror, vscode.l10n.t("Stopping {0} projects", ids.length), (id) =>
        server.stopDevServer(id),
      );
    },
  };
}

type IsCandidate = (project: Project, mirror: Mirror) => boolean;

const isRunning: IsCandidate = ({ id }, mirror) => isActive(mirror.devServerOf(id));
const isStopped: IsCandidate = ({ id }, mirror) => !isActive(mirror.devServerOf(id));

/** The id that is meant: the argument's, that of the file in front, the only one, or the one the user picks. */
async function projectOf(
  { mirror, use }: DevServerCommandsOptions,
  target: unknown,
  isCandidate: IsCandidate,
): Promise<string> {
  const projects = mirror.projects ?? (await (await use()).findProjects());
  const given = idOf(target, [...projects, ...knownProjects(mirror)]);
  if (given !== undefined) return given;
  const candidates = projects.filter((project) => isCandidate(project, mirror));
  const uri = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
  const near = uri?.scheme === "file" ? projectAt(candidates, uri.fsPath) : undefined;
  if (near) return near.id;
  const [first] = candidates;
  if (!first) throw nothingToDo(projects);
  return candidates.length === 1 ? first.id : pick(candidates, mirror);
}

/** Also those of pages that were opened by a path. */
function knownProjects({ projects = [], sessions }: Mirror): readonly Project[] {
  return [...projects, ...sessions.map(({ project }) => project)];
}

async function pick(candidates: readonly Project[], mirror: Mirror): Promise<string> {
  const items = candidates.map(({ id, name, folder }) => {
    const state = mirror.devServerOf(id);
    return {
      label: name,
      description: state ? stateWord(state, translate) : "",
      detail: folder,
      id,
    };
  });
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t("Project"),
  });
  if (!picked) throw new UserError("cancelled", "No project was chosen");
  return picked.id;
}

function nothingToDo(projects: readonly Project[]): UserError {
  return new UserError(
    "not_found",
    projects.length === 0
      ? vscode.l10n.t("There is no project in this workspace. Add one to vitrine.json")
      : vscode.l10n.t(
          "There is no project for which this can be done now. The view of projects says what runs",
        ),
  );
}

function nameOf(mirror: Mirror, id: string): string {
  return mirror.projects?.find((project) => project.id === id)?.name ?? id;
}

/** All at once: the server itself says how many may start together. One that fails does not stop the others. */
async function forAll(
  ids: readonly string[],
  mirror: Mirror,
  title: string,
  call: (id: string) => Promise<unknown>,
): Promise<void> {
  const progress = { location: vscode.ProgressLocation.Window, title };
  const results = await vscode.window.withProgress(progress, () =>
    Promise.allSettled(ids.map(call)),
  );
  const failures = results.flatMap((result, index) =>
    result.status === "rejected"
      ? [{ id: ids[index] ?? "", reason: result.reason as unknown }]
      : [],
  );
  const [first] = failures;
  if (!first) return;
  if (failures.length === 1) throw first.reason;
  const names = failures.map(({ id }) => nameOf(mirror, id)).join(", ");
  const reason = first.reason instanceof Error ? first.reason.message : String(first.reason);
  throw new UserError(
    first.reason instanceof UserError ? first.reason.code : "internal",
    vscode.l10n.t(
      "{0} of {1} projects failed ({2}): {3}",
      failures.length,
      ids.length,
      names,
      reason,
    ),
    { cause: first.reason },
  );
}
