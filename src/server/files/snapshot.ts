/** A text file as it is at one moment, and whether it still is. */
import { constants, type BigIntStats } from "node:fs";
import { closeQuietly, readAll, type Disk, type OpenFile } from "./disk.ts";

export interface Snapshot {
  /** Stays open: it shows what others write into this very file, whatever happens to its name. */
  readonly handle: OpenFile;
  readonly bytes: Buffer;
  readonly stat: BigIntStats;
}

/** Bytes of the largest text file that is ever changed (D-12). */
export const maximumTextSize = 20 * 1024 * 1024;

/** Reading must not wait for the other end of a pipe. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * @param known bytes of a file that has a certain state, which then need not be read
 * @returns the snapshot, or why the file cannot be one, in words that follow "it". The caller closes the handle.
 */
export async function takeSnapshot(
  disk: Disk,
  file: string,
  known: (stat: BigIntStats) => Buffer | undefined = () => undefined,
): Promise<Snapshot | string> {
  const handle = await disk.open(file, readFlags);
  try {
    const stat = await handle.stat({ bigint: true });
    const unfit = unfitness(stat);
    if (unfit === undefined)
      return {
        handle,
        stat,
        bytes: known(stat) ?? (await readAll(handle, maximumTextSize + 1, Number(stat.size))),
      };
    await closeQuietly(handle);
    return unfit;
  } catch (error) {
    await closeQuietly(handle);
    throw error;
  }
}

function unfitness(stat: BigIntStats): string | undefined {
  if (!stat.isFile()) return "is not a regular file";
  // A replacement would go through all the same, since it needs only the directory.
  if ((stat.mode & 0o222n) === 0n) return "is read-only";
  return stat.size > maximumTextSize ? "is larger than 20 MiB" : undefined;
}

/** Identity, size, time and every byte; of a snapshot at rest the bytes are told by the time. */
export async function isUnchanged(
  disk: Disk,
  file: string,
  snapshot: Snapshot,
  rests = false,
): Promise<boolean> {
  const { stat, bytes, handle } = snapshot;
  if (!rests && !(await readAll(handle, maximumTextSize + 1, bytes.length)).equals(bytes))
    return false;
  try {
    const now = await disk.lstat(file, { bigint: true });
    return (
      now.ino === stat.ino &&
      now.dev === stat.dev &&
      now.size === BigInt(bytes.length) &&
      now.mtimeNs === stat.mtimeNs
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Ms: file systems count time in steps of a few ms, some in whole seconds. */
const steps = { fine: 20, coarse: 2500 } as const;

/**
 * Whether a file was last written so long before it was read that a later write must show in its time. Else two writes may
 * share one step of the file system's clock.
 */
export function isAtRest({ mtimeNs }: Pick<BigIntStats, "mtimeNs">, now: number): boolean {
  const isCoarse = mtimeNs % 1_000_000n === 0n;
  return now - Number(mtimeNs / 1_000_000n) > (isCoarse ? steps.coarse : steps.fine);
}

/** Whether two looks saw the same file with the same time and size. */
export function isSameState(one: BigIntStats, other: BigIntStats): boolean {
  return (
    one.ino === other.ino &&
    one.dev === other.dev &&
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs
  );
}

/** The text with its byte order mark, or undefined when it is not UTF-8 or has NUL characters: then it is no text of ours. */
export function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not UTF-8 is an answer.
    return undefined;
  }
}
