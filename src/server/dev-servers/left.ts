/**
 * Projects that ran when they went. One that is back soon, under its id or in its place, goes on: somebody gave it another
 * id, or a change of branches took its files away for a moment.
 */
import type { Project } from "../../protocol/model.ts";

export interface Left {
  add(project: Project): void;
  /** @returns true once for its id, and once for its place */
  isBack(project: Project): boolean;
}

interface Entry {
  readonly project: Project;
  readonly at: number;
  /** Another project goes on in its place. */
  isReplaced: boolean;
}

/** Ms. Later it is somebody's decision to start it. */
const soonMs = 30_000;

/** @param now monotonic ms */
export function createLeft(now: () => number = () => performance.now()): Left {
  let left: Entry[] = [];
  return {
    add: (project) => void left.push({ project, at: now(), isReplaced: false }),
    isBack({ id, root }) {
      left = left.filter(({ at }) => now() - at < soonMs);
      const same = left.find(({ project }) => project.id === id);
      // The id says more than the place: what was found there meanwhile may be another project.
      const heir = left.find(({ project, isReplaced }) => project.root === root && !isReplaced);
      left = left.filter((entry) => entry !== same);
      if (same === undefined && heir !== undefined) heir.isReplaced = true;
      return same !== undefined || heir !== undefined;
    },
  };
}
