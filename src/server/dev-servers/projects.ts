/** Owner of the projects of the workspace: looks for them, and looks again whenever something that made one changes. */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { Project } from "../../protocol/model.ts";
import type { Log } from "../log.ts";
import { combine, fromDetected, type Found, type FoundProject } from "./combine.ts";
import { readConfigured, type Configured } from "./config/configured.ts";
import type { VitrineFile } from "./config/vitrine-file.ts";
import { detectAt, detectBelow } from "./detection/detect.ts";
import { EvidenceWatch } from "./detection/evidence-watch.ts";
import type { ProjectConfig } from "./project-config.ts";

export interface ProjectsParts {
  /** Absolute workspace folders. */
  folders(): readonly string[];
  /** Value of the setting `vitrine.devServers.projects`. */
  setting(): unknown;
  /** `<state>` of configurations, absolute. */
  readonly stateDirectory: string;
  readonly log: Log;
  /** What there is, after each look that somebody asked for and after each change. */
  changed(found: Found): void;
}

const nothing: Found = { list: [], problems: [], notices: [], modules: new Map() };

export class Projects {
  readonly #parts: ProjectsParts;
  readonly #lastGood = new Map<string, VitrineFile>();
  readonly #watches = new Map<string, EvidenceWatch>();
  /** Those somebody asked for by a path, perhaps before the first look or outside the workspace. */
  readonly #asked = new Map<string, ProjectConfig>();
  #found = nothing;
  #looking: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(parts: ProjectsParts) {
    this.#parts = parts;
  }

  /** As last found. */
  get found(): Found {
    return this.#found;
  }

  configOf(id: string): ProjectConfig | undefined {
    return this.#found.list.find(({ config }) => config.id === id)?.config ?? this.#asked.get(id);
  }

  /** Looks now, and keeps looking from then on. */
  async find(): Promise<Found> {
    await Promise.all(this.#watch());
    return this.#look(true);
  }

  /**
   * The project whose UI a path belongs to: the nearest folder upwards that is one, at most up to its workspace folder.
   * A folder that a user names is taken as it is if it has a page, whatever else is around it.
   */
  async projectFor(target: string): Promise<Project | undefined> {
    const real = await realpath(target).catch(() => path.resolve(target));
    const isFolder = (await stat(real).catch(() => undefined))?.isDirectory() !== false;
    const start = isFolder ? real : path.dirname(real);
    const tops = await Promise.all(this.#parts.folders().map(realPathOf));
    const top = tops
      .filter((folder) => start === folder || start.startsWith(folder + path.sep))
      .toSorted((one, other) => other.length - one.length)[0];
    const { list } = await combine(await this.#configured(), []);
    for (let directory = start; ; directory = path.dirname(directory)) {
      const found =
        list.find((each) => isUiOf(directory, each)) ?? (await this.#uiAt(directory, top));
      if (found !== undefined) {
        this.#asked.set(found.config.id, found.config);
        return found.project;
      }
      if (directory === top || top === undefined || directory === path.dirname(directory))
        return undefined;
    }
  }

  close(): void {
    this.#closed = true;
    for (const watch of this.#watches.values()) watch.close();
  }

  /** Also of a folder that is the `ui` of the plugin above it. */
  async #uiAt(directory: string, top: string | undefined): Promise<FoundProject | undefined> {
    const { stateDirectory } = this.#parts;
    const surroundings = { top: top ?? directory, stateDirectory };
    for (const folder of directory === top ? [directory] : [path.dirname(directory), directory]) {
      const { project } = await detectAt(folder, surroundings);
      if (project?.ui === undefined) continue;
      const isWhole = folder === directory || project.ui.root === directory;
      if (isWhole) return fromDetected(project);
    }
    return undefined;
  }

  #configured(): Promise<Configured> {
    const { folders, setting, stateDirectory } = this.#parts;
    const sources = { folders: folders(), setting: setting(), stateDirectory };
    return readConfigured({ ...sources, lastGood: this.#lastGood });
  }

  /** One look after the other: the answer of a later one is never replaced by that of an earlier one. */
  #look(tellAlways: boolean): Promise<Found> {
    const looked = this.#looking.then(async () => {
      const { folders, stateDirectory } = this.#parts;
      const configured = await this.#configured();
      const detections = [];
      for (const folder of folders()) detections.push(await detectBelow(folder, stateDirectory));
      return this.#take(await combine(configured, detections), tellAlways);
    });
    this.#looking = looked.catch(() => {});
    return looked;
  }

  #take(found: Found, tellAlways: boolean): Found {
    const before = this.#found;
    if (this.#closed) return before;
    this.#found = found;
    for (const notice of found.notices)
      if (!before.notices.includes(notice))
        this.#parts.log.add("warn", notice, { source: "projects" });
    if (tellAlways || fingerprint(before) !== fingerprint(found)) this.#parts.changed(found);
    return found;
  }

  #watch(): Promise<void>[] {
    const folders = new Set(this.#closed ? [] : this.#parts.folders());
    for (const [folder, watch] of this.#watches) {
      if (folders.has(folder)) continue;
      watch.close();
      this.#watches.delete(folder);
    }
    return [...folders]
      .filter((folder) => !this.#watches.has(folder))
      .map((folder) => this.#startWatch(folder));
  }

  #startWatch(folder: string): Promise<void> {
    const { log } = this.#parts;
    const watch = new EvidenceWatch({
      folder,
      changed: () => {
        this.#look(false).catch((error: unknown) => log.bug(error, "looking for projects"));
      },
      failed: (reason) =>
        log.add(
          "warn",
          `New projects in ${folder} may go unnoticed: ${reason}; use Refresh Projects`,
          { source: "projects" },
        ),
    });
    this.#watches.set(folder, watch);
    return watch.start();
  }
}

function isUiOf(directory: string, { project, config }: FoundProject): boolean {
  return project.hasUI && (project.root === directory || config.root === directory);
}

function fingerprint({ list, problems, notices, modules }: Found): string {
  return JSON.stringify([list, problems, notices, [...modules]]);
}

/** The path itself when nothing is there. */
function realPathOf(folder: string): Promise<string> {
  return realpath(folder).catch(() => path.resolve(folder));
}
