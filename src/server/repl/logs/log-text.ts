/**
 * The text of one log: what the server knows of it, and the only way it is changed (REPL specification 19). Stale copies,
 * late saves and half-written files of others are put right before anything of ours is added.
 */
import { findAnchor } from "../../../markdown/log/anchor.ts";
import { finishEdit } from "../../../markdown/log/edits.ts";
import type { DirtyDocument, DirtyEdit } from "../../../protocol/contract.ts";
import type { TextWriter } from "../../files/text-writer.ts";
import { realClock, type Clock } from "../../clock.ts";
import { chooseBase } from "../log-base.ts";
import { LogEnd, type Edited, type EndLengths } from "./log-end.ts";
import { reconcile, reconcileLate, type OwnVersion } from "../log-merge.ts";
import { LogVersions } from "./log-versions.ts";
import { Readings, Torn } from "./readings.ts";

/** Changes the text of a log; undefined to leave it. Pure, and called again when another program wrote meanwhile. */
export type LogEdit = (text: string) => string | undefined;

/** Open documents with unsaved changes (19.5). */
export interface DirtyDocuments {
  readDirty(file: string): Promise<DirtyDocument | undefined>;
  editDirty(edit: DirtyEdit): Promise<boolean>;
}

export interface LogTextOptions {
  /** Absolute path of the file. */
  readonly file: string;
  /** Key of the realm; part of the title. */
  readonly name: string;
  readonly writer: TextWriter;
  readonly documents: DirtyDocuments;
  /** Remembers versions beyond the life of the process. */
  readonly record: VersionRecord;
  readonly clock?: Clock;
  /** Which logs count as long. */
  readonly lengths?: EndLengths;
  /** Puts the request of a text without an anchor below one, so that what is written next is not taken for its successor. */
  prepare?(text: string): string;
}

export interface EditOptions {
  /** Whether a missing file is made; else an edit of a missing file does nothing. */
  readonly create?: boolean;
  /** Whether it is the edit that accepts requests, which finds them without an anchor, too. */
  readonly isAcceptance?: boolean;
  /** Whether the edit need not survive a power loss by itself. */
  readonly isPassing?: boolean;
  /** Called with the text that is about to be edited, all of it; throws to refuse. */
  check?(text: string): void;
  /** Called with what stands there now, undefined for no file, before the next edit is asked. */
  done?(text: string | undefined): void;
}

/** A text as the beginning of another one, and what follows. */
export interface Delta {
  readonly keep: number;
  readonly add: string;
}

export interface VersionRecord {
  /** Goes on with the record of an earlier process, whose last text was this. */
  resume(text: string): void;
  /** A text is about to be written. @param change how it comes from the text before, where that is known */
  intend(before: string, after: string, change?: Delta): void;
  /** A text stood in the file, and is not believed yet. */
  saw(text: string): void;
  /** A text is known to stand in the file, written or found. */
  stands(text: string): void;
}

/** What an earlier process knew of a log. */
export interface Restored {
  /** What was last known to stand in the file. */
  readonly known: string;
  readonly versions: readonly OwnVersion[];
  /** A text that may have been written, or not, when the process ended. */
  readonly intended?: OwnVersion;
}

/** Ms between two readings of a text that looks half-written. */
const tornMs = 150;
export class LogText {
  readonly #options: LogTextOptions;
  #known: string | undefined;
  #exists = false;
  readonly #clock: Clock;
  readonly #versions: LogVersions;
  readonly #end: LogEnd;

