/** Which documents belong to a REPL. */
import * as vscode from "vscode";
import { isReplPath } from "./repl-paths.ts";

/** A log or the registry of a workspace folder, whether or not its REPL is on. No block in it runs as a document's. */
export function isReplFile(uri: vscode.Uri): boolean {
  if (uri.scheme !== "file" || !uri.fsPath.includes("daebug")) return false;
  return isReplPath(vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath, uri.fsPath);
}
