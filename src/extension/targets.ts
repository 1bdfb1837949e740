/** Pure: which project a command means. */
import path from "node:path";
import type { Project } from "../protocol/model.ts";

/** The innermost project whose folder contains the path, or the path's own project. */
export function projectAt(projects: readonly Project[], file: string): Project | undefined {
  return projects
    .filter(({ folder }) => file === folder || isBelow(folder, file))
    .toSorted((one, other) => other.folder.length - one.folder.length)[0];
}

/** A line of the tree, as a menu hands it over. */
export function isTreeTarget(argument: unknown): argument is { readonly root: string } {
  return (
    typeof argument === "object" &&
    argument !== null &&
    "root" in argument &&
    typeof argument.root === "string"
  );
}

function isBelow(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}
