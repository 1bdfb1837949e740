/** Pure: which dev server an argument of a command means. */
import type { Project } from "../../protocol/model.ts";

/** An id, a line of the tree, or the root of a project; undefined for anything else. */
export function idOf(target: unknown, projects: readonly Project[]): string | undefined {
  if (typeof target === "string") return target;
  if (typeof target !== "object" || target === null) return undefined;
  if ("project" in target && typeof target.project === "string") return target.project;
  if (!("root" in target) || typeof target.root !== "string") return undefined;
  return projects.find(({ root, folder }) => root === target.root || folder === target.root)?.id;
}
