/** Dev servers of what is no project of the workspace: a page that was opened, a process that announced itself. */
import type { Project } from "../../protocol/model.ts";
import type { FoundProject } from "./combine.ts";
import type { ExternalPart } from "./external/attachment.ts";

export function withoutConfig(project: Project): FoundProject {
  const { id, name, folder, autostart } = project;
  return { project, config: { id, name, root: folder, autostart, origin: "detected" } };
}

/** A process that announces itself in a folder that is no project of the workspace. */
export function outside({ pluginID, devPath, hasUI, hasBackend }: ExternalPart): Project {
  return {
    id: pluginID,
    name: pluginID,
    root: devPath,
    folder: devPath,
    hasUI,
    hasBackend,
    autostart: false,
    evidence: "html",
  };
}
