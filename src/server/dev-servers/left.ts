/**
 * Projects that ran when they went. One that is back soon, under its id or in its place, goes on: somebody gave it another
 * id, or a change of branches took its files away for a moment.
 */
import type { Project } from "../../protocol/model.ts";

export interface Left {
  add(project: Project): void;
  /** @returns true once for each that has left */
  isBack(project: Project): boolean;
}

/** Ms. Later it is somebody's decision to start it. */
const soonMs = 30_000;

/** @param now monotonic ms */
export function createLeft(now: () => number = () => performance.now()): Left {
  let left: { readonly project: Project; readonly at: number }[] = [];
  return {
    add: (project) => void left.push({ project, at: now() }),
    isBack({ id, root }) {
      left = left.filter(({ at }) => now() - at < soonMs);
      const found = left.find(({ project }) => project.id === id || project.root === root);
      left = left.filter((one) => one !== found);
      return found !== undefined;
    },
  };
}
