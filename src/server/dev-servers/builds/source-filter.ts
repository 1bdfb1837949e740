/** Which files below a project's root make a build (dev-servers 4.2). Pure. */
import path from "node:path";
import picomatch from "picomatch";

export interface SourceFilter {
  /** A file whose change makes a build. */
  isSource(file: string): boolean;
  /** Nothing below it can be a source. Also true for files that are none, once they are known to be files. */
  isIgnored(file: string, kind?: "file" | "folder"): boolean;
}

export interface SourceGlobs {
  /** Absolute. */
  readonly root: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Absolute files and folders that the build itself writes. */
  readonly outputs: readonly string[];
}

const ignoredFolders: ReadonlySet<string> = new Set(["node_modules", "vendor"]);

/** Hidden folders (so `.git`), `node_modules`, `vendor` and what the build writes are never looked at. */
export function createSourceFilter({ root, include, exclude, outputs }: SourceGlobs): SourceFilter {
  const isIncluded = picomatch([...include]);
  // `picomatch([])` would match nothing or everything, depending on its version.
  const isExcluded = exclude.length === 0 ? () => false : picomatch([...exclude], { dot: true });
  const bases = include.map((glob) => picomatch.scan(glob).base);

  const addressOf = (file: string): string => path.relative(root, file).split(path.sep).join("/");
  const isOutput = (file: string): boolean =>
    outputs.some((output) => file === output || file.startsWith(output + path.sep));

  const isSource = (file: string): boolean => {
    const address = addressOf(file);
    return isIncluded(address) && !isExcluded(address) && !isOutput(file);
  };

  return {
    isSource: (file) => isSource(file) && !addressOf(file).split("/").slice(0, -1).some(isHidden),
    isIgnored(file, kind) {
      const address = addressOf(file);
      if (address === "") return false;
      if (address.startsWith("../") || isOutput(file)) return true;
      const segments = address.split("/");
      // A name alone does not tell a file from a folder, and files may be hidden.
      const folders = kind === "folder" ? segments : segments.slice(0, -1);
      if (folders.some(isHidden) || ignoredFolders.has(segments.at(-1) ?? "")) return true;
      if (kind === "file") return !isSource(file);
      return isExcluded(address) || !bases.some((base) => areOnOneWay(base, address));
    },
  };
}

/**
 * What a build writes: the folder of its artefact and of the installed one, or these files alone where sources stand beside
 * them. Absolute paths.
 */
export function outputsOf(
  files: readonly string[],
  root: string,
  include: readonly string[],
): readonly string[] {
  const sources = include.map((glob) => path.join(root, picomatch.scan(glob).base) + path.sep);
  return files.flatMap((file) => {
    const folder = path.dirname(file);
    const isShared = sources.some((base) => base.startsWith(folder + path.sep));
    return isShared ? [file, `${file}.new`, `${file}.prev`] : [folder];
  });
}

function isHidden(name: string): boolean {
  return name.startsWith(".") || ignoredFolders.has(name);
}

/** One lies in the other, or they are the same. */
function areOnOneWay(one: string, other: string): boolean {
  return (
    one === "" ||
    one === "." ||
    `${one}/`.startsWith(`${other}/`) ||
    `${other}/`.startsWith(`${one}/`)
  );
}
