import * as vscode from "vscode";
import type { Report } from "./report.ts";
import type { ServerState } from "./server-process.ts";

/** P-03: a crash is a line in the log; only giving up asks the user. */
export function tellServerState(
  state: ServerState,
  { log, report }: { log: vscode.LogOutputChannel; report: Report },
): void {
  if (state.name === "ready") log.info("server: ready");
  if (state.name === "waiting")
    log.warn(`server: ${state.reason}; attempt ${state.attempt} follows`);
  if (state.name !== "failed") return;
  log.error(`server: ${state.reason}`);
  const firstLine = state.reason.split("\n", 1)[0] ?? state.reason;
  report.ask(vscode.l10n.t("{0}. It is not started again by itself.", firstLine), {
    [vscode.l10n.t("Show Log")]: () => log.show(),
    [vscode.l10n.t("Restart Server")]: () =>
      vscode.commands.executeCommand("vitrine.restartServer"),
  });
}
