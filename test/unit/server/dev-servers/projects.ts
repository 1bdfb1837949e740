/** An owner of projects on real folders, for tests. */
import path from "node:path";
import type { Found } from "../../../../src/server/dev-servers/combine.ts";
import { Projects } from "../../../../src/server/dev-servers/projects.ts";
import { createLog } from "../../../../src/server/log.ts";

export interface TestProjects {
  readonly projects: Projects;
  /** What was told, oldest first. */
  readonly told: Found[];
  setting: unknown;
  folders: readonly string[];
}

/** `<state>` of these tests. */
export const stateDirectory = path.resolve("/state/vitrine");

export function createProjects(folders: readonly string[], setting: unknown = []): TestProjects {
  const told: Found[] = [];
  const sources = { setting, folders, told };
  const projects = new Projects({
    folders: () => sources.folders,
    setting: () => sources.setting,
    stateDirectory,
    log: createLog(() => {}),
    changed: (found) => told.push(found),
  });
  return Object.assign(sources, { projects });
}

/** `line:column message` of each problem. */
export function shown({ problems, notices }: Found): string[] {
  return [
    ...problems.map(
      ({ file, line, column, severity, message }) =>
        `${path.basename(file)}:${line}:${column} ${severity} ${message}`,
    ),
    ...notices,
  ];
}
