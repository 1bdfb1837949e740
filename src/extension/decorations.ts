/** The first line of a block's value behind its closing fence, where no result stands in the file below it. */
import * as vscode from "vscode";
import type { Config } from "../protocol/contract.ts";
import type { Run } from "../protocol/model.ts";
import { blocksOf, type HashedBlock } from "./document-blocks.ts";
import { runOf } from "./lens-texts.ts";
import type { Mirror } from "./mirror.ts";
import { plainText } from "./plain-text.ts";

const longestSummary = 80;

export function createDecorations(
  mirror: Mirror,
  results: () => Config["results"],
): vscode.Disposable {
  const value = vscode.window.createTextEditorDecorationType({
    after: { color: new vscode.ThemeColor("editorGhostText.foreground"), margin: "0 0 0 2ch" },
  });
  const render = (editor: vscode.TextEditor): void => {
    if (editor.document.languageId !== "markdown") return;
    const runs = mirror.runsOf(editor.document.uri.fsPath);
    editor.setDecorations(
      value,
      runs.length === 0 ? [] : decorationsOf(editor.document, runs, results()),
    );
  };
  const renderAll = (): void => vscode.window.visibleTextEditors.forEach(render);
  return vscode.Disposable.from(
    value,
    mirror.onDidChange((part) => {
      if (part === "runs") renderAll();
    }),
    vscode.window.onDidChangeVisibleTextEditors(renderAll),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      for (const editor of vscode.window.visibleTextEditors)
        if (editor.document === document) render(editor);
    }),
  );
}

function decorationsOf(
  document: vscode.TextDocument,
  runs: readonly Run[],
  results: Config["results"],
): vscode.DecorationOptions[] {
  const { blocks } = blocksOf(document);
  const hashes = blocks.map(({ hash }) => hash);
  return blocks.flatMap((block) => {
    const run = runOf(block, runs, hashes);
    // A result in the file says the same one line below.
    if (
      !run ||
      run.state === "running" ||
      run.summary === "" ||
      (results === "file" && block.results.length > 0)
    )
      return [];
    return [decoration(document, block, run)];
  });
}

function decoration(
  document: vscode.TextDocument,
  block: HashedBlock,
  run: Run,
): vscode.DecorationOptions {
  const text = plainText(run.summary).replace(/\s+/g, " ");
  const shown = text.length <= longestSummary ? text : `${text.slice(0, longestSummary - 1)}…`;
  return {
    range: document.lineAt(block.endLine).range,
    hoverMessage: new vscode.MarkdownString().appendCodeblock(plainText(run.summary), "text"),
    renderOptions: { after: { contentText: shown } },
  };
}
