/**
 * Problems: a collection each for transforms and pages, for builds, for the files that configure projects, and for blocks.
 * Replaced whole, cleared by recovery.
 */
import * as vscode from "vscode";
import type { BuildError, RelatedPlace } from "../protocol/dev-server.ts";
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
  const pages = createCollection("vitrine");
  const builds = createCollection("vitrine builds");
  const projects = createCollection("vitrine projects");
  const blocks = createCollection("vitrine blocks");
  const renderBlocks = (): void => blocks.replace(blockProblems());
  return vscode.Disposable.from(
    pages,
    builds,
    projects,
    blocks,
    mirror.onDidChange((part) => {
      if (part === "sessions") pages.replace(mirror.sessions.flatMap(({ problems }) => problems));
      if (part === "devServers") builds.replace(mirror.devServers.flatMap(({ errors }) => errors));
      if (part === "projectProblems") projects.replace(mirror.projectProblems);
      if (part === "runs") renderBlocks();
    }),
    vscode.workspace.onDidOpenTextDocument((document) => {
      for (const collection of [pages, builds, projects, blocks]) collection.opened(document);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.languageId === "markdown" && mirror.runsOf(document.uri.fsPath).length > 0)
        renderBlocks();
    }),
  );
}

interface Collection extends vscode.Disposable {
  replace(problems: readonly BuildError[]): void;
  /** Where the words of a file end is known from now on. */
  opened(document: vscode.TextDocument): void;
}

function createCollection(name: string): Collection {
  const collection = vscode.languages.createDiagnosticCollection(name);
  let shown = "[]";
  let files = new Map<string, BuildError[]>();
  return {
    replace(problems) {
      // Most snapshots change nothing here, and each `set` makes every listener of diagnostics run.
      const next = JSON.stringify(problems);
      if (next === shown) return;
      shown = next;
      collection.clear();
      files = byFile(problems);
      for (const [file, found] of files)
        collection.set(vscode.Uri.file(file), found.map(toDiagnostic));
    },
    opened({ uri }) {
      const found = uri.scheme === "file" ? files.get(uri.fsPath) : undefined;
      if (found) collection.set(uri, found.map(toDiagnostic));
    },
    dispose: () => collection.dispose(),
  };
}

function toDiagnostic(problem: BuildError): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(
    rangeOf(problem),
    plainText(problem.message),
    severities[problem.severity],
  );
  diagnostic.source = problem.source;
  if (problem.code !== undefined) diagnostic.code = problem.code;
  if (problem.related && problem.related.length > 0)
    diagnostic.relatedInformation = problem.related.map(toRelated);
  return diagnostic;
}

function toRelated({
  file,
  line,
  column,
  message,
}: RelatedPlace): vscode.DiagnosticRelatedInformation {
  const at = new vscode.Position(Math.max(line - 1, 0), Math.max(column - 1, 0));
  const location = new vscode.Location(vscode.Uri.file(file), at);
  return new vscode.DiagnosticRelatedInformation(location, plainText(message));
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
