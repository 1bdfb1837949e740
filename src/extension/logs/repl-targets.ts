/** Which folder, REPL or log a command means: the argument's, the one in front, the only one, or the one the user picks. */
import path from "node:path";
import * as vscode from "vscode";
import { UserError } from "../../protocol/errors.ts";
import type { Log, Repl } from "../../protocol/model.ts";
import type { Mirror } from "../mirror.ts";
import { isTreeTarget } from "../targets.ts";
import type { Translate } from "../tree-texts.ts";
import { logStateText } from "./log-lens-texts.ts";
import { logsInOrder } from "./log-rows.ts";

export interface LogTarget {
  readonly repl: Repl;
  readonly log: Log;
}

const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

/** The workspace folder whose REPL is to start. */
export async function folderOf(target: unknown): Promise<vscode.WorkspaceFolder> {
  const near = target instanceof vscode.Uri ? target : vscode.window.activeTextEditor?.document.uri;
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(
    ({ uri }) => uri.scheme === "file",
  );
  const inFront = near && vscode.workspace.getWorkspaceFolder(near);
  if (inFront?.uri.scheme === "file") return inFront;
  if (folders[0] && folders.length === 1) return folders[0];
  if (folders.length === 0) {
    throw new UserError(
      "not_found",
      vscode.l10n.t("No folder on a disk is open. Open one to keep logs in it."),
    );
  }
  const placeHolder = vscode.l10n.t("Folder whose REPL is meant");
  const picked = await vscode.window.showWorkspaceFolderPick({ placeHolder });
  if (picked?.uri.scheme !== "file") throw new UserError("cancelled", "No folder was chosen");
  return picked;
}

/** A REPL that is on. */
export async function replOf({ repls }: Mirror, target: unknown): Promise<Repl> {
  const named = isTreeTarget(target) && repls.find(({ root }) => root === target.root);
  if (named) return named;
  if (repls.length === 0)
    throw new UserError("not_found", vscode.l10n.t("No REPL is on. Start it first."));
  if (repls[0] && repls.length === 1) return repls[0];
  const items = repls.map((repl) => ({
    label: path.basename(repl.root),
    description: repl.root,
    repl,
  }));
  const placeHolder = vscode.l10n.t("Folder whose REPL is meant");
  const picked = await vscode.window.showQuickPick(items, { placeHolder });
  if (!picked) throw new UserError("cancelled", "No REPL was chosen");
  return picked.repl;
}

/** The log of a line of the tree, else the one the user picks. */
export async function pickLog(mirror: Mirror, target: unknown): Promise<LogTarget> {
  const named = logOfLine(mirror, target);
  if (named) return named;
  const { repls } = mirror;
  if (repls.length === 0)
    throw new UserError("not_found", vscode.l10n.t("No REPL is on. Start it first."));
  const items = repls.flatMap((repl) =>
    logsInOrder(repl).map((log) => ({
      label: log.name,
      description: logStateText(log, translate),
      detail: log.url,
      repl,
      log,
    })),
  );
  if (items.length === 0) {
    throw new UserError(
      "not_found",
      vscode.l10n.t("There is no log yet. Open a preview: each of its pages gets one."),
    );
  }
  const placeHolder = vscode.l10n.t("Log to open");
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (!picked) throw new UserError("cancelled", "No log was chosen");
  return picked;
}

/** Shows a log with the cursor where the next request goes. */
export async function openAtEnd(file: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  const end = document.lineAt(document.lineCount - 1).range.end;
  await vscode.window.showTextDocument(document, {
    selection: new vscode.Range(end, end),
    // The preview keeps its place; the log appears beside it.
    viewColumn: vscode.ViewColumn.One,
  });
}

function logOfLine({ repls }: Mirror, target: unknown): LogTarget | undefined {
  if (!isTreeTarget(target) || !("log" in target)) return undefined;
  const repl = repls.find(({ root }) => root === target.root);
  const log = repl?.logs.find(({ name }) => name === target.log);
  return repl && log && { repl, log };
}
