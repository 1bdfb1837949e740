/** A page's bytes as text that something can be put into, without harm to encodings that are not ours. */

export interface PageText {
  readonly text: string;
  /** For `Buffer.from`: gives the original bytes back. */
  readonly encoding: "utf8" | "latin1";
}

/** @returns undefined for UTF-16, in which our ASCII would be noise */
export function readPageText(bytes: Buffer): PageText | undefined {
  const mark = bytes.subarray(0, 2).toString("hex");
  if (mark === "fffe" || mark === "feff") return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, encoding: "utf8" };
  } catch {
    // Some older encoding, in which ASCII is ASCII: byte by byte nothing of it is lost.
    return { text: bytes.toString("latin1"), encoding: "latin1" };
  }
}
