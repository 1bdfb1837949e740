/** Which file a compiler means (dev-servers 4.3). */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { ProblemMatcher } from "../project-config.ts";

/** Where a build runs. */
export interface BuildPlace {
  /** Absolute working directory of the build. */
  readonly cwd: string;
  /** Absolute root of the project; `${workspaceFolder}` of a matcher. */
  readonly root: string;
  /** For `autoDetect`. */
  readonly exists?: (file: string) => boolean;
  /** Rules of paths, those of this system unless said. */
  readonly paths?: path.PlatformPath;
}

/** Turns what a compiler calls a file into its absolute path. Relative ones begin at the build's working directory. */
export function placeFile(
  name: string,
  place: BuildPlace,
  location: ProblemMatcher["fileLocation"] = "relative",
): string {
  const { cwd, exists = existsSync, paths = path } = place;
  if (name.startsWith("file://")) return fileURLToPath(name);
  const [kind, base = cwd] = typeof location === "string" ? [location] : location;
  if (kind === "absolute" || paths.isAbsolute(name)) return paths.resolve(cwd, name);
  const relative = paths.resolve(cwd, expand(base, place), name);
  if (kind === "relative" || exists(relative)) return relative;
  return paths.resolve(cwd, name);
}

function expand(base: string, { cwd, root }: BuildPlace): string {
  return base
    .replaceAll(/\$\{(?:workspaceFolder|fileWorkspaceFolder|workspaceRoot)\}/g, () => root)
    .replaceAll("${cwd}", () => cwd);
}
