/** Files below a folder by pattern, with the rules of REPL 12.3. */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { patternToRegex } from "../../markdown/patterns.ts";

/**
 * Files below `directory` that match one of the patterns and none of `exclude`, as addresses from it (`/a/b.test.js`),
 * sorted. Links are followed while they stay below it, each linked folder once; folders that cannot be read are skipped.
 */
export async function glob(
  directory: string,
  patterns: readonly string[],
  exclude: readonly string[],
): Promise<string[]> {
  const root = await realpath(directory).catch(() => undefined);
  if (root === undefined || patterns.length === 0) return [];
  const [wanted, unwanted] = [patterns.map(patternToRegex), exclude.map(patternToRegex)];
  const found: string[] = [];
  const linked = new Set<string>();

  async function walk(folder: string, address: string): Promise<void> {
    for (const entry of await entriesOf(folder)) {
      const below = `${address}/${entry.name}`;
      const kind = await kindOf(entry, path.join(folder, entry.name));
      if (kind === "file" && matches(wanted, below) && !matches(unwanted, below)) found.push(below);
      // With its slash a folder matches only what matches everything below it.
      if (kind === "folder" && !matches(unwanted, `${below}/`))
        await walk(path.join(folder, entry.name), below);
    }
  }

  async function kindOf(entry: Dirent, file: string): Promise<"file" | "folder" | undefined> {
    if (entry.isFile()) return "file";
    if (entry.isDirectory()) return "folder";
    if (!entry.isSymbolicLink()) return undefined;
    const real = await realpath(file).catch(() => undefined);
    if (real === undefined || !real.startsWith(withSeparator(root ?? ""))) return undefined;
    const target = await stat(real).catch(() => undefined);
    if (target?.isFile()) return "file";
    // Links to folders above or beside each other would multiply without end.
    if (!target?.isDirectory() || linked.has(real)) return undefined;
    linked.add(real);
    return "folder";
  }

  await walk(root, "");
  return found.toSorted();
}

function matches(expressions: readonly RegExp[], address: string): boolean {
  return expressions.some((expression) => expression.test(address));
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  } catch {
    // Unreadable, or gone since its parent was read.
    return [];
  }
}

function withSeparator(folder: string): string {
  return folder.endsWith(path.sep) ? folder : folder + path.sep;
}
