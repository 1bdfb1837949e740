/** Pure: what is offered to be started again. */
import type { Project } from "../../protocol/model.ts";

const mostNames = 3;

/** Projects that ran, are still there, do not start by themselves and do not run. */
export function toOffer(
  ran: readonly string[],
  projects: readonly Project[],
  running: readonly string[],
): readonly Project[] {
  return projects.filter(
    ({ id, autostart }) => !autostart && ran.includes(id) && !running.includes(id),
  );
}

/** `Maps, Api, Shop +2`. */
export function namesOf(projects: readonly Project[]): string {
  const names = projects.slice(0, mostNames).map(({ name }) => name);
  const more = projects.length - names.length;
  return names.join(", ") + (more > 0 ? ` +${more}` : "");
}
