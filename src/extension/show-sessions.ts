/** The quick pick behind the status bar: what runs and what could, and what to do with it. */
import * as vscode from "vscode";
import type { CommandId } from "./command-ids.ts";
import { isActive, stateWord } from "./dev-servers/state-texts.ts";
import type { Mirror } from "./mirror.ts";
import type { Translate } from "./tree-texts.ts";

interface Choice extends vscode.QuickPickItem {
  readonly command?: CommandId;
  /** What the command gets. */
  readonly target?: unknown;
}

const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

export async function showSessions(mirror: Mirror): Promise<void> {
  if (mirror.server.name === "failed")
    return void vscode.commands.executeCommand("vitrine.restartServer");
  const choices = [...sessionChoices(mirror), ...devServerChoices(mirror)];
  if (choices.length === 0) return void vscode.commands.executeCommand("vitrine.openPreview");
  const picked = await vscode.window.showQuickPick(choices, {
    placeHolder: vscode.l10n.t("Vitrine: what runs in this window"),
  });
  if (picked?.command) await vscode.commands.executeCommand(picked.command, picked.target);
}

function sessionChoices({ sessions }: Mirror): Choice[] {
  const actions: readonly (readonly [string, CommandId])[] = [
    [`$(open-preview) ${vscode.l10n.t("Open Preview")}`, "vitrine.openPreview"],
    [`$(link-external) ${vscode.l10n.t("Open in Browser")}`, "vitrine.openInBrowser"],
    [`$(debug-restart) ${vscode.l10n.t("Restart Session")}`, "vitrine.restartSession"],
    [`$(debug-stop) ${vscode.l10n.t("Stop Session")}`, "vitrine.stopSession"],
    [`$(output) ${vscode.l10n.t("Show Log")}`, "vitrine.showLog"],
  ];
  return sessions.flatMap(({ project, state }) => [
    separator(project.name),
    ...actions.map(([label, command]) => ({
      label,
      description: `${project.name} · ${vscode.l10n.t(state.name)}`,
      command,
      target: { root: project.root },
    })),
  ]);
}

/** Projects with a back end, and whatever else has a dev server. */
function devServerChoices(mirror: Mirror): Choice[] {
  const ids = new Set([
    ...(mirror.projects ?? []).filter(({ hasBackend }) => hasBackend).map(({ id }) => id),
    ...mirror.devServers.map(({ pluginID }) => pluginID),
  ]);
  return [...ids].flatMap((id) => {
    const state = mirror.devServerOf(id);
    const name = mirror.projects?.find((project) => project.id === id)?.name ?? state?.name ?? id;
    const word = state ? stateWord(state, translate) : vscode.l10n.t("Stopped");
    return [
      separator(name),
      ...devServerActions(isActive(state), state?.mode === "external").map(([label, command]) => ({
        label,
        description: `${name} · ${word}`,
        command,
        target: id,
      })),
    ];
  });
}

function devServerActions(
  isRunning: boolean,
  isExternal: boolean,
): readonly (readonly [string, CommandId])[] {
  const logs = [`$(output) ${vscode.l10n.t("Show Output")}`, "vitrine.showDevServerLogs"] as const;
  if (!isRunning)
    return [[`$(play) ${vscode.l10n.t("Start Dev Server")}`, "vitrine.startDevServer"], logs];
  if (isExternal)
    return [[`$(debug-disconnect) ${vscode.l10n.t("Detach")}`, "vitrine.detachDevServer"], logs];
  return [
    [`$(tools) ${vscode.l10n.t("Rebuild")}`, "vitrine.rebuildDevServer"],
    [`$(debug-restart) ${vscode.l10n.t("Restart Dev Server")}`, "vitrine.restartDevServer"],
    [`$(debug-stop) ${vscode.l10n.t("Stop Dev Server")}`, "vitrine.stopDevServer"],
    logs,
  ];
}

function separator(label: string): Choice {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
