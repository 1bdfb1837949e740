/** CodeLens above every runnable block. The parser is loaded with the first Markdown file; nothing here starts a server. */
import * as vscode from "vscode";
import type { Run } from "../protocol/model.ts";
import { registerLensProvider } from "./lens-provider.ts";
import type { Mirror } from "./mirror.ts";
import type { LensText } from "./lens-texts.ts";
import { isReplFile } from "./logs/repl-files.ts";
import type { Translate } from "./tree-texts.ts";

const translate: Translate = (text, ...values) => vscode.l10n.t(text, ...values);
const commands = {
  run: "vitrine.runBlock",
  runIn: "vitrine.runBlockIn",
  runAllAbove: "vitrine.runAllAbove",
  stop: "vitrine.stopRun",
} as const;

export function registerLenses(mirror: Mirror): vscode.Disposable {
  return registerLensProvider(mirror, {
    selector: { language: "markdown" },
    part: "runs",
    isTicking: () => mirror.runs.some(({ state }) => state === "running"),
    provide: (document, token) =>
      isReplFile(document.uri) ? [] : provide(document, mirror.runsOf(document.uri.fsPath), token),
  });
}

async function provide(
  document: vscode.TextDocument,
  runs: readonly Run[],
  token: vscode.CancellationToken,
): Promise<vscode.CodeLens[]> {
  const [{ blocksOf }, { lensesOf, runOf }] = await Promise.all([
    import("./document-blocks.ts"),
    import("./lens-texts.ts"),
  ]);
  if (token.isCancellationRequested) return [];
  const { blocks } = blocksOf(document);
  const hashes = blocks.map(({ hash }) => hash);
  const format = new Intl.DateTimeFormat(vscode.env.language, {
    hour: "2-digit",
    minute: "2-digit",
  });
  const moment = { now: Date.now(), clock: (at: number) => format.format(at), t: translate };
  return blocks.flatMap((block) => {
    const range = new vscode.Range(block.startLine, 0, block.startLine, 0);
    return lensesOf(block, runOf(block, runs, hashes), moment).map(
      (text) => new vscode.CodeLens(range, toCommand(text, document, block.index)),
    );
  });
}

function toCommand(
  { title, action, run }: LensText,
  document: vscode.TextDocument,
  block: number,
): vscode.Command {
  if (action === undefined) return { title, command: "" };
  return {
    title,
    command: commands[action],
    arguments: action === "stop" ? [run] : [document.uri, block],
  };
}
