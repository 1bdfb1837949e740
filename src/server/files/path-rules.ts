/** What differs between platforms when a path is checked; tests put in the rules of another one. */
import type { BigIntStats } from "node:fs";
import { lstat, open, readlink, realpath, type FileHandle } from "node:fs/promises";
import path from "node:path";

export interface PathRules {
  readonly path: Pick<typeof path, "dirname" | "join" | "parse" | "relative" | "sep">;
  /** Whether names that differ in case only are one file. */
  readonly foldCase: boolean;
  readonly disk: {
    realpath(path: string): Promise<string>;
    lstat(path: string, options: { bigint: true }): Promise<BigIntStats>;
    open(path: string, flags: number): Promise<FileHandle>;
  };
  /** The path of an open file as the system knows it now; undefined where it cannot tell. */
  handlePath(handle: FileHandle): Promise<string | undefined>;
}

export function platformRules(platform: NodeJS.Platform = process.platform): PathRules {
  return {
    path: platform === "win32" ? path.win32 : path.posix,
    foldCase: platform === "win32" || platform === "darwin",
    disk: { realpath, lstat, open },
    handlePath: platform === "linux" ? procPath : async () => undefined,
  };
}

/** The answer belongs to the handle, so that no exchange of folders in between can falsify it. */
async function procPath(handle: FileHandle): Promise<string | undefined> {
  try {
    return (await readlink(`/proc/self/fd/${handle.fd}`)).replace(/ \(deleted\)$/, "");
  } catch {
    // Without /proc (some containers) the caller watches the folders instead.
    return undefined;
  }
}

/** Whether `file` is `root` or lies below it, by whole segments (F-02). Both real and absolute. */
export function isWithin(
  root: string,
  file: string,
  rules: Pick<PathRules, "path" | "foldCase">,
): boolean {
  const parts = (absolute: string): string[] => {
    const compared = rules.foldCase ? absolute.normalize("NFC").toLowerCase() : absolute;
    return compared.split(rules.path.sep).filter((part) => part !== "");
  };
  const [above, below] = [parts(root), parts(file)];
  return above.every((part, index) => below[index] === part);
}
