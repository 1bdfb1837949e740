/** Content codings of a page that is changed on its way: taken off, and put on again (RFC 9110, 8.4). */
import type { Duplex } from "node:stream";
import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
} from "node:zlib";

export interface Coding {
  /** Undefined where nothing has to be taken off. */
  decode(): Duplex | undefined;
  encode(): Duplex | undefined;
}

// Flushed with each piece: a page that streams must not wait for the rest in our buffers.
const flush = { flush: constants.Z_SYNC_FLUSH };
const quick = {
  flush: constants.BROTLI_OPERATION_FLUSH,
  params: { [constants.BROTLI_PARAM_QUALITY]: 4 },
};

const codings: Readonly<Record<string, Coding>> = {
  identity: { decode: () => undefined, encode: () => undefined },
  gzip: { decode: () => createGunzip(), encode: () => createGzip(flush) },
  deflate: { decode: () => createInflate(), encode: () => createDeflate(flush) },
  br: { decode: () => createBrotliDecompress(), encode: () => createBrotliCompress(quick) },
};

/** @returns undefined for a coding, or a list of them, that cannot be taken off */
export function codingOf(header: string | undefined): Coding | undefined {
  return codings[(header ?? "identity").trim().toLowerCase()];
}

/** Of what a browser accepts that which can be taken off; each with its weight. */
export function knownCodings(accepted: string | undefined): string {
  const known = (accepted ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => Object.hasOwn(codings, part.split(";")[0]?.trim().toLowerCase() ?? ""));
  return known.length === 0 ? "identity" : known.join(", ");
}
