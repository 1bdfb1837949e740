/**
 * Which edition of a project's file an import gets. The rule: at each run, a file that changed on disk since it was loaded,
 * and every project file that imports it, directly or not, is loaded anew; all others keep their instance and their state.
 * Packages in node_modules are loaded once. An edition is a number in the module's address (`?v=1`), none for the first.
 */
import { statSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

interface ProjectFile {
  edition: number;
  /** Time and size at the last load; undefined until then. */
  stamp: string | undefined;
  readonly importers: Set<string>;
  /** An import in it could not be found: it is loaded anew even if it stays as it is. */
  incomplete: boolean;
}

export interface ProjectFiles {
  /** Address of a file for an importer (absolute paths; the importer is absent for a block). */
  address(file: string, importer: string | undefined): string;
  loaded(file: string): void;
  importFailed(importer: string): void;
  /** A run begins: looks at every loaded file, and answers those that are loaded anew. */
  refresh(): readonly string[];
}

export function createProjectFiles(): ProjectFiles {
  const files = new Map<string, ProjectFile>();

  function entry(file: string): ProjectFile {
    const known = files.get(file) ?? {
      edition: 0,
      stamp: undefined,
      importers: new Set(),
      incomplete: false,
    };
    files.set(file, known);
    return known;
  }

  function outdate(file: string, seen: Set<string>): void {
    const known = files.get(file);
    if (known === undefined || seen.has(file)) return;
    seen.add(file);
    known.edition += 1;
    known.incomplete = false;
    known.stamp = stampOf(file);
    for (const importer of known.importers) outdate(importer, seen);
    // They report themselves again when they are loaded again.
    known.importers.clear();
  }

  return {
    address(file, importer) {
      const known = entry(file);
      if (importer !== undefined) known.importers.add(importer);
      const url = pathToFileURL(file);
      if (known.edition > 0) url.searchParams.set("v", String(known.edition));
      return url.href;
    },
    loaded(file) {
      entry(file).stamp = stampOf(file);
    },
    importFailed(importer) {
      entry(importer).incomplete = true;
    },
    refresh() {
      const changed = [...files].filter(
        ([file, known]) =>
          known.incomplete || (known.stamp !== undefined && known.stamp !== stampOf(file)),
      );
      const seen = new Set<string>();
      for (const [file] of changed) outdate(file, seen);
      return [...seen];
    },
  };
}

/** Path of a file of the project, undefined for packages, Node's own modules and other addresses. */
export function projectPath(url: string | undefined): string | undefined {
  if (url === undefined || !url.startsWith("file:") || url.includes("/node_modules/"))
    return undefined;
  return fileURLToPath(url);
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.mtimeMs} ${stat.size}`;
}
