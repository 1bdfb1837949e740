/** Which projects start because they came: those that start by themselves, and those that ran and are back. */
import type { Project } from "../../protocol/model.ts";
import { createLeft } from "./left.ts";

export class Arrivals {
  /** Projects that start by themselves do so once, when they are first seen. */
  readonly #seen = new Set<string>();
  readonly #left = createLeft();

  /** A project is none any more. @param ran whether it goes on if it is back soon */
  gone(project: Project, ran: boolean): void {
    this.#seen.delete(project.id);
    if (ran) this.#left.add(project);
  }

  /** @param list all projects there are now @returns ids */
  toStart(list: readonly Project[]): readonly string[] {
    return list.filter((project) => this.#starts(project)).map(({ id }) => id);
  }

  #starts(project: Project): boolean {
    const isBack = this.#left.isBack(project);
    const isNew = !this.#seen.has(project.id);
    this.#seen.add(project.id);
    return isBack || (isNew && project.autostart);
  }
}
