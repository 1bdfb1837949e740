/** Tells a person what dev servers need them for, and says in the status bar what was attached and let go. */
import * as vscode from "vscode";
import type { DevServerState } from "../../protocol/dev-server.ts";
import type { Mirror } from "../mirror.ts";
import { openPlace } from "../openers.ts";
import type { Report } from "../report.ts";
import type { Translate } from "../tree-texts.ts";
import { attachmentTexts, noticeText } from "./notice-texts.ts";
import { createNotices, type Notice } from "./notices.ts";

const briefMs = 3000;
const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

export function createNotifications(mirror: Mirror, report: Report): vscode.Disposable {
  const notices = createNotices((notice) =>
    report.ask(
      noticeText(notice, translate),
      choicesFor(notice),
      notice.kind === "conflict" ? "question" : "error",
    ),
  );
  let before: readonly DevServerState[] = [];
  const subscription = mirror.onDidChange((part) => {
    if (part !== "devServers") return;
    notices.changed(mirror.devServers);
    for (const line of attachmentTexts(before, mirror.devServers, translate))
      vscode.window.setStatusBarMessage(line, briefMs);
    before = mirror.devServers;
  });
  return vscode.Disposable.from(notices, subscription);
}

function choicesFor({ kind, state }: Notice): Record<string, () => unknown> {
  const run = (command: string) => () =>
    vscode.commands.executeCommand(`vitrine.${command}`, state.pluginID);
  const showOutput = { [vscode.l10n.t("Show Output")]: run("showDevServerLogs") };
  if (kind === "conflict")
    return {
      [vscode.l10n.t("Attach to It")]: run("attachDevServer"),
      [vscode.l10n.t("Keep Ours")]: run("detachDevServer"),
    };
  if (kind === "notInstalled")
    return {
      [vscode.l10n.t("Install Dependencies")]: run("installDependencies"),
      [vscode.l10n.t("Open Folder")]: run("openProjectFolder"),
    };
  if (kind === "portsExhausted") return { [vscode.l10n.t("Show Ports")]: showPorts, ...showOutput };
  const [error] = state.errors;
  return {
    ...showOutput,
    ...(error ? { [vscode.l10n.t("Go to Error")]: () => openPlace(error) } : {}),
    [vscode.l10n.t("Restart")]: run("restartDevServer"),
  };
}

function showPorts(): unknown {
  return vscode.commands.executeCommand("workbench.action.openSettings", "vitrine.portRange");
}
