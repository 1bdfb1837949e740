/** Installs the packages of a project; the window says so until the project is started, or could not be. */
import * as vscode from "vscode";
import type { ServerMethods } from "../../protocol/contract.ts";
import type { Mirror } from "../mirror.ts";

export async function installDependencies(
  server: ServerMethods,
  mirror: Mirror,
  id: string,
): Promise<void> {
  const state = await server.installDependencies(id);
  mirror.setDevServer(state);
  const title = vscode.l10n.t("Installing the packages of {0}", state.name);
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    untilStarted(mirror, id),
  );
}

/** Tree, panel and log tell how it ended. */
function untilStarted(mirror: Mirror, id: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (mirror.devServerOf(id)?.viteStatus === "starting") return;
      subscription.dispose();
      resolve();
    };
    const subscription = mirror.onDidChange((part) => part === "devServers" && look());
    look();
  });
}
