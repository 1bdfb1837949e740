/** The only place that shows errors: a line in the log, and a notification when nothing else would tell the user. */
import * as vscode from "vscode";
import { UserError } from "../protocol/errors.ts";

const repeatAfterMs = 60_000;
const quietMessageMs = 6000;

export interface Report {
  /** For what failed behind a command of the user, or in the background (`quiet`: log only). */
  error(error: unknown, options?: { readonly quiet?: boolean }): void;
  /**
   * A choice the user has to make: message, then at most two buttons. Never the same twice within a minute.
   * @param as `question` where nothing failed
   */
  ask(
    message: string,
    choices: Readonly<Record<string, () => unknown>>,
    as?: "error" | "question",
  ): void;
}

export function createReport(log: vscode.LogOutputChannel): Report {
  const shown = new Map<string, number>();
  const showLog = { [vscode.l10n.t("Show Log")]: () => log.show() };

  const ask: Report["ask"] = (message, choices, as = "error") => {
    const now = performance.now();
    if (now - (shown.get(message) ?? -Infinity) < repeatAfterMs) return;
    shown.set(message, now);
    const buttons = Object.keys(choices);
    const chosen =
      as === "question"
        ? vscode.window.showInformationMessage(message, ...buttons)
        : vscode.window.showErrorMessage(message, ...buttons);
    void chosen.then((choice) => choice && choices[choice]?.());
  };
  return {
    ask,
    error(error, { quiet = false } = {}) {
      if (error instanceof UserError && error.code === "cancelled") return;
      logError(log, error);
      if (quiet) return;
      if (!(error instanceof UserError)) {
        return ask(vscode.l10n.t("Vitrine failed unexpectedly: {0}", messageOf(error)), showLog);
      }
      // Told by the tree, the panel and, once the server was given up, by its own notification.
      if (error.code === "server_gone") return;
      // Restricted Mode is a state the user chose, not a failure.
      if (error.code === "not_trusted")
        return void vscode.window.setStatusBarMessage(error.message, quietMessageMs);
      ask(messageOf(error), { ...stopOther(error), ...showLog });
    },
  };
}

/** Where too many projects run, the one that is missed least may be stopped. */
function stopOther({ code, data }: UserError): Readonly<Record<string, () => unknown>> {
  const { leastUsed, name = "" } = data;
  if (code !== "limit" || leastUsed === undefined) return {};
  const stop = (): unknown =>
    vscode.commands.executeCommand("vitrine.stopDevServer", String(leastUsed));
  return { [vscode.l10n.t("Stop {0}", name)]: stop };
}

function logError(log: vscode.LogOutputChannel, error: unknown): void {
  if (error instanceof UserError) return log.warn(`${error.code}: ${error.message}`);
  log.error(error instanceof Error ? error : String(error));
}

/** A notification holds one line; the log has the rest. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? text;
}
