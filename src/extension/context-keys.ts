/** Context keys for menus, keys and welcome views: `vitrine.*`, functions of the mirror and of the active editor. */
import * as vscode from "vscode";
import { isActive } from "./dev-servers/state-texts.ts";
import { isReplFile } from "./logs/repl-files.ts";
import type { Mirror } from "./mirror.ts";

export function registerContextKeys(mirror: Mirror): vscode.Disposable {
  const known = new Map<string, unknown>();
  const set = (key: string, value: unknown): void => {
    if (known.get(key) === value) return;
    known.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  };
  const setEditorKeys = async (): Promise<void> => {
    const editor = vscode.window.activeTextEditor;
    const isOfRepl = editor !== undefined && isReplFile(editor.document.uri);
    set("vitrine.inLog", isOfRepl && mirror.logOf(editor.document.uri.fsPath) !== undefined);
    if (editor?.document.languageId !== "markdown" || isOfRepl) {
      set("vitrine.hasBlocks", false);
      set("vitrine.inBlock", false);
      return;
    }
    const { blockAt, blocksOf } = await import("./document-blocks.ts");
    set("vitrine.hasBlocks", blocksOf(editor.document).blocks.length > 0);
    set("vitrine.inBlock", blockAt(editor.document, editor.selection.active.line) !== undefined);
  };
  const setMirrorKeys = (): void => {
    set("vitrine.searched", mirror.projects !== undefined);
    set(
      "vitrine.sessionCount",
      mirror.sessions.filter(({ state }) => state.name !== "stopped").length,
    );
    set(
      "vitrine.running",
      mirror.runs.some(({ state }) => state === "running"),
    );
    set("vitrine.replCount", mirror.repls.length);
    set("vitrine.devServerCount", mirror.devServers.filter(isActive).length);
    set("vitrine.logCount", mirror.logs.length);
  };
  setMirrorKeys();
  void setEditorKeys();
  return vscode.Disposable.from(
    mirror.onDidChange((part) => {
      setMirrorKeys();
      if (part === "repls") void setEditorKeys();
    }),
    vscode.window.onDidChangeActiveTextEditor(setEditorKeys),
    vscode.window.onDidChangeTextEditorSelection(setEditorKeys),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document === vscode.window.activeTextEditor?.document) void setEditorKeys();
    }),
    vscode.workspace.onDidSaveTextDocument(({ languageId }) => {
      // A step of the walkthrough: a source was changed while its preview was live.
      if (languageId !== "markdown" && mirror.sessions.some(({ state }) => state.name === "live")) {
        set("vitrine.savedWhileLive", true);
      }
    }),
  );
}
