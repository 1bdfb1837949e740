/** Whether a folder that nobody configured may be started under an id that its caller chose (dev-servers section 7). */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";
import { createPathGate } from "../files/path-gate.ts";
import { quoted } from "../quoted.ts";
import type { FoundProject } from "./combine.ts";
import { detectAt } from "./detection/detect.ts";
import { isProjectId } from "./external/places.ts";

export interface Adoption {
  readonly id: string;
  /** Absolute, as somebody outside gave it. */
  readonly folder: string;
  /** Absolute workspace folders. */
  readonly folders: readonly string[];
  /** What is a project already. */
  readonly list: readonly FoundProject[];
  /** `<state>`, absolute. */
  readonly stateDirectory: string;
}

/** @returns the real path. @throws UserError `path_refused`, `not_found`, `bad_request` or `html_missing` */
export async function adoptable(adoption: Adoption): Promise<string> {
  const { id, list, stateDirectory } = adoption;
  if (!isProjectId(id))
    throw new UserError(
      "bad_request",
      `${quoted(id)} is no id: 1 to 64 letters, digits, dots, hyphens or underscores`,
    );
  const root = await folderWithin(adoption);
  const known = list.find(({ project }) => project.id === id);
  if (known !== undefined && !isAt(root, known))
    throw new UserError(
      "bad_request",
      `The id ${quoted(id)} is that of the project in ${known.project.folder}. Choose another id`,
    );
  const other = list.find((one) => one.project.id !== id && isAt(root, one) && hasOwnId(one));
  if (other !== undefined)
    throw new UserError(
      "bad_request",
      `${root} is the project ${quoted(other.project.id)} already. Start it by that id`,
    );
  const { project } = await detectAt(root, { top: root, stateDirectory });
  if (known === undefined && project === undefined)
    throw new UserError(
      "html_missing",
      `There is nothing to start in ${root}: no vite.config, no index.html, and no build that is known. Describe the project in a vitrine.json`,
    );
  return root;
}

async function folderWithin({ folder, folders }: Adoption): Promise<string> {
  if (!path.isAbsolute(folder))
    throw new UserError("bad_request", `${quoted(folder)} is no absolute path. Give the whole one`);
  const gate = createPathGate({ roots: folders });
  if (!(await gate.contains(folder)))
    throw new UserError(
      "path_refused",
      `${quoted(folder)} is not inside a folder of this workspace (${folders.join(", ") || "none is open"}). Open its folder first`,
    );
  const isFolder = (await stat(folder).catch(() => undefined))?.isDirectory() ?? false;
  if (isFolder) return realpath(folder);
  throw new UserError("not_found", `There is no folder ${quoted(folder)}. Look at its name`);
}

function isAt(root: string, { project }: FoundProject): boolean {
  return project.folder === root || project.root === root;
}

/** Written down, or in the project's own metadata: not one that was made of its name and place. */
function hasOwnId({ config, project }: FoundProject): boolean {
  return config.origin !== "detected" || project.evidence === "plugin";
}
