/** Which Vite serves a project: its own, else ours. */
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../../protocol/errors.ts";
import type { Project } from "../../protocol/model.ts";
import { allDependencies, readManifest } from "../dev-servers/detection/manifest.ts";
import { installCommandOf } from "../dev-servers/detection/package-manager.ts";

/** The oldest Vite whose API the host speaks. */
const oldestVite = 5;

export interface ResolvedVite {
  /** `file:` URL of the module to import. */
  readonly url: string;
  readonly version: string;
  readonly own: boolean;
}

/** Throws `not_installed` when the project names Vite and has none, `unsupported` when it is too old. */
export async function resolveVite(project: Project): Promise<ResolvedVite> {
  const found = viteIn(project.root);
  if (found === undefined) {
    if ("vite" in allDependencies(await readManifest(project.root)))
      throw await notInstalled(project);
    return ourVite();
  }
  const { version } = createRequire(found)(found) as { version: string };
  if (Number.parseInt(version, 10) < oldestVite) {
    throw new UserError(
      "unsupported",
      `${project.name} uses Vite ${version}; Vitrine needs Vite ${oldestVite} or later. Update vite in ${project.root}`,
    );
  }
  return { url: moduleUrl(found), version, own: true };
}

export function ourVite(): ResolvedVite {
  const manifest = createRequire(import.meta.url).resolve("vite/package.json");
  const { version } = createRequire(manifest)(manifest) as { version: string };
  return { url: moduleUrl(manifest), version, own: false };
}

function viteIn(root: string): string | undefined {
  try {
    return createRequire(path.join(root, "package.json")).resolve("vite/package.json");
  } catch {
    // Not installed there or above.
    return undefined;
  }
}

/** All versions from 5 on have their ES module there; resolving by `require` would find the CommonJS shim. */
function moduleUrl(manifest: string): string {
  return pathToFileURL(path.join(path.dirname(manifest), "dist", "node", "index.js")).href;
}

async function notInstalled({ name, root }: Project): Promise<UserError> {
  const command = (await installCommandOf(root)).join(" ");
  return new UserError(
    "not_installed",
    `The packages of ${name} are not installed: vite is missing. Run ${command} in ${root}, then restart the preview`,
  );
}
