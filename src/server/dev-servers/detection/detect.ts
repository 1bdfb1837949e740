/** Recognises projects by the files that are there (the table of dev-servers section 2). Reads files, runs nothing. */
import { realpath } from "node:fs/promises";
import path from "node:path";
import type { Problem, ProjectEvidence } from "../../../protocol/model.ts";
import { cargoAt } from "./cargo.ts";
import type { Detected, Surroundings } from "./detected.ts";
import { goAt } from "./go.ts";
import { nameOf, readManifest } from "./manifest.ts";
import { pluginAt, pluginFileName } from "./plugin.ts";
import { findFolders, isForeign } from "./search.ts";
import { typescriptAt } from "./typescript.ts";
import { viteAt } from "./vite.ts";

export interface Detection {
  readonly projects: readonly Detected[];
  readonly problems: readonly Problem[];
}

/** All projects below a workspace folder, in the order of their paths. */
export async function detectBelow(folder: string, stateDirectory: string): Promise<Detection> {
  const top = await realpath(folder).catch(() => path.resolve(folder));
  const found: Detected[] = [];
  const problems: Problem[] = [];
  for (const directory of await findFolders(top)) {
    if (found.some(({ ui }) => ui?.root === directory)) continue;
    const { project, problem } = await detectAt(directory, { top, stateDirectory }, found);
    if (problem !== undefined) problems.push(problem);
    if (project !== undefined) found.push(project);
  }
  return { projects: found, problems };
}

/**
 * What one folder is.
 * @param above projects found so far: pages inside a UI are its own, and so are members of a build
 */
export async function detectAt(
  directory: string,
  surroundings: Surroundings,
  above: readonly Detected[] = [],
): Promise<{ project?: Detected; problem?: Problem }> {
  const root = await realpath(directory).catch(() => directory);
  const plugin = await pluginAt(root, surroundings);
  if (typeof plugin === "object") return { project: plugin };
  const contains = (outer: string | undefined): boolean =>
    outer !== undefined && root.startsWith(outer + path.sep);
  const ui = await viteAt(root, !above.some((outer) => contains(outer.ui?.root)));
  const isMemberOf = (evidence: ProjectEvidence): boolean =>
    above.some((outer) => outer.evidence === evidence && contains(outer.root));
  const backend = await backendAt(root, surroundings, { hasVite: isVite(ui), isMemberOf });
  const project = ui || backend ? { ...(await plain(root)), ...backend, ...ui } : undefined;
  return {
    ...(project === undefined ? {} : { project }),
    ...(plugin === undefined ? {} : { problem: pluginProblem(root, plugin) }),
  };
}

type Backend = Pick<Detected, "backend" | "evidence">;

async function backendAt(
  root: string,
  surroundings: Surroundings,
  { hasVite, isMemberOf }: { hasVite: boolean; isMemberOf: (evidence: ProjectEvidence) => boolean },
): Promise<Backend | undefined> {
  if (isForeign(path.relative(surroundings.top, root))) return undefined;
  const go = await goAt(root, surroundings);
  if (go) return { backend: go, evidence: "go" };
  const cargo = isMemberOf("cargo") ? undefined : await cargoAt(root);
  if (cargo) return { backend: cargo, evidence: "cargo" };
  const typescript =
    hasVite || isMemberOf("tsconfig") ? undefined : await typescriptAt(root, surroundings);
  return typescript && { backend: typescript, evidence: "tsconfig" };
}

/** Vite compiles what it serves; a page alone may have a build beside it. */
function isVite(ui: Detected | undefined): boolean {
  return ui !== undefined && ui.evidence !== "html";
}

async function plain(root: string): Promise<Pick<Detected, "name" | "root" | "evidence">> {
  return { name: nameOf(root, await readManifest(root)), root, evidence: "html" };
}

function pluginProblem(root: string, message: string): Problem {
  return {
    file: path.join(root, pluginFileName),
    line: 1,
    column: 1,
    severity: "warning",
    message: `This is not used as a plugin: ${message}`,
    source: "vitrine",
  };
}
