/** One item at the left; a click offers what runs. */
import * as vscode from "vscode";
import type { Mirror } from "./mirror.ts";
import { statusText } from "./status-bar-texts.ts";
import { tooltipTable } from "./status-bar-table.ts";
import type { Translate } from "./tree-texts.ts";

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
    item.tooltip = new vscode.MarkdownString(
      tooltipTable(mirror, translate, (at) => time.format(at)),
    );
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
