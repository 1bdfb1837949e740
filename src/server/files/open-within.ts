/** F-05, F-07: opens a file that was found inside, and makes sure that it is what was opened. */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { PathRules } from "./path-rules.ts";

export interface OpenFile {
  /** The caller closes it. */
  readonly handle: FileHandle;
  /** Real path. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

export interface Way {
  /** Real path, checked. */
  readonly real: string;
  /** The root it lies below. */
  readonly root: string;
  readonly rules: PathRules;
  /** The root that a real path may be read below, undefined for none. */
  readonly rootOf: (real: string) => Promise<string | undefined>;
}

/** Reading only, no link as last part, no waiting for the other end of a pipe. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** @returns undefined for what is no regular file, and when folders changed places on the way. */
export async function openWithin(way: Way): Promise<OpenFile | undefined> {
  const { rules, rootOf } = way;
  let canTell = true;
  const opened = await openIf(way, async (handle) => {
    const actual = await rules.handlePath(handle);
    canTell = actual !== undefined;
    return actual !== undefined && (await rootOf(actual)) !== undefined;
  });
  if (canTell) return opened;

  const folders = foldersTo(way);
  const before = await identities(folders, rules);
  return openIf(way, async () => {
    // Upwards now: each folder is looked at while those above it are still known to be in their places.
    const after = await identities(folders.toReversed(), rules);
    return before !== undefined && before === after;
  });
}

async function openIf(
  { real, rules }: Way,
  isInside: (handle: FileHandle) => Promise<boolean>,
): Promise<OpenFile | undefined> {
  const handle = await rules.disk.open(real, flags);
  try {
    const stat = await handle.stat({ bigint: true });
    if ((await isInside(handle)) && stat.isFile())
      return { handle, path: real, size: Number(stat.size) };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** The folders from a root down to the one that holds the file. */
function foldersTo({ real, root, rules: { path } }: Way): readonly string[] {
  const names = path
    .relative(root, path.dirname(real))
    .split(path.sep)
    .filter((name) => name !== "");
  return [root, ...names.map((_, index) => path.join(root, ...names.slice(0, index + 1)))];
}

/** Renaming a folder, away or back, changes its change time. @returns undefined when one of them is a link by now. */
async function identities(
  folders: readonly string[],
  { disk }: PathRules,
): Promise<string | undefined> {
  const seen: string[] = [];
  for (const folder of folders) {
    const stat = await disk.lstat(folder, { bigint: true });
    if (!stat.isDirectory()) return undefined;
    seen.push([folder, stat.dev, stat.ino, stat.ctimeNs].join(" "));
  }
  return seen.toSorted().join("\n");
}
