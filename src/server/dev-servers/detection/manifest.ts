/** What a folder's `package.json` says. */
import { readFile } from "node:fs/promises";
import path from "node:path";

export interface Manifest {
  readonly name?: unknown;
  readonly packageManager?: unknown;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

export async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    const manifest: unknown = JSON.parse(
      await readFile(path.join(directory, "package.json"), "utf8"),
    );
    return typeof manifest === "object" && manifest !== null ? manifest : undefined;
  } catch {
    // No manifest, or one that is being written: the folder is judged by its other files.
    return undefined;
  }
}

export function allDependencies(manifest: Manifest | undefined): Record<string, string> {
  return { ...manifest?.devDependencies, ...manifest?.dependencies };
}

/** The manifest's name, else the folder's. */
export function nameOf(directory: string, manifest: Manifest | undefined): string {
  return typeof manifest?.name === "string" && manifest.name !== ""
    ? manifest.name
    : path.basename(directory);
}
