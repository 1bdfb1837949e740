/** Pure: which files of a workspace folder belong to its REPL (REPL specification 2). */
import path from "node:path";

/** The registry, or a file where logs are kept. Never a document: its blocks are requests and answers. */
export function isReplPath(folder: string | undefined, file: string): boolean {
  return isRegistryPath(folder, file) || isLogPath(folder, file);
}

/** A file directly in `daebug/`, live or not. */
export function isLogPath(folder: string | undefined, file: string): boolean {
  return (
    folder !== undefined &&
    file.endsWith(".md") &&
    path.dirname(file) === path.join(folder, "daebug")
  );
}

function isRegistryPath(folder: string | undefined, file: string): boolean {
  return folder !== undefined && file === path.join(folder, "daebug.md");
}
