/** Entry of the extension host: builds the light objects, registers them, returns. The rest is loaded at first use. */
import * as vscode from "vscode";
import type { Application } from "./application.ts";
import { registerCommands } from "./commands.ts";
import { registerContextKeys } from "./context-keys.ts";
import { registerFolding } from "./folding.ts";
import { registerLenses } from "./lenses.ts";
import { registerLogLenses } from "./logs/log-lenses.ts";
import { Mirror } from "./mirror.ts";
import { panelViewType } from "./panel-view-type.ts";
import { createReport } from "./report.ts";
import { createState } from "./state.ts";
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
  const quietly = (act: (loaded: Application) => Promise<void>): Promise<void> =>
    load()
      .then(act)
      .catch((error: unknown) => report.error(error, { quiet: true }));
  const resume = (): void => {
    const { isTrusted } = vscode.workspace;
    if (isTrusted && createState(context.workspaceState).repls().length > 0)
      void quietly((loaded) => loaded.resumeRepls());
  };

  context.subscriptions.push(
    log,
    mirror,
    registerCommands(load, report),
    registerTree(mirror, () => quietly((loaded) => loaded.findProjects())),
    registerLenses(mirror),
    registerLogLenses(mirror),
    registerFolding(),
    registerContextKeys(mirror),
    vscode.window.registerWebviewPanelSerializer(panelViewType, {
      deserializeWebviewPanel: async (view, state) => (await load()).restorePanel(view, state),
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(resume),
  );
  resume();
}

/** VS Code waits a few seconds at most; the server also ends by itself when its channel closes (P-02). */
export async function deactivate(): Promise<void> {
  const loaded = await application;
  await loaded?.stop();
}
