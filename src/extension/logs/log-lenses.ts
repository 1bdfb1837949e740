/** CodeLens on the logs of a running REPL. What is read of a log is loaded with the first one that is shown. */
import * as vscode from "vscode";
import { registerLensProvider } from "../lens-provider.ts";
import type { Mirror } from "../mirror.ts";
import type { Translate } from "../tree-texts.ts";

const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);

/** Logs by their place; which of them are live the mirror says. */
export const logSelector: vscode.DocumentSelector = {
  language: "markdown",
  scheme: "file",
  pattern: "**/daebug/*.md",
};

export function registerLogLenses(mirror: Mirror): vscode.Disposable {
  return registerLensProvider(mirror, {
    selector: logSelector,
    part: "repls",
    isTicking: () => mirror.logs.some(({ active }) => active !== undefined),
    provide: (document, token) => provide(mirror, document, token),
  });
}

async function provide(
  mirror: Mirror,
  document: vscode.TextDocument,
  token: vscode.CancellationToken,
): Promise<vscode.CodeLens[]> {
  const found = mirror.logOf(document.uri.fsPath);
  if (!found) return [];
  const [{ linesOf, partsOf }, { logLenses }] = await Promise.all([
    import("./log-documents.ts"),
    import("./log-lens-texts.ts"),
  ]);
  if (token.isCancellationRequested) return [];
  const lenses = logLenses({
    ...found,
    lines: linesOf(document),
    parts: partsOf(document),
    now: Date.now(),
    t: translate,
  });
  return lenses.map(({ line, title, rerun, tooltip }) => {
    const command: vscode.Command =
      rerun === undefined
        ? { title, command: "" }
        : { title, command: "vitrine.rerunRequest", arguments: [document.uri, rerun] };
    if (tooltip !== undefined) command.tooltip = tooltip;
    return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), command);
  });
}
