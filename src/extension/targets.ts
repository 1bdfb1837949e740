/** Pure: which project a command means. */
import path from "node:path";
import type { Project } from "../protocol/model.ts";

/** The innermost project whose root contains the path, or the path's own project. */
export function projectAt(projects: readonly Project[], file: string): Project | undefined {
  return projects
    .filter(({ root }) => file === root || isBelow(root, file))
    .toSorted((one, other) => other.root.length - one.root.length)[0];
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
