/** Puts a new text where the old one stood, or where none did. */
import type { BigIntStats } from "node:fs";
import { unlinkQuietly } from "./disk.ts";
import { makeFile } from "./new-file.ts";
import { replaceFile, writeInPlace, type Replacement } from "./replace-file.ts";
import { isAtRest, type Snapshot } from "./snapshot.ts";
import { ask, stands, type Done, type Task, type Writer } from "./text-change.ts";

/** A text that is to stand in a file. */
export interface Next extends Task {
  /** Its second name. */
  readonly old: string | undefined;
  readonly target: string;
  readonly snapshot: Snapshot;
  /** Whether the state of the file tells of every later write. */
  readonly rests: boolean;
  readonly text: string;
  readonly bytes: Buffer;
}

export async function replaceText(
  writer: Writer,
  next: Next,
): Promise<"replaced" | "in place" | "changed"> {
  const { disk, platform, clock, options, known } = writer;
  const { file, target, snapshot, bytes, text, how, old } = next;
  let isPlaced = false;
  let renamedAt = 0;
  const replacement: Replacement = {
    disk,
    platform,
    target,
    snapshot,
    next: bytes,
    isAtRest: next.rests,
    isPassing: how.isPassing === true,
    wait: (ms) => clock.sleep(ms),
    prepare: async () => {
      // Where files have no second names, only a process that lives finds what was written late.
      if (old !== undefined) await disk.link(target, old).catch(() => {});
    },
    placed(stat) {
      isPlaced = true;
      known.set(file, { bytes, text, stat, isSure: false });
      if (how.isPassing !== true) writer.flushes.begun(file);
      renamedAt = clock.now();
      stands(next, text);
    },
    seen(stat) {
      // A long text takes so long to be flushed that a later write shows in its time.
      if (isAtRest(stat, renamedAt)) known.set(file, { bytes, text, stat, isSure: true });
    },
  };
  let way: "replaced" | "in place" = "replaced";
  try {
    let outcome = await replaceFile(replacement);
    if (outcome === "unusual") {
      way = "in place";
      const copies = options.copies;
      const prepare = async (): Promise<void> => {
        await copies?.save(file, snapshot.bytes, { durable: true });
        await copies?.save(file, bytes, { durable: true });
      };
      outcome = await writeInPlace({ ...replacement, isAtRest: false, prepare });
    }
    // Who writes over ours the moment it stands there has changed the file: that is the next thing to be looked at (19.3, rule 6).
    return isPlaced ? way : outcome === "changed" ? "changed" : way;
  } catch (error) {
    if (!isPlaced) {
      if (old !== undefined) await unlinkQuietly(disk, old);
      throw error;
    }
    await writer.flushes.settle(target, error);
    return way;
  }
}

export async function createText(writer: Writer, task: Task): Promise<Done> {
  const { file } = task;
  const answer = ask(task, undefined);
  if (answer === undefined) return stands(task, undefined);
  const text = typeof answer === "string" ? answer : answer.text;
  const bytes = Buffer.from(text);
  let isPlaced = false;
  const placed = (stat: BigIntStats): void => {
    isPlaced = true;
    writer.known.set(file, { bytes, text, stat, isSure: false });
    writer.flushes.begun(file);
    stands(task, text);
  };
  try {
    // Somebody may have made it meanwhile; then it is read first.
    return (await makeFile(writer.disk, { file, bytes, placed })) ? { text } : "changed";
  } catch (error) {
    if (!isPlaced) throw error;
    await writer.flushes.settle(file, error);
    return { text };
  }
}
