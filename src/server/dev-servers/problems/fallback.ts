/** A failed build is never silent, also when nobody understands what it printed (dev-servers 4.3). */
import { existsSync } from "node:fs";
import path from "node:path";
import type { BuildError } from "../../../protocol/dev-server.ts";
import type { BuildPlace } from "./places.ts";

const buildFiles = ["go.mod", "Cargo.toml", "package.json", "tsconfig.json", "vitrine.json"];
export const fallbackLines = 20;

/** @param lines what the build printed last, at most `fallbackLines`, and what is to be said before them */
export function fallbackError(
  lines: readonly string[],
  place: BuildPlace,
  source: string,
): BuildError {
  return {
    file: buildFileOf(place),
    line: 1,
    column: 1,
    severity: "error",
    message: lines.join("\n"),
    source,
  };
}

/** The file a build begins with, in its working directory or the project's root; else the root itself. */
function buildFileOf({ cwd, root, exists = existsSync }: BuildPlace): string {
  const candidates = [cwd, root].flatMap((folder) =>
    buildFiles.map((name) => path.join(folder, name)),
  );
  return candidates.find((file) => exists(file)) ?? root;
}
