/**
 * The file writer: every change that we make to a user's Markdown file goes through it (D-01 to D-05, D-08 to D-10, D-12,
 * D-13, decision 38). What it accepts is in the journal first; the file is old or new, never torn; the text of others wins.
 */
import { randomUUID } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../protocol/errors.ts";
import type { Log } from "../log.ts";
import { createCopies, type Copies } from "./copies.ts";
import { NotDurable, realDisk, type Disk } from "./disk.ts";
import { createJournal, type Journal } from "./journal.ts";
import type { Pending } from "./journal-records.ts";
import { createLateSaves, type LateSaves } from "./late-saves.ts";
import type { Placing } from "./place-entry.ts";
import { codeOf, placePatiently } from "./place-patiently.ts";
import { createQueues, type Queues } from "./queues.ts";
import { sweepTemporaries } from "./temporaries.ts";

/** `parked`: it stays in the journal, with a sentence in the log; the next write to that file or `recover` tries again. */
export type WriteOutcome = "written" | "unchanged" | "parked";

/** An entry that survives everything from now on. */
export interface Accepted {
  /** Absolute path as it was given. */
  readonly file: string;
  /** Puts it into the file, after everything that was asked for before. Never rejects. */
  write(): Promise<WriteOutcome>;
  /** Somebody else, the open editor, has placed it. */
  settle(): Promise<void>;
}

export interface Recovery {
  readonly written: number;
  readonly unchanged: number;
  readonly parked: number;
  /** Entries for files that are open in the editor: to be written or settled by the caller. */
  readonly held: readonly Accepted[];
}

export interface FileWriter<Entry> {
  /** @param file absolute. @param entry survives as JSON. @throws UserError `write_failed` when it could not be kept. */
  accept(file: string, entry: Entry): Promise<Accepted>;
  /** Replays what earlier processes, and failures, have left, in order. At start, and whenever the reason may be gone. */
  recover(isOpen?: (file: string) => boolean): Promise<Recovery>;
  /** Waits for what has begun. */
  close(): Promise<void>;
}

export interface FileWriterOptions<Entry> {
  /** Absolute; journal and copies. Outside the workspace; several writers may share it. */
  readonly directory: string;
  /**
   * Puts an entry into the whole text of a file, byte order mark included. Gives the same text back when the entry is in
   * it already, and undefined when it has no place in it any more. Pure.
   */
  readonly apply: (text: string, entry: Entry) => string | undefined;
  /** Warnings, each said once. */
  readonly log: Pick<Log, "add">;
  readonly disk?: Disk;
  readonly platform?: NodeJS.Platform;
  readonly wait?: (ms: number) => Promise<unknown>;
  readonly now?: () => number;
}

/** Ms an entry that fits nowhere is kept. */
const keptMs = 30 * 24 * 60 * 60 * 1000;

/** What the functions of a writer share. */
interface Writer<Entry> {
  readonly options: FileWriterOptions<Entry>;
  readonly journal: Journal<Entry>;
  readonly placing: Placing<Entry>;
  readonly late: LateSaves<Entry>;
  readonly say: (message: string) => void;
  /** Lines by name keep the order of asking, lines by real path let links to one file wait for each other. */
  readonly byName: Queues;
  readonly byFile: Queues;
  /** Hash of what we wrote last, by real path. */
  readonly own: Map<string, string>;
  /** Reasons that were told, by entry: each is told once. */
  readonly told: Map<string, string>;
  /** Entries whose reason may pass by itself. */
  readonly again: Set<string>;
  closed: boolean;
}

export function createFileWriter<Entry>(options: FileWriterOptions<Entry>): FileWriter<Entry> {
  const disk = options.disk ?? realDisk;
  const now = options.now ?? Date.now;
  const copies = createCopies(disk, path.join(options.directory, "copies"), now);
  const writer = assemble(options, disk, copies);
  const { journal, byName, byFile, late } = writer;
  let loading: Promise<void> | undefined;

  const load = (): Promise<void> => {
    loading ??= loadJournal(writer);
    loading.catch(() => (loading = undefined));
    return loading;
  };

  return {
    async accept(file, entry) {
      if (writer.closed)
        throw new UserError(
          "server_gone",
          `The result for ${file} came after the end of the server; run the block again`,
        );
      const pending: Pending<Entry> = { id: randomUUID(), file, entry, at: now() };
      try {
        await load();
        await journal.append({ kind: "accepted", ...pending });
      } catch (cause) {
        const reason = codeOf(cause instanceof NotDurable ? cause.cause : cause);
        throw new UserError(
          "write_failed",
          `The result for ${file} could not be kept (${reason}); make room on the disk and run the block again`,
          { cause },
        );
      }
      return acceptedOf(writer, pending);
    },
    async recover(isOpen = () => false) {
      await load();
      await clean(writer, disk, copies);
      return replay(writer, isOpen, now());
    },
    async close() {
      writer.closed = true;
      await byName.idle();
      await byFile.idle();
      await late.flush();
      await journal.close();
    },
  };
}

