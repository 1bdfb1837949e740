/** The quick pick behind the status bar: what runs and what could, and what to do with it. */
import * as vscode from "vscode";
import type { CommandId } from "./command-ids.ts";
import type { Mirror } from "./mirror.ts";
import {
  actionsOf,
  projectsToShow,
  wordOf,
  type Action,
  type ShownProject,
} from "./status-actions.ts";
import type { Translate } from "./tree-texts.ts";

interface Choice extends vscode.QuickPickItem {
  readonly command?: CommandId;
  /** Id of the project. */
  readonly target?: string;
}

const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

export async function showSessions(mirror: Mirror): Promise<void> {
  if (mirror.server.name === "failed")
    return void vscode.commands.executeCommand("vitrine.restartServer");
  const choices = projectsToShow(mirror).flatMap((project): Choice[] => [
    { label: project.name, kind: vscode.QuickPickItemKind.Separator },
    ...actionsOf(project, translate).map((action) => toChoice(action, project)),
  ]);
  if (choices.length === 0) return void vscode.commands.executeCommand("vitrine.openPreview");
  const picked = await vscode.window.showQuickPick(choices, {
    placeHolder: vscode.l10n.t("Vitrine: what runs in this window"),
    matchOnDescription: true,
  });
  if (picked?.command) await vscode.commands.executeCommand(picked.command, picked.target);
}

function toChoice({ icon, label, command }: Action, project: ShownProject): Choice {
  const { id, name } = project;
  const description = `${name} · ${wordOf(project, translate)}`;
  return { label: `$(${icon}) ${label}`, description, command, target: id };
}
