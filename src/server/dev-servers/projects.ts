/** Owner of the projects of the workspace: looks for them, and looks again whenever something that made one changes. */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { Problem, Project } from "../../protocol/model.ts";
import type { Log } from "../log.ts";
import { UserError } from "../../protocol/errors.ts";
import { adoptable } from "./adoptable.ts";
import {
  combine,
  fromDetected,
  type Found,
  type FoundProject,
  type Identified,
} from "./combine.ts";
import { readConfigured, type Configured, type Counted } from "./config/configured.ts";
import { detectAt, detectBelow } from "./detection/detect.ts";
import type { Detected } from "./detection/detected.ts";
import { idOf } from "./detection/ids.ts";
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
  /**
   * What there is, after each look that somebody asked for and after each change.
   * @param gone projects that were there before and are none any more, or lie elsewhere now
   */
  changed(found: Found, gone: readonly Project[]): void;
}

/** A project that somebody asked for by a path. */
interface Asked {
  readonly found: FoundProject;
  /** Real path of the workspace folder around it; absent for one outside. */
  readonly top?: string;
}

const nothing: Found = { list: [], problems: [], notices: [], modules: new Map() };

export class Projects {
  readonly #parts: ProjectsParts;
  readonly #lastGood = new Map<string, Counted>();
  readonly #watches = new Map<string, EvidenceWatch>();
  /** Those somebody asked for by a path, perhaps before the first look or outside the workspace. */
  readonly #asked = new Map<string, Asked>();
  /** Of detected projects by root, from the first time on: a name that changes, or is half written, makes no other project. */
  readonly #ids = new Map<string, string>();
  /** Folders that were given an id by somebody who starts them, by that id. */
  readonly #named = new Map<string, string>();
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

  /** As last found. */
  listed(id: string): FoundProject | undefined {
    return this.#found.list.find(({ project }) => project.id === id);
  }

  /** Where each lies, as last found. */
  places(): readonly { readonly id: string; readonly root: string }[] {
    return this.#found.list.map(({ project: { id, folder } }) => ({ id, root: folder }));
  }

  configOf(id: string): ProjectConfig | undefined {
    return (this.listed(id) ?? this.#asked.get(id)?.found)?.config;
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
    const { list } = await combine(await this.#configured(), { projects: [], problems: [] });
    for (let directory = start; ; directory = path.dirname(directory)) {
      const found =
        list.find((each) => isUiOf(directory, each)) ?? (await this.#uiAt(directory, top));
      if (found !== undefined) {
        this.#asked.set(found.config.id, { found, ...(top === undefined ? {} : { top }) });
        return found.project;
      }
      if (directory === top || top === undefined || directory === path.dirname(directory))
        return undefined;
    }
  }

  /**
   * The project in a folder of the workspace, under the given id from now on; it need not be configured.
   * @throws UserError `path_refused`, `not_found`, `bad_request` or `html_missing`
   */
  async adopt(id: string, folder: string): Promise<Project> {
    await this.#looking;
    const { folders, stateDirectory } = this.#parts;
    const { list } = this.#found;
    const root = await adoptable({ id, folder, folders: folders(), list, stateDirectory });
    if (!list.some(({ project }) => project.id === id)) this.#named.set(id, root);
    const found = await this.#look(true);
    const adopted = found.list.find(({ project }) => project.id === id);
    if (adopted !== undefined) return adopted.project;
    throw new UserError("not_found", `The project in ${root} is gone. Look at the folder`);
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
      if (isWhole) return fromDetected(this.#withId(project));
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
      const projects = await this.#detectNamed();
      const problems: Problem[] = [];
      for (const folder of folders()) {
        const detection = await detectBelow(folder, stateDirectory);
        projects.push(...detection.projects.map((detected) => this.#withId(detected)));
        problems.push(...detection.problems);
      }
      const tops = await Promise.all(folders().map(realPathOf));
      return this.#take(await combine(configured, { projects, problems }), tops, tellAlways);
    });
    this.#looking = looked.catch(() => {});
    return looked;
  }

  #withId(detected: Detected): Identified {
    const root = detected.ui?.root ?? detected.root;
    const id = detected.id ?? this.#ids.get(root) ?? idOf(detected.name, root);
    this.#ids.set(root, id);
    return { ...detected, id };
  }

  async #detectNamed(): Promise<Identified[]> {
    const projects: Identified[] = [];
    for (const [id, folder] of this.#named) {
      const surroundings = { top: folder, stateDirectory: this.#parts.stateDirectory };
      const { project } = await detectAt(folder, surroundings);
      if (project !== undefined) projects.push({ ...project, id });
    }
    return projects;
  }

  #take(found: Found, tops: readonly string[], tellAlways: boolean): Found {
    const before = this.#found;
    if (this.#closed) return before;
    const gone = this.#gone(found, tops);
    this.#found = found;
    for (const { id } of gone) this.#asked.delete(id);
    for (const notice of found.notices)
      if (!before.notices.includes(notice))
        this.#parts.log.add("warn", notice, { source: "projects" });
    if (tellAlways || gone.length > 0 || fingerprint(before) !== fingerprint(found))
      this.#parts.changed(found, gone);
    return found;
  }

  /** One that was asked for need not be found by a look: it goes with its workspace folder. */
  #gone({ list }: Found, tops: readonly string[]): readonly Project[] {
    const left = [...this.#asked.values()].filter(
      ({ top }) => top !== undefined && !tops.includes(top),
    );
    const before = [...this.#found.list, ...left.map(({ found }) => found)];
    const gone = before.filter(
      ({ project }) => !list.some((other) => isSamePlace(project, other.project)),
    );
    return [...new Map(gone.map(({ project }) => [project.id, project])).values()];
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

function isSamePlace(one: Project, other: Project): boolean {
  return one.id === other.id && one.root === other.root && one.folder === other.folder;
}

function fingerprint({ list, problems, notices, modules }: Found): string {
  return JSON.stringify([list, problems, notices, [...modules]]);
}

/** The path itself when nothing is there. */
function realPathOf(folder: string): Promise<string> {
  return realpath(folder).catch(() => path.resolve(folder));
}
