/** All projects of the workspace from what was written down and what was detected. Pure but for the names of config files. */
import path from "node:path";
import type { Problem, Project, ProjectEvidence } from "../../protocol/model.ts";
import type { Complaint, Configured } from "./config/configured.ts";
import type { ModulesEntry } from "./config/schema.ts";
import type { Detected } from "./detection/detected.ts";
import { pluginFileName } from "./detection/plugin.ts";
import { configFileIn } from "./detection/vite.ts";
import type { ProjectConfig } from "./project-config.ts";

/** One project, for those who show it and for those who run it. */
export interface FoundProject {
  readonly project: Project;
  readonly config: ProjectConfig;
}

export interface Found {
  /** Configured ones first, in the order in which they are written; then detected ones by their paths. */
  readonly list: readonly FoundProject[];
  readonly problems: readonly Problem[];
  /** What is wrong where no file can be opened. */
  readonly notices: readonly string[];
  /** What each workspace folder's `vitrine.json` says of modules, by absolute folder. */
  readonly modules: ReadonlyMap<string, ModulesEntry>;
}

/** What was detected, each with its id. */
export interface DetectedProjects {
  readonly projects: readonly Identified[];
  readonly problems: readonly Problem[];
}

export type Identified = Detected & { readonly id: string };

interface Owner {
  readonly found: FoundProject;
  readonly place: string;
}

/** The file goes before the settings, both before what was detected; of two with one id the first stays. */
export async function combine(
  configured: Configured,
  { projects, problems }: DetectedProjects,
): Promise<Found> {
  const owners = new Map<string, Owner>();
  const complaints: Complaint[] = [...configured.complaints];
  for (const { config, place, blame } of configured.projects) {
    const other = owners.get(config.id);
    if (other === undefined) owners.set(config.id, { found: await withProject(config), place });
    else if (!isOverridden(config, other)) complaints.push(blame(twice(config, place, other)));
  }
  const taken = new Set(
    [...owners.values()].flatMap(({ found }) => [found.config.root, found.project.root]),
  );
  for (const detected of projects) {
    const found = fromDetected(detected);
    const { config, project } = found;
    if (taken.has(config.root) || taken.has(project.root)) continue;
    taken.add(config.root).add(project.root);
    const other = owners.get(config.id);
    if (other === undefined) owners.set(config.id, { found, place: config.root });
    else complaints.push(blameDetected(detected, twice(config, config.root, other)));
  }
  return {
    list: [...owners.values()].map(({ found }) => found),
    problems: [...complaints.filter((complaint) => typeof complaint !== "string"), ...problems],
    notices: complaints.filter((complaint) => typeof complaint === "string"),
    modules: configured.modules,
  };
}

/** A project of the settings that a file describes too: the file wins, as it is meant to. */
function isOverridden(config: ProjectConfig, other: Owner): boolean {
  const { config: winner } = other.found;
  return winner.origin !== config.origin && winner.root === config.root;
}

function twice({ id }: ProjectConfig, place: string, other: Owner): string {
  const where = other.place === place ? `twice in ${place}` : `in ${other.place} and in ${place}`;
  return `The id "${id}" is given to two projects, ${where}: ${other.found.config.root} has it now; give the other one an id of its own`;
}

function blameDetected(detected: Detected, message: string): Complaint {
  if (detected.evidence !== "plugin") return message;
  const file = path.join(detected.root, pluginFileName);
  return { file, line: 1, column: 1, severity: "error", message, source: "vitrine" };
}

const evidenceOf = {
  file: "vitrine-file",
  settings: "settings",
} as const satisfies Record<string, ProjectEvidence>;

async function withProject(config: ProjectConfig): Promise<FoundProject> {
  const configFile = config.ui && (await configFileIn(config.ui.root));
  const evidence = config.origin === "detected" ? "html" : evidenceOf[config.origin];
  return { config, project: toProject(config, evidence, configFile) };
}

export function fromDetected(detected: Identified): FoundProject {
  const { evidence, configFile, ...rest } = detected;
  const config: ProjectConfig = {
    ...rest,
    autostart: false,
    origin: "detected",
  };
  return { config, project: toProject(config, evidence, configFile) };
}

function toProject(
  { id, name, root, ui, backend, autostart }: ProjectConfig,
  evidence: ProjectEvidence,
  configFile: string | undefined,
): Project {
  return {
    id,
    name,
    root: ui?.root ?? root,
    folder: root,
    hasUI: ui !== undefined,
    hasBackend: backend !== undefined,
    autostart,
    evidence,
    ...(configFile === undefined ? {} : { configFile }),
  };
}
