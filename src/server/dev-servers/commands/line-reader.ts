/** Bytes of a stream as lines, however long one is (dev-servers section 9). */

/** Bytes of a line that are kept: what a compiler says of one error as JSON fits in easily. */
const keptBytes = 1024 * 1024;
/** Bytes of a line that is shown. */
const shownBytes = 16 * 1024;
const newline = 0x0a;

export interface LineReader {
  write(chunk: Buffer): void;
  /** The last line may have no line end. */
  end(): void;
}

/** @param line gets every line without its end; one beyond 1 MiB is cut, and its end says so */
export function createLineReader(line: (text: string) => void): LineReader {
  let parts: Buffer[] = [];
  let kept = 0;
  let dropped = 0;

  const add = (part: Buffer): void => {
    const room = Math.min(part.length, keptBytes - kept);
    // A copy: the rest of a chunk of the stream would be held in memory with it.
    if (room > 0) parts.push(Buffer.from(part.subarray(0, room)));
    kept += room;
    dropped += part.length - room;
  };
  const finish = (): void => {
    const text = wholeCharacters(Buffer.concat(parts));
    const [cut, left] = [dropped > 0, dropped];
    [parts, kept, dropped] = [[], 0, 0];
    line(cut ? `${text}${mark(left)}` : text.replace(/\r$/, ""));
  };

  return {
    write(chunk) {
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(newline, start);
        add(chunk.subarray(start, end < 0 ? chunk.length : end));
        if (end < 0) return;
        finish();
        start = end + 1;
      }
    },
    end() {
      if (kept + dropped > 0) finish();
    },
  };
}

/** A line as it is shown and kept: at most 16 KiB, its mark included. */
export function cutLine(text: string): string {
  // No character has more than three bytes per UTF-16 unit, so most lines need no look at their bytes.
  if (text.length * 3 <= shownBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= shownBytes) return text;
  const room = shownBytes - Buffer.byteLength(mark(bytes.length));
  return wholeCharacters(bytes.subarray(0, room)) + mark(bytes.length - room);
}

function mark(bytes: number): string {
  return ` … (${bytes} bytes more)`;
}

/** Text of bytes that may end within a character, which is left out. */
function wholeCharacters(bytes: Buffer): string {
  // At most three bytes of an unfinished character; a continuation byte begins with the bits 10, a lead byte with 11.
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return bytes.toString("utf8", 0, length > back ? bytes.length - back : bytes.length);
  }
  return bytes.toString("utf8");
}
