/** Entry of the extension host: builds the light objects, registers them, returns. The rest is loaded at first use. */
import * as vscode from "vscode";
import type { Application } from "./application.ts";
import { registerCommands } from "./commands.ts";
import { registerContextKeys } from "./context-keys.ts";
import { registerLenses } from "./lenses.ts";
import { Mirror } from "./mirror.ts";
import { panelViewType } from "./panel-view-type.ts";
import { createReport } from "./report.ts";
import { registerTree } from "./tree.ts";

let application: Promise<Application> | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Vitrine", { log: true });
  const mirror = new Mirror();
  const report = createReport(log);
  const load = (): Promise<Application> => {
    application ??= import("./application.ts").then(({ createApplication }) =>
      createApplication({ context, log, mirror, report }),
    );
    return application;
  };
  const findProjects = (): Promise<void> =>
    load()
      .then((loaded) => loaded.findProjects())
      .catch((error: unknown) => report.error(error, { quiet: true }));

  context.subscriptions.push(
    log,
    mirror,
    registerCommands(load, report),
    registerTree(mirror, findProjects),
    registerLenses(mirror),
    registerContextKeys(mirror),
    vscode.window.registerWebviewPanelSerializer(panelViewType, {
      deserializeWebviewPanel: async (view, state) => (await load()).restorePanel(view, state),
    }),
  );
}

/** VS Code waits a few seconds at most; the server also ends by itself when its channel closes (P-02). */
export async function deactivate(): Promise<void> {
  const loaded = await application;
  await loaded?.stop();
}
