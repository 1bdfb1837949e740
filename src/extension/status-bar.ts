/** One item at the left; a click offers what runs. */
import * as vscode from "vscode";
import { isActive, stateLine } from "./dev-servers/state-texts.ts";
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
  const time = new Intl.DateTimeFormat(vscode.env.language, { timeStyle: "medium" });
  const render = (): void => {
    const status = statusText(mirror, translate);
    if (!status) return item.hide();
    item.text = status.text;
    item.accessibilityInformation = { label: status.spoken };
    item.tooltip = tooltip(mirror, (at) => time.format(at));
    item.backgroundColor =
      status.background === undefined
        ? undefined
        : new vscode.ThemeColor(`statusBarItem.${status.background}Background`);
    item.show();
  };
  const shown = new Set(["sessions", "devServers", "server"]);
  return vscode.Disposable.from(
    item,
    mirror.onDidChange((part) => shown.has(part) && render()),
  );
}

function tooltip(mirror: Mirror, clock: (at: number) => string): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const session of mirror.sessions) {
    const row = projectRow(session.project, { session }, translate);
    text
      .appendText(`${row.label} — ${row.description || translate(session.state.name)}`)
      .appendMarkdown("\n\n");
  }
  for (const state of mirror.devServers.filter(isActive)) {
    const builtAt = Date.parse(state.lastBuildTime);
    const facts = [
      stateLine(state, translate, clock),
      Number.isNaN(builtAt) ? "" : translate("built at {0}", clock(builtAt)),
      state.lastError,
    ];
    text.appendText(`${state.name} — ${facts.filter(Boolean).join(" · ")}`).appendMarkdown("\n\n");
  }
  return text;
}
