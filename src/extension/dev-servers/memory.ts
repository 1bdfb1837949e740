/** Remembers which projects ran, and offers once to start them again when the window is used the next time. */
import * as vscode from "vscode";
import { managedIds } from "../mirror-facts.ts";
import type { Mirror } from "../mirror.ts";
import type { State } from "../state.ts";
import { isActive } from "./state-texts.ts";
import { namesOf, toOffer } from "./to-offer.ts";

export interface MemoryOptions {
  readonly mirror: Mirror;
  readonly state: State;
  /** Starts one project; its failures are reported where it is done. */
  readonly start: (id: string) => void;
}

/** Dispose it before the server is stopped: what ends with the window did run. */
export function createMemory({ mirror, state, start }: MemoryOptions): vscode.Disposable {
  const ran = state.devServers();
  let isOffered = ran.length === 0;
  const offer = async (): Promise<void> => {
    if (isOffered || !mirror.projects) return;
    isOffered = true;
    const running = mirror.devServers.filter(isActive).map(({ pluginID }) => pluginID);
    const projects = toOffer(ran, mirror.projects, running);
    if (projects.length === 0) return;
    const choice = vscode.l10n.t("Start");
    const message = vscode.l10n.t(
      "{0} ran when this window was closed. Start again?",
      namesOf(projects),
    );
    if ((await vscode.window.showInformationMessage(message, choice)) !== choice) return;
    for (const { id } of projects) start(id);
  };
  return mirror.onDidChange((part) => {
    if (part === "projects") void offer();
    // While the server is gone nothing runs, and that is not what is remembered.
    if (part === "devServers" && mirror.server.name === "ready")
      state.setDevServers(managedIds(mirror.devServers));
  });
}
