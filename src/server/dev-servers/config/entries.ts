/** Checks configurations as written: a file's content, or the setting `vitrine.devServers.projects`. Pure. */
import * as v from "valibot";
import { toIssue, unknownKeys, type ConfigIssue } from "./issues.ts";
import type { JsonPath } from "./json-text.ts";
import { fileParts, projectSchema, type ModulesEntry, type ProjectEntry } from "./schema.ts";

/** More projects than anybody looks at in one folder. */
const mostProjects = 500;

export interface FoundEntry {
  readonly entry: ProjectEntry;
  /** Where it stands. */
  readonly path: JsonPath;
}

export interface CheckedConfig {
  readonly entries: readonly FoundEntry[];
  readonly issues: readonly ConfigIssue[];
  readonly modules: ModulesEntry | undefined;
}

/** @param value content of a `vitrine.json`; undefined for an empty file, which says nothing */
export function checkFile(value: unknown): CheckedConfig {
  if (value === undefined) return { entries: [], issues: [], modules: undefined };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = "The file holds no object; begin it with { and end it with }";
    return { entries: [], issues: [{ path: [], message, severity: "error" }], modules: undefined };
  }
  const content = value as Readonly<Record<string, unknown>>;
  // A mistake in one part of the file costs that part.
  const { $schema, devServers, modules } = {
    $schema: checkPart(content, "$schema"),
    devServers: checkPart(content, "devServers"),
    modules: checkPart(content, "modules"),
  };
  const known = Object.fromEntries(Object.keys(fileParts).map((key) => [key, content[key]]));
  const { entries, issues } = checkProjects(devServers.output?.projects ?? [], above);
  return {
    entries,
    issues: [
      ...unknownKeys(content, known, []),
      ...[$schema, devServers, modules].flatMap((part) => part.issues),
      ...issues,
    ],
    modules: modules.output,
  };
}

function checkPart<Name extends keyof typeof fileParts>(
  content: Readonly<Record<string, unknown>>,
  name: Name,
): { output: v.InferOutput<(typeof fileParts)[Name]> | undefined; issues: ConfigIssue[] } {
  if (!Object.hasOwn(content, name)) return { output: undefined, issues: [] };
  const checked = v.safeParse(fileParts[name], content[name]);
  if (!checked.success)
    return { output: undefined, issues: checked.issues.map((issue) => toIssue(issue, [name])) };
  return { output: checked.output, issues: unknownKeys(content[name], checked.output, [name]) };
}

const above: JsonPath = ["devServers", "projects"];

/** @param value of the setting */
export function checkSetting(value: unknown): Omit<CheckedConfig, "modules"> {
  const path = ["vitrine.devServers.projects"];
  if (Array.isArray(value)) return checkProjects(value, path);
  const issue = {
    path,
    message: `${path[0]} is no list of projects; make it one`,
    severity: "error",
  } as const;
  return { entries: [], issues: [issue] };
}

function checkProjects(
  projects: readonly unknown[],
  path: JsonPath,
): Omit<CheckedConfig, "modules"> {
  const entries: FoundEntry[] = [];
  const issues: ConfigIssue[] = [];
  for (const [index, project] of projects.slice(0, mostProjects).entries()) {
    const at = [...path, index];
    const checked = v.safeParse(projectSchema, project);
    if (checked.success) {
      entries.push({ entry: checked.output, path: at });
      issues.push(...unknownKeys(project, checked.output, at));
    } else issues.push(...checked.issues.map((issue) => toIssue(issue, at)));
  }
  if (projects.length > mostProjects)
    issues.push({
      path: [...path, mostProjects],
      message: `Only the first ${mostProjects} of ${projects.length} projects are used; move the others to folders of their own`,
      severity: "error",
    });
  return { entries, issues };
}
