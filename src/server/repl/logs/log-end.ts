/**
 * The end of a long log: what the server changes stands there, and what an edit costs must not grow with the log. An edit is
 * asked with the end alone, from a request heading on; the beginning is never copied.
 */
import { createHash, type Hash } from "node:crypto";
import { findAnchor, withOneAnchor } from "../../../markdown/log/anchor.ts";
import { ensureTitle } from "../../../markdown/log/edits.ts";
import { readRequestHeading } from "../../../markdown/log/headings.ts";
import { lineEndOf } from "../../../markdown/log/lines.ts";
import { sharedLength } from "../../files/shared-length.ts";
import type { Rewrite } from "../../files/text-change.ts";
import type { Delta, LogEdit } from "./log-text.ts";

/** A long text in two parts. */
export interface Part {
  readonly text: string;
  readonly head: string;
  readonly end: string;
}

export interface Edited extends Rewrite {
  readonly delta: Delta;
}

/** Characters of a text that counts as long, of its end at least, and of an end that is cut anew. */
export interface EndLengths {
  readonly long: number;
  readonly end: number;
  readonly most: number;
}

const usual: EndLengths = { long: 2 * 1024 * 1024, end: 512 * 1024, most: 1536 * 1024 };
/** An edit that looks for a title finds one. */
const title = "# \n\n";

export class LogEnd {
  /** Of the text that was written last, and of the one that is being written: cutting them again would copy all of them. */
  #parts: readonly Part[] = [];
  #hashed: { readonly head: string; readonly hash: Hash } | undefined;

  readonly #lengths: EndLengths;

  constructor(lengths: EndLengths = usual) {
    this.#lengths = lengths;
  }

  /** Undefined for a text that is edited as a whole. */
  of(text: string): Part | undefined {
    const lengths = this.#lengths;
    if (text.length < lengths.long) return undefined;
    const known = this.#parts.find((part) => part.text === text);
    if (known !== undefined && known.end.length < lengths.most) return known;
    const part = cut(text, lengths.end);
    if (part !== undefined) this.#keep(part);
    return part;
  }

  #keep(part: Part): void {
    this.#parts = [part, ...this.#parts.slice(0, 1)];
  }

  /** Hash of a text, base 16. Of a long one the beginning is hashed once. */
  hashOf(text: string): string {
    const part = this.of(text);
    if (part === undefined) return createHash("sha256").update(text).digest("hex");
    if (this.#hashed?.head !== part.head)
      this.#hashed = { head: part.head, hash: createHash("sha256").update(part.head) };
    return this.#hashed.hash.copy().update(part.end).digest("hex");
  }

  /** The text after an edit of its end; undefined when nothing changes. */
  edit({ text: old, head, end }: Part, edit: LogEdit): Edited | undefined {
    const before = title + end;
    const edited = edit(before);
    if (edited === undefined || edited === before) return undefined;
    const whole = withOneAnchor(edited, lineEndOf(end));
    const rest = whole.startsWith(title) ? whole.slice(title.length) : whole;
    if (rest === end) return undefined;
    const text = head + rest;
    const shared = sharedLength(end, rest);
    this.#keep({ text, head, end: rest });
    const delta = { keep: old.length - end.length + shared, add: rest.slice(shared) };
    return { text, rest, was: end, delta };
  }
}

function cut(text: string, length: number): Part | undefined {
  const anchor = findAnchor(text);
  if (anchor === undefined || ensureTitle(text, "") !== text) return undefined;
  for (let at = Math.max(0, anchor.start - length); ;) {
    const feed = text.indexOf("\n### ", at);
    if (feed < 0 || feed > anchor.start) return undefined;
    const line = text.slice(feed + 1, text.indexOf("\n", feed + 1)).trimEnd();
    if (readRequestHeading(line) !== undefined)
      return { text, head: text.slice(0, feed + 1), end: text.slice(feed + 1) };
    at = feed + 1;
  }
}
