/** What files hold as we know it, so that a text of 10 MB need not be read, decoded and encoded at each change. */
import type { BigIntStats } from "node:fs";
import { sharedLength } from "./shared-length.ts";

export interface KnownText {
  readonly bytes: Buffer;
  readonly text: string;
  /** The file that held it. */
  readonly stat: BigIntStats;
  /** Whether the state alone tells that the file still holds it: it was read when the file was at rest. */
  readonly isSure: boolean;
}

/** Bytes of all texts together; the one that was used last always stays. */
const keptBytes = 32 * 1024 * 1024;
/** Characters from which encoding only the end is worth the search for it. */
const longText = 256 * 1024;

export class KnownTexts {
  readonly #texts = new Map<string, KnownText>();

  get(file: string): KnownText | undefined {
    return this.#texts.get(file);
  }

  set(file: string, known: KnownText): void {
    this.#texts.delete(file);
    this.#texts.set(file, known);
    let bytes = 0;
    for (const [name, one] of [...this.#texts].toReversed()) {
      bytes += one.bytes.length;
      if (name !== file && bytes > keptBytes) this.#texts.delete(name);
    }
  }

  delete(file: string): void {
    this.#texts.delete(file);
  }

  /** Bytes of a text; of a long one only what follows its known beginning is encoded. */
  encode(file: string, text: string): Buffer {
    const known = this.#texts.get(file);
    if (known === undefined || known.text.length < longText) return Buffer.from(text);
    const shared = sharedLength(known.text, text);
    const rest = Buffer.byteLength(known.text.slice(shared), "utf8");
    return Buffer.concat([
      known.bytes.subarray(0, known.bytes.length - rest),
      Buffer.from(text.slice(shared)),
    ]);
  }
}
