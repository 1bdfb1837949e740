/** Pure: which projects the quick pick of the status bar shows, and what can be done with each. */
import type { DevServerState } from "../protocol/dev-server.ts";
import type { Project, Session } from "../protocol/model.ts";
import type { CommandId } from "./command-ids.ts";
import { isActive, stateWord } from "./dev-servers/state-texts.ts";
import type { Translate } from "./tree-texts.ts";

export interface Action {
  /** Codicon. */
  readonly icon: string;
  readonly label: string;
  readonly command: CommandId;
}

export interface ShownProject {
  readonly id: string;
  readonly name: string;
  readonly hasUI: boolean;
  readonly hasBackend: boolean;
  readonly session: Session | undefined;
  readonly state: DevServerState | undefined;
}

interface Facts {
  readonly projects: readonly Project[] | undefined;
  readonly sessions: readonly Session[];
  readonly devServers: readonly DevServerState[];
}

/** Those with a back end, and whatever else was started here or is attached. */
export function projectsToShow({ projects = [], sessions, devServers }: Facts): ShownProject[] {
  const ids = new Set([
    ...sessions.map(({ id }) => id),
    ...devServers.map(({ pluginID }) => pluginID),
    ...projects.filter(({ hasBackend }) => hasBackend).map(({ id }) => id),
  ]);
  return [...ids].map((id) => {
    const session = sessions.find((one) => one.id === id);
    const state = devServers.find(({ pluginID }) => pluginID === id);
    const project = projects.find((one) => one.id === id) ?? session?.project;
    return {
      id,
      name: project?.name ?? state?.name ?? id,
      hasUI: project?.hasUI ?? state?.hasUI ?? false,
      hasBackend: project?.hasBackend ?? state?.hasBackend ?? false,
      session,
      state,
    };
  });
}

/** `Ready`, `Stopped`, … */
export function wordOf({ state, session }: ShownProject, t: Translate): string {
  if (state) return stateWord(state, t);
  return session && session.state.name !== "stopped" ? t(session.state.name) : t("Stopped");
}

/** In the order in which they are likely to be wanted. */
export function actionsOf(shown: ShownProject, t: Translate): readonly Action[] {
  const { hasUI, state } = shown;
  return [
    ...(state?.failure === "not_installed"
      ? [action("cloud-download", t("Install Dependencies"), "vitrine.installDependencies")]
      : []),
    ...(hasUI
      ? [
          action("open-preview", t("Open Preview"), "vitrine.openPreview"),
          action("link-external", t("Open in Browser"), "vitrine.openInBrowser"),
        ]
      : []),
    ...lifeOf(shown, t),
    action("output", t("Show Output"), "vitrine.showDevServerLogs"),
  ];
}

function lifeOf({ state, session, hasBackend }: ShownProject, t: Translate): readonly Action[] {
  if (state?.mode === "external")
    return [action("debug-disconnect", t("Detach"), "vitrine.detachDevServer")];
  const isRunning = isActive(state) || (session && session.state.name !== "stopped");
  if (!isRunning) return [action("play", t("Start"), "vitrine.startDevServer")];
  return [
    action("debug-restart", t("Restart"), "vitrine.restartDevServer"),
    action("debug-stop", t("Stop"), "vitrine.stopDevServer"),
    ...(hasBackend ? [action("tools", t("Rebuild"), "vitrine.rebuildDevServer")] : []),
  ];
}

function action(icon: string, label: string, command: CommandId): Action {
  return { icon, label, command };
}
