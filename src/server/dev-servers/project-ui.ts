/** The UI of a project as its dev server sees it: the session of the project, which previews open as well. */
import type { Project, Session } from "../../protocol/model.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { DevServer, UiOwner } from "./dev-server.ts";
import type { OwnUi } from "./dev-server-state.ts";
import type { ExternalPart } from "./external/attachment.ts";

/**
 * Tells what came of each step at once: the sessions' own news come a moment later.
 * @param server once it is made
 */
export function createUiOwner(
  sessions: Sessions,
  id: string,
  server: () => Pick<DevServer, "found" | "uiChanged">,
): UiOwner {
  const project = (): Project => server().found.project;
  const tell = (session: Omit<Session, "realms"> | undefined): void => {
    const ui = session && ownUiOf(sessions, session);
    if (ui !== undefined) server().uiChanged(ui);
  };
  return {
    open: async () => tell(await sessions.open(project())),
    restart: async () => {
      const isKnown = sessions.get(id) !== undefined;
      tell(await (isKnown ? sessions.restart(id) : sessions.open(project())));
    },
    install: async () => tell(await sessions.install(project())),
    stop: async () => {
      await sessions.stop(id);
      tell(sessions.get(id)?.snapshot());
    },
  };
}

/** @returns undefined for the session of an attached process: it says nothing that the process's own facts do not */
export function ownUiOf(
  sessions: Sessions,
  { id, state, pid }: Omit<Session, "realms">,
): OwnUi | undefined {
  const session = sessions.get(id);
  const ui = session?.ui;
  if (session === undefined || ui === undefined || ui.kind === "attached") return undefined;
  return { state, serverUrl: ui.serverUrl, pid, restarts: session.restarts };
}

/** The pages of an attached process are shown like those of a project, through the proxy. */
export async function showAttached(
  sessions: Sessions,
  project: Project,
  { hasUI, viteURL, external }: ExternalPart,
): Promise<void> {
  if (!hasUI) return;
  const address = viteURL === "" ? "" : `${viteURL}/`;
  await sessions.attach(project, { address, pid: external?.pid ?? 0 });
}

export async function hideAttached(sessions: Sessions, id: string): Promise<void> {
  if (sessions.get(id)?.ui?.kind === "attached") await sessions.detach(id);
}
