/** Problems: one collection for builds, transforms and pages, one for blocks. Replaced whole, cleared by recovery. */
import * as vscode from "vscode";
import type { Problem } from "../protocol/model.ts";
import type { Mirror } from "./mirror.ts";
import { byFile, toPlace } from "./problem-places.ts";
import { plainText } from "./plain-text.ts";

const severities = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  info: vscode.DiagnosticSeverity.Information,
} as const;

/** @param blockProblems current problems of blocks, moved to where their blocks are now. */
export function createProblems(
  mirror: Mirror,
  blockProblems: () => readonly Problem[],
): vscode.Disposable {
  const build = createCollection("vitrine");
  const blocks = createCollection("vitrine blocks");
  const renderBlocks = (): void => blocks.replace(blockProblems());
  return vscode.Disposable.from(
    build,
    blocks,
    mirror.onDidChange((part) => {
      if (part === "sessions") build.replace(mirror.sessions.flatMap(({ problems }) => problems));
      if (part === "runs") renderBlocks();
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.languageId === "markdown" && mirror.runsOf(document.uri.fsPath).length > 0)
        renderBlocks();
    }),
  );
}

interface Collection extends vscode.Disposable {
  replace(problems: readonly Problem[]): void;
}

function createCollection(name: string): Collection {
  const collection = vscode.languages.createDiagnosticCollection(name);
  let shown = "[]";
  return {
    replace(problems) {
      // Most snapshots change nothing here, and each `set` makes every listener of diagnostics run.
      const next = JSON.stringify(problems);
      if (next === shown) return;
      shown = next;
      collection.clear();
      for (const [file, found] of byFile(problems))
        collection.set(vscode.Uri.file(file), found.map(toDiagnostic));
    },
    dispose: () => collection.dispose(),
  };
}

function toDiagnostic(problem: Problem): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(
    rangeOf(problem),
    plainText(problem.message),
    severities[problem.severity],
  );
  diagnostic.source = problem.source;
  if (problem.code !== undefined) diagnostic.code = problem.code;
  return diagnostic;
}

function rangeOf(problem: Problem): vscode.Range {
  const { line, column, end } = toPlace(problem);
  const start = new vscode.Position(line, column);
  if (end) return new vscode.Range(start, new vscode.Position(end.line, end.column));
  const document = vscode.workspace.textDocuments.find(({ uri }) => uri.fsPath === problem.file);
  if (!document || line >= document.lineCount) return new vscode.Range(start, start);
  const word = document.getWordRangeAtPosition(start);
  return new vscode.Range(start, word?.end ?? start);
}
