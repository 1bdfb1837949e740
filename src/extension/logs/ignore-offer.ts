/** Offers once per folder to keep its logs out of its repository. Without a yes nothing is written. */
import path from "node:path";
import * as vscode from "vscode";
import type { State } from "../state.ts";
import { missingIgnores } from "./gitignore.ts";

export async function offerIgnore(folder: vscode.Uri, state: State): Promise<void> {
  if (!(await exists(vscode.Uri.joinPath(folder, ".git")))) return;
  const file = vscode.Uri.joinPath(folder, ".gitignore");
  const isThere = await exists(file);
  const present = isThere ? (await vscode.workspace.openTextDocument(file)).getText() : "";
  if (missingIgnores(present) === "" || state.ignoreOffered(folder.fsPath)) return;
  const add = vscode.l10n.t("Add");
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t(
      "Add /daebug.md and /daebug/ to the .gitignore of {0}? Logs are seldom meant for a repository.",
      path.basename(folder.fsPath),
    ),
    add,
  );
  if (answer === add) await append(file, isThere);
}

async function append(file: vscode.Uri, isThere: boolean): Promise<void> {
  if (!isThere) {
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(missingIgnores("")));
    return;
  }
  const document = await vscode.workspace.openTextDocument(file);
  const wasClean = !document.isDirty;
  const edit = new vscode.WorkspaceEdit();
  const end = document.lineAt(document.lineCount - 1).range.end;
  edit.insert(file, end, missingIgnores(document.getText()));
  // Unsaved changes are the user's to save.
  if ((await vscode.workspace.applyEdit(edit)) && wasClean) await document.save();
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    // Nothing is there, which is an answer.
    return false;
  }
}
