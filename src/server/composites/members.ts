/** Who shows whom, by what the projects are configured as. Pure. */
import type { FoundProject } from "../dev-servers/combine.ts";

type Projects = readonly FoundProject[];

/** Projects whose pages show plugins. */
export function hostPages(projects: Projects): Projects {
  return projects.filter(({ config }) => (config.ui?.plugins.length ?? 0) > 0);
}

/** Projects whose pages show this one. */
export function pagesShowing(projects: Projects, id: string): Projects {
  return projects.filter(({ config }) => config.ui?.plugins.includes(id) === true);
}

/** Ids of what the page of a project shows. */
export function pluginsOf(projects: Projects, id: string): readonly string[] {
  return projects.find(({ config }) => config.id === id)?.config.ui?.plugins ?? [];
}

/** What a project takes from the pages that show it; nothing when none does. */
export function sharedBy(projects: Projects, id: string): readonly string[] {
  if (pagesShowing(projects, id).length === 0) return [];
  return projects.find(({ config }) => config.id === id)?.config.ui?.shared ?? [];
}

/** What the page of a project provides: all that one of its plugins wants. */
export function publishedBy(projects: Projects, id: string): readonly string[] {
  const wanted = pluginsOf(projects, id).flatMap((plugin) => sharedBy(projects, plugin));
  return [...new Set(wanted)];
}
