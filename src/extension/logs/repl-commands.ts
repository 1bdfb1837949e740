/** Handlers of the commands about logs: start and stop the REPL of a folder, open its logs, run a request again. */
import path from "node:path";
import * as vscode from "vscode";
import type { ServerMethods } from "../../protocol/contract.ts";
import { UserError } from "../../protocol/errors.ts";
import type { Repl } from "../../protocol/model.ts";
import type { CommandHandler, ReplCommandId } from "../command-ids.ts";
import type { FolderLinks } from "../folder-links.ts";
import type { Mirror } from "../mirror.ts";
import type { State } from "../state.ts";
import { requireTrust } from "../trust.ts";
import { offerIgnore } from "./ignore-offer.ts";
import { linesOf, partsOf } from "./log-documents.ts";
import { chunkOf, requestsOf } from "./log-requests.ts";
import { folderOf, openAtEnd, pickLog, replOf, type LogTarget } from "./repl-targets.ts";

export interface ReplCommandsOptions {
  readonly mirror: Mirror;
  readonly state: State;
  readonly links: FolderLinks;
  readonly use: () => Promise<ServerMethods>;
}

/** Ms for which the status bar says what was done. */
const saidMs = 10_000;

/** The agent of requests that a person makes by a click. */
const user = "user";

export function createReplCommands(
  options: ReplCommandsOptions,
): Record<ReplCommandId, CommandHandler> {
  return {
    "vitrine.startRepl": async (target) => {
      requireTrust();
      await start(options, (await folderOf(target)).uri);
    },
    "vitrine.stopRepl": async (target) => {
      const repl = await replOf(options.mirror, target);
      options.state.setRepl(options.links.shown(repl.root), false);
      await (await options.use()).stopRepl(repl.root);
    },
    "vitrine.openLog": async (target) => {
      requireTrust();
      await openLog(options, await pickLog(options.mirror, target));
    },
    "vitrine.openRegistry": (target) => openRegistry(options, target),
    "vitrine.rerunRequest": async (uri, line) => {
      requireTrust();
      await rerun(options, uri, line);
    },
  };
}

/** Starts the REPLs again that were on when the window or the server ended. */
export async function resumeRepls(options: ReplCommandsOptions): Promise<void> {
  if (!vscode.workspace.isTrusted) return;
  const wanted = new Set(options.state.repls());
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) =>
    wanted.has(uri.fsPath),
  );
  await Promise.all(folders.map(({ uri }) => startIn(options, uri)));
}

async function start(options: ReplCommandsOptions, folder: vscode.Uri): Promise<void> {
  const repl = await startIn(options, folder);
  options.state.setRepl(folder.fsPath, true);
  const registry = path.join(path.basename(folder.fsPath), "daebug.md");
  if (repl.state.name === "elsewhere") {
    say(
      vscode.l10n.t(
        "The logs of {0} belong to {1}; this window reads them",
        path.basename(folder.fsPath),
        repl.state.owner,
      ),
    );
    return;
  }
  say(vscode.l10n.t("The REPL is on: {0} lists its logs", registry));
  // Nobody waits for the answer to a question.
  void offerIgnore(folder, options.state);
}

async function startIn(
  { mirror, links, use }: ReplCommandsOptions,
  folder: vscode.Uri,
): Promise<Repl> {
  const root = await links.learn(folder.fsPath);
  const repl = links.shownRepl(await (await use()).startRepl(root));
  mirror.setRepl(repl);
  return repl;
}

async function openLog({ links, use }: ReplCommandsOptions, target: LogTarget): Promise<void> {
  const { repl, log } = target;
  if (repl.state.name === "on") {
    const opened = await (await use()).openLog(repl.root, log.name);
    return openAtEnd(links.shown(opened.file));
  }
  if (log.exists) return openAtEnd(log.file);
  throw foreign(repl);
}

async function openRegistry(
  { mirror, links }: ReplCommandsOptions,
  target: unknown,
): Promise<void> {
  const folder =
    mirror.repls.length > 0
      ? links.shown((await replOf(mirror, target)).root)
      : (await folderOf(target)).uri.fsPath;
  const uri = vscode.Uri.file(path.join(folder, "daebug.md"));
  try {
    await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.One });
  } catch (cause) {
    throw new UserError(
      "not_found",
      vscode.l10n.t("There is no daebug.md in {0}. Start the REPL first.", path.basename(folder)),
      { cause },
    );
  }
}

/** Asks for the blocks of a request again, as a new request of the user at the end of the log. */
async function rerun(
  { mirror, use }: ReplCommandsOptions,
  uri: unknown,
  line: unknown,
): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const document =
    uri instanceof vscode.Uri ? await vscode.workspace.openTextDocument(uri) : editor?.document;
  const found = document && mirror.logOf(document.uri.fsPath);
  if (!found) {
    throw new UserError(
      "not_found",
      vscode.l10n.t("No log is open. Open one from the view first."),
    );
  }
  if (found.repl.state.name !== "on") throw foreign(found.repl);
  const at = typeof line === "number" ? line : (editor?.selection.active.line ?? 0);
  const lines = linesOf(document);
  const request = requestsOf(lines, partsOf(document)).findLast(
    ({ heading }) => heading.line <= at,
  );
  if (!request) {
    throw new UserError("not_found", vscode.l10n.t("There is no request above line {0}.", at + 1));
  }
  await (
    await use()
  ).appendToLog({
    root: found.repl.root,
    name: found.log.name,
    agent: user,
    chunk: chunkOf(lines, request),
  });
}

function foreign({ state, root }: Repl): UserError {
  const owner = state.name === "elsewhere" ? state.owner : "";
  return new UserError(
    "forbidden",
    vscode.l10n.t(
      "The logs of {0} belong to {1}; this window reads them. Stop the REPL there to use them here.",
      path.basename(root),
      owner,
    ),
  );
}

function say(text: string): void {
  vscode.window.setStatusBarMessage(text, saidMs);
}
