/** Texts that look as if another program were in the middle of saving them (4.4): read again until they are believed. */
import { findAnchor } from "../../../markdown/log/anchor.ts";

/** Equal readings in a row until an empty text, or one without the anchor it had, is believed. */
const believed = { empty: 3, missing: 3, other: 2 };

type Kind = keyof typeof believed;

/** Thrown through a change of the writer, to wait and read again. */
export class Torn extends Error {
  readonly found: string | undefined;
  /** A text that others may have read, seen for the first time. */
  readonly fresh: string | undefined;

  constructor(found: string | undefined, fresh: string | undefined) {
    super("half-written");
    this.found = found;
    this.fresh = fresh;
  }
}

/** Readings of one file, one after the other. */
export class Readings {
  #text: string | undefined;
  #count = 0;

  add(text: string | undefined): void {
    this.#count = this.#isSame(text) ? this.#count + 1 : 1;
    this.#text = text;
  }

  /** @returns what to throw while a text is not believed */
  doubt(known: string | undefined, found: string | undefined): Torn | undefined {
    const kind = kindOf(known, found);
    if (kind === undefined) return undefined;
    const isSame = this.#isSame(found);
    if (isSame && this.#count + 1 >= believed[kind]) return undefined;
    return new Torn(found, !isSame && kind === "other" ? found : undefined);
  }

  #isSame(text: string | undefined): boolean {
    return this.#count > 0 && this.#text === text;
  }
}

function kindOf(known: string | undefined, found: string | undefined): Kind | undefined {
  if (known === undefined || known === found) return undefined;
  // Some programs remove a file before they write it anew.
  if (found === undefined) return "missing";
  if (found.trim() === "") return "empty";
  const hasLostAnchor = findAnchor(known) !== undefined && findAnchor(found) === undefined;
  return hasLostAnchor ? "other" : undefined;
}
