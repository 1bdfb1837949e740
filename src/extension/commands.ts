/** Registers the commands, and is the one edge where their errors end. */
import * as vscode from "vscode";
import type { Application } from "./application.ts";
import { commandIds } from "./command-ids.ts";
import type { Report } from "./report.ts";

/** The first command that runs loads the rest of the extension. */
export function registerCommands(
  load: () => Promise<Application>,
  report: Report,
): vscode.Disposable {
  return vscode.Disposable.from(
    ...commandIds.map((id) =>
      vscode.commands.registerCommand(id, async (...args: unknown[]) => {
        try {
          const { handlers } = await load();
          await handlers[id](...args);
        } catch (error) {
          report.error(error);
        }
      }),
    ),
  );
}