function assemble<Entry>(
  options: FileWriterOptions<Entry>,
  disk: Disk,
  copies: Copies,
): Writer<Entry> {
  const journal = createJournal<Entry>(disk, options.directory);
  const byFile = createQueues();
  const own = new Map<string, string>();
  const placing: Placing<Entry> = {
    disk,
    copies,
    apply: options.apply,
    platform: options.platform ?? process.platform,
    wait: options.wait ?? sleep,
    intend: (id, intention) => journal.append({ kind: "intended", id, ...intention }),
    isOwn: (target, hash) => own.get(target) === hash,
  };
  const say = (message: string): void => options.log.add("warn", message);
  const late = createLateSaves<Entry>({
    placing,
    copies,
    inLine: byFile.run,
    say,
    own,
  });
  return {
    options,
    journal,
    placing,
    late,
    say,
    byName: createQueues(),
    byFile,
    own,
    told: new Map(),
    again: new Set(),
    closed: false,
  };
}

async function loadJournal<Entry>({ journal, options, say }: Writer<Entry>): Promise<void> {
  const damaged = await journal.load();
  if (damaged > 0)
    say(
      `${damaged} records of the journal in ${options.directory} are damaged and were left out; compare your latest results`,
    );
}

function acceptedOf<Entry>(writer: Writer<Entry>, { id, file }: Pending<Entry>): Accepted {
  return {
    file,
    write: () => writeEntry(writer, id, file),
    settle: () => finish(writer, id),
  };
}

function writeEntry<Entry>(writer: Writer<Entry>, id: string, file: string): Promise<WriteOutcome> {
  const { byName, byFile, journal, again, placing } = writer;
  return byName.run(file, async () => {
    // What does not exist waits under its own name.
    const line = await placing.disk.realpath(file).catch(() => file);
    return byFile.run(line, async () => {
      const waiting = journal.pending().filter((pending) => pending.file === file);
      const earlier = waiting.filter((pending) => pending.id !== id && again.has(pending.id));
      for (const pending of earlier) await place(writer, pending.id);
      return place(writer, id);
    });
  });
}

async function place<Entry>(writer: Writer<Entry>, id: string): Promise<WriteOutcome> {
  if (writer.closed) return "parked";
  const pending = writer.journal.find(id);
  if (pending === undefined) return "unchanged";
  const placed = await placePatiently(writer.placing, () => writer.journal.find(id));
  if (placed.outcome === "parked") return park(writer, pending, placed);
  if (placed.outcome === "written") {
    writer.own.set(placed.target, placed.hash);
    writer.late.placed(placed.target, pending.entry, placed.replaced);
  }
  await finish(writer, id);
  return placed.outcome;
}

function park<Entry>(
  writer: Writer<Entry>,
  { id, file }: Pending<Entry>,
  { reason, again }: { reason: string; again: boolean },
): "parked" {
  if (again) writer.again.add(id);
  if (writer.told.get(id) !== reason) {
    writer.say(
      `The result for ${file} was not written: the file ${reason}. It is kept, and tried again at the next ${again ? "write or " : ""}start`,
    );
  }
  writer.told.set(id, reason);
  return "parked";
}

async function finish<Entry>({ journal, again, told }: Writer<Entry>, id: string): Promise<void> {
  again.delete(id);
  told.delete(id);
  if (journal.find(id) === undefined) return;
  try {
    await journal.append({ kind: "done", id });
  } catch {
    // The file has the entry; without this record the next start looks and finds it there.
  }
}

async function clean<Entry>(
  { journal, options, say }: Writer<Entry>,
  disk: Disk,
  copies: Copies,
): Promise<void> {
  try {
    await sweepTemporaries(disk, [
      options.directory,
      ...journal.pending().map((pending) => path.dirname(pending.file)),
    ]);
    await copies.prune();
  } catch (error) {
    say(
      `Old temporary files could not be removed (${codeOf(error)}); they are tried again at the next start`,
    );
  }
}

async function replay<Entry>(
  writer: Writer<Entry>,
  isOpen: (file: string) => boolean,
  now: number,
): Promise<Recovery> {
  const count = { written: 0, unchanged: 0, parked: 0 };
  const held: Accepted[] = [];
  for (const pending of writer.journal.pending()) {
    if (now - pending.at > keptMs) await expire(writer, pending);
    else if (isOpen(pending.file)) held.push(acceptedOf(writer, pending));
    else count[await writeEntry(writer, pending.id, pending.file)]++;
  }
  return { ...count, held };
}

async function expire<Entry>(writer: Writer<Entry>, { id, file }: Pending<Entry>): Promise<void> {
  writer.say(
    `A result for ${file} found no place in 30 days and is dropped; run the block again if you need it`,
  );
  await finish(writer, id);
}
