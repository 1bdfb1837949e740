/** One try to put one journal entry into its file. */
import { createHash } from "node:crypto";
import type { Copies } from "./copies.ts";
import { closeQuietly, type Disk, type OpenFile } from "./disk.ts";
import type { Intention, Pending } from "./journal-records.ts";
import { replaceFile, writeInPlace, type Replacement } from "./replace-file.ts";
import { maximumTextSize, takeSnapshot, textOf, type Snapshot } from "./snapshot.ts";

export interface Placing<Entry> {
  readonly disk: Disk;
  readonly copies: Copies;
  readonly platform: NodeJS.Platform;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly apply: (text: string, entry: Entry) => string | undefined;
  /** Makes an intention durable before the file changes. */
  intend(id: string, intention: Intention): Promise<void>;
  /** Whether content with this hash is our own last work, which needs no copy. */
  isOwn(target: string, hash: string): boolean;
}

/** The file that lost its name, still open, and the hash of what we read in it. */
export interface Replaced {
  readonly handle: OpenFile;
  readonly hash: string;
}

export type Try =
  | { readonly outcome: "unchanged" }
  /** `replaced` is the file that lost its name, absent when it was written in place, and on Windows. */
  | { readonly outcome: "written"; readonly hash: string; readonly replaced?: Replaced }
  /** Somebody else wrote; look again. */
  | { readonly outcome: "changed" }
  /** In words that follow "it". `settles`: a program that is just saving would look the same. */
  | { readonly outcome: "unfit"; readonly reason: string; readonly settles: boolean };

/** Which file (real path), and whether an empty one is to be believed now. */
export interface Place {
  readonly target: string;
  readonly isLastTry: boolean;
}

/** @throws NotDurable, or the error of the file system. */
export async function placeEntry<Entry>(
  placing: Placing<Entry>,
  pending: Pending<Entry>,
  place: Place,
): Promise<Try> {
  const snapshot = await takeSnapshot(placing.disk, place.target);
  if (typeof snapshot === "string") return { outcome: "unfit", reason: snapshot, settles: false };
  let result: Try | undefined;
  try {
    result = await placeInto(placing, pending, { ...place, snapshot });
    return result;
  } finally {
    if (result?.outcome !== "written" || result.replaced === undefined)
      await closeQuietly(snapshot.handle);
  }
}

interface OpenPlace extends Place {
  readonly snapshot: Snapshot;
}

async function placeInto<Entry>(
  placing: Placing<Entry>,
  pending: Pending<Entry>,
  place: OpenPlace,
): Promise<Try> {
  const next =
    (await begunContent(placing, pending, place.snapshot)) ?? nextContent(placing, pending, place);
  if (!Buffer.isBuffer(next)) return next;
  const { disk, platform, wait } = placing;
  const { bytes, handle } = place.snapshot;
  const before = hashOf(bytes);
  const hash = hashOf(next);
  const replacement: Replacement = {
    disk,
    platform,
    wait,
    next,
    target: place.target,
    snapshot: place.snapshot,
    prepare: async () => {
      if (!placing.isOwn(place.target, before)) await placing.copies.save(place.target, bytes);
      await placing.intend(pending.id, { after: hash });
    },
  };
  const outcome = await replaceFile(replacement);
  if (outcome === "replaced" && platform === "win32") return { outcome: "written", hash };
  if (outcome === "replaced")
    return { outcome: "written", hash, replaced: { handle, hash: before } };
  if (outcome === "changed") return { outcome };
  const direct = await writeInPlace({
    ...replacement,
    prepare: () => saveBoth(placing, pending.id, replacement),
  });
  return direct === "changed" ? { outcome: "changed" } : { outcome: "written", hash };
}

async function saveBoth<Entry>(
  { copies, intend }: Placing<Entry>,
  id: string,
  { target, snapshot, next }: Replacement,
): Promise<void> {
  const old = await copies.save(target, snapshot.bytes, { durable: true });
  const saved = await copies.save(target, next, { durable: true });
  await intend(id, { after: hashOf(next), copies: { old, next: saved } });
}

/** The content of an earlier, interrupted try that is in the file already, or half of it. It is written once more, to be sure. */
async function begunContent<Entry>(
  { copies }: Placing<Entry>,
  { intention }: Pending<Entry>,
  { bytes }: Snapshot,
): Promise<Buffer | undefined> {
  if (intention === undefined) return undefined;
  if (hashOf(bytes) === intention.after) return bytes;
  if (intention.copies === undefined) return undefined;
  const old = await copies.read(intention.copies.old);
  const next = await copies.read(intention.copies.next);
  return old !== undefined && next !== undefined && isMixture(bytes, old, next) ? next : undefined;
}

/** Whether each byte is from one of the two: what an interrupted write leaves, whatever the order in which the disk took it. */
export function isMixture(bytes: Buffer, old: Buffer, next: Buffer): boolean {
  if (
    bytes.length < Math.min(old.length, next.length) ||
    bytes.length > Math.max(old.length, next.length)
  )
    return false;
  return bytes.every((byte, index) => byte === old[index] || byte === next[index]);
}

function nextContent<Entry>(
  { apply }: Placing<Entry>,
  { entry }: Pending<Entry>,
  { snapshot, isLastTry }: OpenPlace,
): Buffer | Try {
  // A program that is saving has emptied the file first (D-06).
  if (snapshot.bytes.length === 0 && !isLastTry) return unfit("is empty", true);
  const text = textOf(snapshot.bytes);
  if (text === undefined) return unfit("is not UTF-8 text", false);
  const next = apply(text, entry);
  if (next === undefined) return unfit("has no place for it any more", true);
  if (next === text) return { outcome: "unchanged" };
  const encoded = Buffer.from(next);
  return encoded.length > maximumTextSize ? unfit("would grow beyond 20 MiB", false) : encoded;
}

function unfit(reason: string, settles: boolean): Try {
  return { outcome: "unfit", reason, settles };
}

export function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
