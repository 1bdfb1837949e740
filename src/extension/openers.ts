/** Every address that leaves the extension host, and every surface outside the panel that can show a page. */
import * as vscode from "vscode";
import type { Session } from "../protocol/model.ts";
import { pageAddress } from "./page-address.ts";

/** Newest first; both are absent in some editors built on VS Code, so each is looked for before use. */
const browserCommands = ["workbench.action.browser.open", "simpleBrowser.api.open"];

/** The address under which this window reaches a loopback port; it need not listen yet. */
export async function externalAddress(port: number): Promise<string> {
  const local = vscode.Uri.parse(`http://127.0.0.1:${port}/`);
  return (await vscode.env.asExternalUri(local)).toString(true);
}

/** Opens the page in the user's own browser. */
export async function openExternally(session: Session, route: string): Promise<void> {
  // A desktop window forwards a loopback address itself when it opens it; a window in a browser cannot, and the outside
  // address is complete there.
  const base = vscode.env.uiKind === vscode.UIKind.Web ? session.outsideUrl : session.url;
  await vscode.env.openExternal(vscode.Uri.parse(pageAddress(base, route)));
}

/**
 * Opens the page in a browser tab of VS Code.
 * @returns false when this editor has none; the caller falls back to the panel.
 */
export async function openIntegrated(session: Session, route: string): Promise<boolean> {
  const known = new Set(await vscode.commands.getCommands(true));
  const command = browserCommands.find((name) => known.has(name));
  if (command === undefined) return false;
  const address = pageAddress(session.outsideUrl, route);
  const argument = command === "simpleBrowser.api.open" ? vscode.Uri.parse(address) : address;
  try {
    await vscode.commands.executeCommand(command, argument);
    return true;
  } catch {
    // Their arguments are not public API and have changed before; the panel always works.
    return false;
  }
}

/** Opens the developer tools of the panel, where the window has them. */
export async function openDevTools(): Promise<void> {
  const command = "workbench.action.webview.openDeveloperTools";
  if ((await vscode.commands.getCommands(true)).includes(command)) {
    await vscode.commands.executeCommand(command);
    return;
  }
  vscode.window.setStatusBarMessage(
    vscode.l10n.t("This window runs in a browser: its own developer tools (F12) show the page."),
    8000,
  );
}

/** Shows a folder in the explorer, or in the system's own where the window does not have it open. */
export async function openFolder(folder = ""): Promise<void> {
  const uri = vscode.Uri.file(folder);
  const isOpen = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(isOpen ? "revealInExplorer" : "revealFileInOS", uri);
}

/** Opens a file at a place. 1-based line and column. */
export async function openPlace(place: {
  file: string;
  line: number;
  column: number;
}): Promise<void> {
  const position = new vscode.Position(Math.max(place.line - 1, 0), Math.max(place.column - 1, 0));
  await vscode.window.showTextDocument(vscode.Uri.file(place.file), {
    selection: new vscode.Range(position, position),
    // The preview keeps its place; the code appears beside it.
    viewColumn: vscode.ViewColumn.One,
  });
}
