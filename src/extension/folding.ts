/** What can be folded besides headings and fences: results of documents; in logs, replies and events to their own end. */
import * as vscode from "vscode";
import { logSelector } from "./logs/log-lenses.ts";
import { isReplFile } from "./logs/repl-files.ts";

export function registerFolding(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.languages.registerFoldingRangeProvider(
      { language: "markdown", scheme: "file" },
      { provideFoldingRanges: (document) => (isReplFile(document.uri) ? [] : results(document)) },
    ),
    vscode.languages.registerFoldingRangeProvider(logSelector, {
      provideFoldingRanges: (document) => (isReplFile(document.uri) ? logParts(document) : []),
    }),
  );
}

async function results(document: vscode.TextDocument): Promise<vscode.FoldingRange[]> {
  const { blocksOf } = await import("./document-blocks.ts");
  return blocksOf(document)
    .regions.filter(({ complete }) => complete)
    .map(
      ({ startLine, endLine }) =>
        new vscode.FoldingRange(startLine, endLine, vscode.FoldingRangeKind.Region),
    );
}

async function logParts(document: vscode.TextDocument): Promise<vscode.FoldingRange[]> {
  const [{ linesOf, partsOf }, { logFolds }] = await Promise.all([
    import("./logs/log-documents.ts"),
    import("./logs/log-folds.ts"),
  ]);
  return logFolds(linesOf(document), partsOf(document)).map(
    ({ start, end }) => new vscode.FoldingRange(start, end),
  );
}
