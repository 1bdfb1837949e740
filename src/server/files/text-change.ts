/** One change of a text, and what it needs of its writer. */
import { UserError } from "../../protocol/errors.ts";
import type { Clock } from "../clock.ts";
import type { Copies } from "./copies.ts";
import type { Disk } from "./disk.ts";
import type { Flushes } from "./flushes.ts";
import type { KnownTexts } from "./known-texts.ts";
import type { LateText, LateTexts } from "./late-texts.ts";

/** A new text of which a beginning is that of the text that was found. */
export interface Rewrite {
  readonly text: string;
  /** What follows them. */
  readonly rest: string;
  /** What followed them. */
  readonly was: string;
}

/** @param found undefined when there is no such file. @returns the whole new text; undefined, or the same, to leave it. */
export type TextChange = (found: string | undefined) => string | Rewrite | undefined;

export interface ChangeOptions {
  /** Called with what stands in the file now, undefined for no file, before the next change of it is asked. */
  stands?(text: string | undefined): void;
  /** Whether the change need not survive a power loss by itself: a later one will be waited for. */
  readonly isPassing?: boolean;
}

export interface TextWriterOptions {
  /** Absolute real path; a link that leads out of it is refused (REPL specification 18.4). */
  readonly root: string;
  /** Another program wrote into the file that had just lost its name. */
  late(late: LateText): Promise<void> | void;
  /** Whether a file keeps a second name until it was looked at once more, for the case that this process ends before. */
  isGuarded?(file: string): boolean;
  /** In words, for the log. */
  warned?(message: string): void;
  /** Keeps both contents of a file that can only be written in place (D-01). */
  readonly copies?: Copies;
  readonly disk?: Disk;
  readonly platform?: NodeJS.Platform;
  readonly clock?: Clock;
}

/** What a change needs of its writer. */
export interface Writer {
  readonly options: TextWriterOptions;
  readonly disk: Disk;
  readonly platform: NodeJS.Platform;
  readonly clock: Clock;
  readonly known: KnownTexts;
  readonly late: LateTexts;
  readonly flushes: Flushes;
}

export interface Task {
  readonly file: string;
  readonly change: TextChange;
  readonly how: ChangeOptions;
}

/** What the change threw is told as it is. */
export class Refused extends Error {}

export type Done = { readonly text: string | undefined } | "changed";

export function ask({ change }: Task, found: string | undefined): string | Rewrite | undefined {
  try {
    return change(found);
  } catch (cause) {
    throw new Refused("refused", { cause });
  }
}

export function stands(
  { how }: Task,
  text: string | undefined,
): { readonly text: string | undefined } {
  how.stands?.(text);
  return { text };
}

export function failed(file: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    "write_failed",
    `${file} could not be written ${reason}; what it should hold is kept in memory until its next change`,
    cause === undefined ? {} : { cause },
  );
}
