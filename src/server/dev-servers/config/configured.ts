/** The projects that somebody wrote down: those of each `vitrine.json`, then those of the settings. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../protocol/errors.ts";
import type { Problem } from "../../../protocol/model.ts";
import type { ProjectConfig } from "../project-config.ts";
import { checkSetting, type FoundEntry } from "./entries.ts";
import { pathWords, type ConfigIssue } from "./issues.ts";
import { resolveEntry, type ResolveOptions } from "./resolve.ts";
import type { ModulesEntry } from "./schema.ts";
import { readVitrineFile, type VitrineFile } from "./vitrine-file.ts";

export interface ConfiguredProject {
  readonly config: ProjectConfig;
  /** Where it stands, in words: `/srv/shop/vitrine.json`, or the name of the setting. */
  readonly place: string;
  /** Says something about it where it stands. */
  blame(message: string): Complaint;
}

/** Something that is wrong: at a place of a file, or in words alone. */
export type Complaint = Problem | string;

export interface Configured {
  readonly projects: readonly ConfiguredProject[];
  readonly complaints: readonly Complaint[];
  /** What each folder's file says of modules. */
  readonly modules: ReadonlyMap<string, ModulesEntry>;
}

export interface ConfiguredSources {
  /** Absolute workspace folders. */
  readonly folders: readonly string[];
  /** Value of `vitrine.devServers.projects`. */
  readonly setting: unknown;
  readonly stateDirectory: string;
  /** What counted last in each folder, kept by the caller. */
  readonly lastGood: Map<string, Counted>;
}

/** What a folder's file says, with what it said before it was wrong. */
export interface Counted {
  readonly entries: readonly { readonly found: FoundEntry; readonly file: VitrineFile }[];
  readonly modules: ModulesEntry | undefined;
}

export async function readConfigured(sources: ConfiguredSources): Promise<Configured> {
  const parts: Configured[] = [];
  for (const folder of sources.folders) parts.push(await readFolder(folder, sources));
  parts.push(await readSetting(sources));
  return {
    projects: parts.flatMap(({ projects }) => projects),
    complaints: parts.flatMap(({ complaints }) => complaints),
    modules: new Map(parts.flatMap(({ modules }) => [...modules])),
  };
}

/**
 * A file with a mistake in it ends nothing: what it said before counts as long as it stays wrong, unless it says something else
 * of the same id.
 */
async function readFolder(
  folder: string,
  { lastGood, stateDirectory }: ConfiguredSources,
): Promise<Configured> {
  const file = await readVitrineFile(folder);
  const before = lastGood.get(folder);
  lastGood.delete(folder);
  if (file === undefined) return { projects: [], complaints: [], modules: new Map() };
  const ids = new Set(file.entries.map(({ entry }) => entry.id));
  const kept = file.isRight
    ? []
    : (before?.entries ?? []).filter(({ found }) => !ids.has(found.entry.id));
  const entries = [...file.entries.map((found) => ({ found, file })), ...kept];
  const modules = file.isRight ? file.modules : (file.modules ?? before?.modules);
  lastGood.set(folder, { entries, modules });
  const options = { folder, stateDirectory, origin: "file" } as const;
  const parts = await Promise.all(
    entries.map(({ found, file: { file: place, problemOf } }) =>
      resolveAll([found], place, problemOf, () => Promise.resolve(options)),
    ),
  );
  return {
    projects: parts.flatMap(({ projects }) => projects),
    complaints: [...file.problems, ...parts.flatMap(({ complaints }) => complaints)],
    modules: new Map(modules === undefined ? [] : [[folder, modules]]),
  };
}

async function readSetting(sources: ConfiguredSources): Promise<Configured> {
  const { entries, issues } = checkSetting(sources.setting);
  const found = await resolveAll(entries, settingName, toWords, async ({ entry }) => ({
    folder: await folderWith(sources.folders, entry.root),
    stateDirectory: sources.stateDirectory,
    origin: "settings",
  }));
  return { ...found, complaints: [...issues.map(toWords), ...found.complaints] };
}

/** A setting has no place that a problem could be shown at. */
function toWords({ message }: ConfigIssue): string {
  return message;
}

const settingName = "vitrine.devServers.projects";

async function resolveAll(
  entries: readonly FoundEntry[],
  place: string,
  complain: (issue: ConfigIssue) => Complaint,
  optionsFor: (found: FoundEntry) => Promise<ResolveOptions>,
): Promise<Configured> {
  const projects: ConfiguredProject[] = [];
  const complaints: Complaint[] = [];
  for (const found of entries) {
    try {
      const config = await resolveEntry(found.entry, await optionsFor(found));
      const blame = (message: string): Complaint =>
        complain({ path: [...found.path, "id"], message, severity: "error" });
      projects.push({ config, place, blame });
    } catch (error) {
      complaints.push(complain(toPathIssue(error, found)));
    }
  }
  return { projects, complaints, modules: new Map() };
}

function toPathIssue(error: unknown, { path: above }: FoundEntry): ConfigIssue {
  if (error instanceof UserError) {
    const at = [...above, ...String(error.data["key"] ?? "").split(".")];
    return { path: at, message: `${pathWords(at)}: ${error.message}`, severity: "error" };
  }
  // The disk failed in a way that nobody foresaw: it costs this project alone.
  const reason = error instanceof Error ? error.message : String(error);
  const message = `${pathWords(above)} cannot be looked at: ${reason}; try again`;
  return { path: above, message, severity: "error" };
}

/** Of several workspace folders the setting means the first that has the project's root. */
async function folderWith(folders: readonly string[], root: string): Promise<string> {
  for (const folder of folders) {
    const facts = await stat(path.resolve(folder, root)).catch(() => undefined);
    if (facts?.isDirectory()) return folder;
  }
  const [first] = folders;
  if (first !== undefined) return first;
  throw new UserError("not_found", "no folder is open; open one", { data: { key: "root" } });
}
