/** Edits of open documents that put results in and take them out; the smallest that do it. */
import * as vscode from "vscode";
import type { Edit } from "../markdown/edits.ts";
import { clearResults, placeResult } from "../markdown/results.ts";
import type { ResultPlacement } from "../protocol/contract.ts";

/** An edit is refused when the document changed under it; the place is then looked for again. */
const attempts = 5;

/**
 * Puts a result into the document as it is now.
 * @returns false when VS Code refused every attempt. A result whose block is gone has no place and counts as done.
 */
export async function placed(
  document: vscode.TextDocument,
  placement: ResultPlacement,
): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const edit = placeResult(document.getText(), placement);
    if (!edit || (edit.start === edit.end && edit.text === "")) return true;
    if (await applied(document, [edit])) return true;
  }
  return false;
}

/** Takes all results out of the document. */
export async function clearedResults(document: vscode.TextDocument): Promise<void> {
  const edits = clearResults(document.getText());
  if (edits.length > 0) await applied(document, edits);
}

/** Replaces ranges given by offsets. False when VS Code refused, because the document changed meanwhile. */
export function applied(document: vscode.TextDocument, edits: readonly Edit[]): Thenable<boolean> {
  const change = new vscode.WorkspaceEdit();
  for (const { start, end, text } of edits) {
    change.replace(
      document.uri,
      new vscode.Range(document.positionAt(start), document.positionAt(end)),
      text,
    );
  }
  return vscode.workspace.applyEdit(change);
}
