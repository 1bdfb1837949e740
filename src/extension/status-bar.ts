/** One item at the left; a click offers the sessions. */
import * as vscode from "vscode";
import type { Mirror } from "./mirror.ts";
import { statusText } from "./status-bar-texts.ts";
import { projectRow, type Translate } from "./tree-texts.ts";

const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

export function createStatusBar(mirror: Mirror): vscode.Disposable {
  const item = vscode.window.createStatusBarItem(
    "vitrine.status",
    vscode.StatusBarAlignment.Left,
    10,
  );
  item.name = "Vitrine";
  item.command = "vitrine.showSessions";
  const render = (): void => {
    const status = statusText(mirror.sessions, mirror.server, translate);
    if (!status) return item.hide();
    item.text = status.text;
    item.accessibilityInformation = { label: status.spoken };
    item.tooltip = tooltip(mirror);
    item.backgroundColor =
      status.background === undefined
        ? undefined
        : new vscode.ThemeColor(`statusBarItem.${status.background}Background`);
    item.show();
  };
  return vscode.Disposable.from(
    item,
    mirror.onDidChange((part) => (part === "sessions" || part === "server") && render()),
  );
}

function tooltip(mirror: Mirror): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const session of mirror.sessions) {
    const row = projectRow(session.project, session, translate);
    text
      .appendText(`${row.label} — ${row.description || translate(session.state.name)}`)
      .appendMarkdown("\n\n");
  }
  return text;
}
