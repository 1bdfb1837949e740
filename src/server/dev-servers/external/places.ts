/** Where `.devinfo` files may stand, and whose they are there (dev-servers 6.1). Pure. */
import path from "node:path";
import picomatch from "picomatch";
import { devInfoName } from "./dev-info-file.ts";

/** What is known of a project here. */
export interface KnownProject {
  readonly id: string;
  /** Absolute real path. */
  readonly root: string;
}

export interface PlacesOptions {
  readonly projects: readonly KnownProject[];
  /** Absolute; each may hold `plugins/<id>/.devinfo`. */
  readonly stateDirectories: readonly string[];
  /** Absolute globs. Braces with a slash in them are not understood. */
  readonly globs: readonly string[];
  /** Absolute files that somebody named. */
  readonly files: readonly string[];
}

export interface Owner extends KnownProject {
  /** Values that `pluginId` may have in the file. */
  readonly names: readonly string[];
}

export interface Places {
  /** Absolute folders below which everything stands; not all of them exist. */
  readonly bases: readonly string[];
  /** Whether a path is one of the files, or a folder on the way to one. */
  leads(path: string): boolean;
  isPlace(file: string): boolean;
  /** The project of a file: a known one, else one that the name of its folder makes. Undefined when that is no id. */
  ownerOf(file: string): Owner | undefined;
}

/** A name, a test for names, or any number of folders. */
type Segment = string | ((name: string) => boolean) | typeof anyDepth;
const anyDepth = Symbol("**");
const anyName = (): boolean => true;
/** No dev server writes there, and the folders are large. */
const neverEntered: ReadonlySet<string> = new Set(["node_modules", ".git"]);

export function placesOf({ projects, stateDirectories, globs, files }: PlacesOptions): Places {
  const patterns: Segment[][] = [
    ...projects.map(({ root }) => [...split(root), devInfoName]),
    ...stateDirectories.map((state) => [...split(state), "plugins", anyName, devInfoName]),
    ...globs.map((glob) => split(glob).map(toSegment)),
    ...files.map(split),
  ];
  return {
    bases: [...new Set(patterns.map(baseOf))],
    leads: (one) => patterns.some((pattern) => follow(pattern, split(one)) !== "no"),
    isPlace: (file) => patterns.some((pattern) => follow(pattern, split(file)) === "whole"),
    ownerOf: (file) => ownerOf(file, projects),
  };
}

/** `[A-Za-z0-9._-]{1,64}`, and nothing that is a folder's way up (dev-servers 15). */
export function isProjectId(text: string): boolean {
  return /^[\w.-]{1,64}$/.test(text) && text !== "." && text !== "..";
}

function ownerOf(file: string, projects: readonly KnownProject[]): Owner | undefined {
  const folder = path.dirname(file);
  const name = path.basename(folder);
  const sameFolder = projects.filter(({ root }) => path.basename(root) === name);
  const around = projects
    .filter(({ root }) => folder.startsWith(root + path.sep))
    .toSorted((one, other) => other.root.length - one.root.length);
  const project =
    projects.find(({ root }) => root === folder) ??
    projects.find(({ id }) => id === name) ??
    // The ids of detected projects have a suffix; their folder is the name that a foreign program knows.
    (sameFolder.length === 1 ? sameFolder[0] : around[0]);
  if (project !== undefined)
    return { ...project, names: [project.id, path.basename(project.root)] };
  return isProjectId(name) ? { id: name, root: folder, names: [name] } : undefined;
}

function split(one: string): string[] {
  return one.replaceAll("\\", "/").replace(/\/+$/, "").split("/");
}

function toSegment(part: string): Segment {
  if (part === "**") return anyDepth;
  return picomatch.scan(part).isGlob ? picomatch(part, { dot: true }) : part;
}

function baseOf(pattern: readonly Segment[]): string {
  const fixed = pattern.slice(0, -1);
  const end = fixed.findIndex((segment) => typeof segment !== "string");
  const names = end < 0 ? fixed : fixed.slice(0, end);
  return path.resolve(`${names.join("/")}/`);
}

/** How far a path follows a pattern; the states are the places in the pattern that its beginning may have led to. */
function follow(pattern: readonly Segment[], names: readonly string[]): "no" | "way" | "whole" {
  let states = reached(pattern, [0]);
  for (const name of names) {
    const next = states.flatMap((at) => {
      const segment = pattern[at];
      if (segment === anyDepth) return neverEntered.has(name) ? [] : [at];
      if (segment === undefined) return [];
      const fits = typeof segment === "string" ? segment === name : segment(name);
      return fits ? [at + 1] : [];
    });
    states = reached(pattern, next);
    if (states.length === 0) return "no";
  }
  return states.includes(pattern.length) ? "whole" : "way";
}

/** `**` may also stand for no folder at all. */
function reached(pattern: readonly Segment[], states: readonly number[]): number[] {
  const all = new Set(states);
  for (const at of all) if (pattern[at] === anyDepth) all.add(at + 1);
  return [...all];
}
