/** Edits of open documents with unsaved changes, on behalf of the server (decision 38): applied, never saved. */
import type { TextDocument } from "vscode";
import type { DirtyDocument, DirtyEdit } from "../protocol/contract.ts";

/** The document as the editor has it, when it has unsaved changes. */
export function readDirty(document: TextDocument | undefined): DirtyDocument | undefined {
  if (!document?.isDirty || document.isClosed) return undefined;
  return { text: document.getText(), version: document.version };
}

/**
 * Applies an edit to the version it was made for.
 * @param apply replaces a range given by offsets, and says whether VS Code did.
 * @returns false when the document is at another version, or was saved or closed: the server looks again then.
 */
export async function editDirty(
  document: TextDocument | undefined,
  edit: DirtyEdit,
  apply: (document: TextDocument, edit: DirtyEdit) => PromiseLike<boolean>,
): Promise<boolean> {
  if (readDirty(document)?.version !== edit.version || !document) return false;
  if (edit.start === edit.end && edit.text === "") return true;
  return apply(document, edit);
}