  constructor(options: LogTextOptions) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#versions = new LogVersions(this.#clock);
    this.#end = new LogEnd(options.lengths);
  }

  get file(): string {
    return this.#options.file;
  }

  /** Whether the file was there when it was last looked at. */
  get exists(): boolean {
    return this.#exists;
  }

  /** The text last written or processed. */
  get known(): string | undefined {
    return this.#known;
  }

  /** Tells versions of the text apart, in the form of HTTP. */
  get etag(): string {
    return `"${this.#end.hashOf(this.#known ?? "").slice(0, 16)}"`;
  }

  /**
   * Goes on where an earlier process ended.
   * @param found what stands in the file: it tells whether the last text was written before the end
   */
  restore({ known, versions, intended }: Restored, found: string): void {
    const { record } = this.#options;
    const isWritten = intended !== undefined && found.startsWith(intended.after.trimEnd());
    record.resume(known);
    if (isWritten) record.stands(intended.after);
    this.#known = isWritten ? intended.after : known;
    this.#versions.restore(isWritten ? [...versions, intended] : versions);
    this.#exists = true;
  }

  /**
   * Reads the file, brings it up to date with what we know, and applies an edit. Edits of one log follow each other.
   * @returns the text that stands there now, undefined when there is no file
   * @throws UserError when it could not be written; the edit is then not done
   */
  async change(edit: LogEdit, options: EditOptions = {}): Promise<string | undefined> {
    const readings = new Readings();
    for (;;) {
      try {
        return await this.#tryChange(edit, options, readings);
      } catch (error) {
        if (!(error instanceof Torn)) throw error;
        readings.add(error.found);
        await this.#clock.sleep(tornMs);
      }
    }
  }

  /** Resolves when what was written survives a power loss. */
  durable(): Promise<void> {
    return this.#options.writer.durable(this.file);
  }

  /** Text that another program wrote over an older version, into the file we had just replaced. */
  async late(late: { readonly base: string; readonly text: string }): Promise<void> {
    await this.change((current) => reconcileLate(current, late, this.#versions.believed()));
  }

  /** A text that somebody had saved when an earlier process ended. Texts of any age may be what they had read. */
  async saved(text: string): Promise<void> {
    const versions = this.#versions.ofAnyAge();
    const known = versions.flatMap(({ before, after }) => [after, before]).toReversed();
    if (this.#known !== undefined) known.unshift(this.#known);
    if (text.trim() === "" || known.includes(text)) return;
    const base = chooseBase(text, known);
    await this.change((current) => reconcileLate(current, { base, text }, versions));
  }

  async #tryChange(
    edit: LogEdit,
    options: EditOptions,
    readings: Readings,
  ): Promise<string | undefined> {
    const { documents, file, writer, record } = this.#options;
    const dirty = await documents.readDirty(file);
    if (dirty !== undefined) return this.#changeDirty(dirty, edit, options);
    let before: string | undefined;
    const change = (found: string | undefined): string | Edited | undefined => {
      before = undefined;
      const doubt = readings.doubt(this.#known, found);
      if (doubt?.fresh !== undefined) this.#saw(doubt.fresh);
      if (doubt !== undefined) throw doubt;
      // A deleted log is not made again by a late reply (2.2).
      if (found === undefined && options.create !== true) return undefined;
      before = found ?? "";
      if (found === undefined) options.check?.("");
      const after = found === undefined ? this.#whole("", edit) : this.#next(found, edit, options);
      if (typeof after !== "string") record.intend(before, after.text, after.delta);
      else if (after !== before) record.intend(before, after);
      return after;
    };
    return writer.change(file, change, {
      isPassing: options.isPassing === true,
      stands: (text) => {
        this.#settle(before, text);
        options.done?.(text);
      },
    });
  }

  async #changeDirty(
    dirty: DirtyDocument,
    edit: LogEdit,
    options: EditOptions,
  ): Promise<string | undefined> {
    const answer = this.#next(dirty.text, edit, options);
    const next = typeof answer === "string" ? answer : answer.text;
    if (next !== dirty.text) {
      const { start, end, text } = difference(dirty.text, next);
      const { documents, file } = this.#options;
      const done = await documents.editDirty({ file, version: dirty.version, start, end, text });
      // The person typed meanwhile: look again.
      if (!done) return this.change(edit, options);
    }
    this.#settle(dirty.text, next);
    options.done?.(next);
    return next;
  }

  /** The text after reconciling and editing; the found one itself when nothing changes. */
  #next(
    found: string,
    edit: LogEdit,
    { isAcceptance = false, check }: EditOptions,
  ): string | Edited {
    const known = this.#known;
    const isSame = known === undefined || known === found;
    const { text: base, how } = isSame
      ? { text: found, how: "same" }
      : reconcile(known, found, this.#versions.believed());
    check?.(base);
    // What was merged may have anchors anywhere.
    const part = how === "merge" || how === "taken" ? undefined : this.#end.of(base);
    if (part !== undefined) {
      const edited = this.#end.edit(part, edit);
      if (edited === undefined) return base;
      return base === found ? edited : edited.text;
    }
    const { prepare } = this.#options;
    const isPrepared = isAcceptance || prepare === undefined || findAnchor(base) !== undefined;
    if (isPrepared || edit(base) === undefined) return this.#whole(base, edit);
    return this.#whole(prepare(base), edit);
  }

  #whole(base: string, edit: LogEdit): string {
    const edited = edit(base);
    return edited === undefined || edited === base ? base : finishEdit(edited, this.#options.name);
  }

  /** A text that is not believed yet may have been read by others all the same. */
  #saw(text: string): void {
    this.#versions.saw(this.#known!, text);
    this.#options.record.saw(text);
  }

  #settle(before: string | undefined, text: string | undefined): void {
    this.#exists = text !== undefined;
    if (text === undefined) {
      this.#known = undefined;
      this.#versions.restore([]);
      return;
    }
    this.#versions.went(this.#known, before ?? text, text);
    this.#known = text;
    this.#options.record.stands(text);
  }
}

/** The one stretch in which two texts differ, so that the caret and folds elsewhere stay. */
function difference(old: string, next: string): { start: number; end: number; text: string } {
  let start = 0;
  while (start < old.length && start < next.length && old[start] === next[start]) start++;
  let same = 0;
  while (
    same < old.length - start &&
    same < next.length - start &&
    old[old.length - 1 - same] === next[next.length - 1 - same]
  )
    same++;
  return { start, end: old.length - same, text: next.slice(start, next.length - same) };
}
