/** Cuts what a process prints into lines. No length of a line stops it, and memory stays bounded (dev-servers section 9). */
import { StringDecoder } from "node:string_decoder";

/** Characters kept of one line, ANSI sequences included; more than the 16 KiB of a message. */
const keptCharacters = 64 * 1024;

export interface LineReader {
  write(chunk: Uint8Array): void;
  /** The stream ended: what stands there is a line as well. */
  end(): void;
}

/**
 * @param line receives each line without its end, cut to 64 Ki characters, and the number of characters it had. Of a line
 * that was written over by carriage returns only the last text counts, as on a terminal.
 */
export function createLineReader(line: (text: string, length: number) => void): LineReader {
  const decoder = new StringDecoder("utf8");
  let kept = "";
  let length = 0;

  const add = (text: string): void => {
    const start = text.lastIndexOf("\r") + 1;
    // A return at the very end may belong to a line end that is still to come.
    const isRewritten = start > 0 && start < text.length;
    if (isRewritten || (kept.endsWith("\r") && text !== "")) {
      kept = "";
      length = 0;
    }
    const rest = isRewritten ? text.slice(start) : text;
    length += rest.length;
    if (kept.length < keptCharacters) kept += rest.slice(0, keptCharacters - kept.length);
  };

  const finish = (): void => {
    const text = kept.replace(/\r$/, "");
    line(text.slice(text.lastIndexOf("\r") + 1), length - (kept.length - text.length));
    kept = "";
    length = 0;
  };

  const read = (text: string): void => {
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      add(text.slice(from, end).replace(/\r$/, ""));
      finish();
      from = end + 1;
    }
    add(text.slice(from));
  };

  return {
    write: (chunk) =>
      read(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
    end() {
      read(decoder.end());
      if (length > 0) finish();
    },
  };
}
