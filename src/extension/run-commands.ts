/** Handlers of the commands about blocks: run, run in, run several, stop, clear. */
import * as vscode from "vscode";
import type { ServerMethods } from "../protocol/contract.ts";
import { UserError } from "../protocol/errors.ts";
import type { Run } from "../protocol/model.ts";
import type { CommandHandler, CommandId } from "./command-ids.ts";
import { blockAt, blocksOf, type HashedBlock } from "./document-blocks.ts";
import { isReplFile } from "./logs/repl-files.ts";
import type { Mirror } from "./mirror.ts";
import { pickRealm } from "./realm-pick.ts";
import { clearedResults } from "./result-edits.ts";
import type { Runs } from "./runs.ts";
import { requireTrust } from "./trust.ts";

export interface RunCommandsOptions {
  readonly mirror: Mirror;
  readonly runs: Runs;
  readonly use: () => Promise<ServerMethods>;
}

type RunCommandId = Extract<
  CommandId,
  `vitrine.run${string}` | "vitrine.stopRun" | "vitrine.clearResults"
>;

export function createRunCommands(
  options: RunCommandsOptions,
): Record<RunCommandId, CommandHandler> {
  const { mirror } = options;
  return {
    "vitrine.runBlock": async (uri, index) => {
      requireTrust();
      const { document, block } = await blockOf(uri, index);
      await start(options, document, block);
    },
    "vitrine.runBlockIn": async (uri, index) => {
      requireTrust();
      const { document, block } = await blockOf(uri, index);
      await start(options, document, block, await pickRealm(mirror));
    },
    "vitrine.runAllAbove": async (uri, index) => {
      requireTrust();
      const { document, block } = await blockOf(uri, index);
      await runMany(options, document, block.index);
    },
    "vitrine.runAll": async (uri) => {
      requireTrust();
      const document = await documentOf(uri);
      await runMany(options, document, blocksOf(document).blocks.length);
    },
    "vitrine.stopRun": (id) => stopRuns(options, id),
    "vitrine.clearResults": async (uri) => {
      const document = await documentOf(uri);
      mirror.forgetRuns(document.uri.fsPath);
      await clearedResults(document);
    },
  };
}

async function start(
  { runs, use }: RunCommandsOptions,
  document: vscode.TextDocument,
  block: HashedBlock,
  realm?: string,
): Promise<Run> {
  if (document.uri.scheme !== "file") {
    throw new UserError(
      "unsupported",
      vscode.l10n.t("{0} is not a file on a disk. Save it to run its blocks.", document.uri.path),
    );
  }
  const server = await use();
  const run = await server.runBlock({
    file: document.uri.fsPath,
    text: document.getText(),
    block: block.index,
    ...(realm === undefined ? {} : { realm }),
  });
  runs.started(run, block);
  return run;
}

/** The first `count` blocks one after the other; stops at the first that fails and says so. */
async function runMany(
  options: RunCommandsOptions,
  document: vscode.TextDocument,
  count: number,
): Promise<void> {
  const title = vscode.l10n.t("Running blocks");
  const location = vscode.ProgressLocation.Window;
  const failed = await vscode.window.withProgress(
    { location, title, cancellable: true },
    async (progress) => {
      for (let index = 0; index < count; index += 1) {
        // Results move the blocks below, and the user may edit meanwhile: each one is found anew.
        const block = blocksOf(document).blocks[index];
        if (!block) return undefined;
        progress.report({ message: vscode.l10n.t("{0} of {1}", index + 1, count) });
        const run = await options.runs.finished(await start(options, document, block));
        if (run.state !== "ok") return { run, line: block.startLine };
      }
      return undefined;
    },
  );
  // A run that the user stopped needs no explanation.
  if (!failed || failed.run.state === "cancelled") return;
  const { run, line } = failed;
  vscode.window.setStatusBarMessage(
    vscode.l10n.t("Stopped at the block in line {0}: {1}", line + 1, run.summary || run.state),
    10_000,
  );
}

async function stopRuns({ mirror, use }: RunCommandsOptions, id: unknown): Promise<void> {
  const running = mirror.runs.filter(({ state }) => state === "running");
  const meant =
    typeof id === "string" ? running.filter((run) => run.id === id) : runningIn(running);
  const server = await use();
  await Promise.all(meant.map((run) => server.stopRun(run.id)));
}

/** Without a choice: the runs of the document in front, else all. */
function runningIn(running: readonly Run[]): readonly Run[] {
  const file = vscode.window.activeTextEditor?.document.uri.fsPath;
  const own = running.filter((run) => run.file === file);
  return own.length > 0 ? own : running;
}

/** The block that a lens names, else the one at the cursor. */
async function blockOf(
  uri: unknown,
  index: unknown,
): Promise<{ document: vscode.TextDocument; block: HashedBlock }> {
  const document = await documentOf(uri);
  const editor = vscode.window.activeTextEditor;
  const line = editor?.document === document ? editor.selection.active.line : 0;
  const block =
    typeof index === "number" ? blocksOf(document).blocks[index] : blockAt(document, line);
  if (block) return { document, block };
  throw new UserError(
    "not_found",
    vscode.l10n.t(
      "There is no block to run in line {0}. Put the cursor into a js or ts block.",
      line + 1,
    ),
  );
}

async function documentOf(uri: unknown): Promise<vscode.TextDocument> {
  const document =
    uri instanceof vscode.Uri
      ? await vscode.workspace.openTextDocument(uri)
      : vscode.window.activeTextEditor?.document;
  if (document && isReplFile(document.uri)) {
    throw new UserError(
      "unsupported",
      vscode.l10n.t(
        "{0} belongs to a REPL. A request is a block below the last line of a log, run by saving the file.",
        vscode.workspace.asRelativePath(document.uri),
      ),
    );
  }
  if (document?.languageId === "markdown") return document;
  throw new UserError(
    "not_found",
    vscode.l10n.t("No Markdown file is open. Open one that has js or ts blocks."),
  );
}
