/** Bytes of a stream as lines. No length of a line stops it, and memory stays bounded (dev-servers section 9). */
import { StringDecoder } from "node:string_decoder";

/** Bytes of a line that are kept: what a compiler says of one error as JSON fits in easily. */
const keptBytes = 1024 * 1024;
/** Bytes of a line that is shown. */
const shownBytes = 16 * 1024;
const newline = 0x0a;
const carriageReturn = 0x0d;

export interface LineReader {
  write(chunk: Buffer): void;
  /** The last line may have no line end. */
  end(): void;
}

/**
 * @param line gets every line without its end; one beyond 1 MiB is cut, and its end says so. Of a line that was rewritten
 * by carriage returns only the last text counts, as on a terminal.
 */
export function createLineReader(line: (text: string) => void): LineReader {
  let kept = Buffer.alloc(0);
  let length = 0;
  let dropped = 0;
  let isReturned = false;

  const forget = (): void => {
    kept = Buffer.alloc(0);
    [length, dropped, isReturned] = [0, 0, false];
  };
  const keep = (part: Buffer): void => {
    const room = Math.min(part.length, keptBytes - length);
    if (length + room > kept.length) kept = grown(kept, length + room);
    part.copy(kept, length, 0, room);
    length += room;
    dropped += part.length - room;
  };
  const add = (part: Buffer): void => {
    const text = withoutReturns(part);
    if (text.length > 0) {
      const start = text.lastIndexOf(carriageReturn) + 1;
      if (isReturned || start > 0) forget();
      keep(text.subarray(start));
    }
    // A return at the end rewrites nothing yet: it may belong to a line end that is still to come.
    isReturned ||= text.length < part.length;
  };
  const finish = (): void => {
    const bytes = kept.subarray(0, length);
    const text = dropped > 0 ? wholeCharacters(bytes) + mark(dropped) : bytes.toString("utf8");
    forget();
    line(text);
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
      if (length > 0) finish();
    },
  };
}

/** A line as it is shown and kept: at most 16 KiB, its mark included. It may have been cut before, and has one mark then. */
export function cutLine(text: string): string {
  // No character has more than three bytes per UTF-16 unit, so most lines need no look at their bytes.
  if (text.length * 3 <= shownBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= shownBytes) return text;
  const [before = "", dropped = "0"] = markAtEnd.exec(text) ?? [];
  const all = bytes.length - Buffer.byteLength(before) + Number(dropped);
  const start = wholeCharacters(bytes.subarray(0, shownBytes - Buffer.byteLength(mark(all))));
  return start + mark(all - Buffer.byteLength(start));
}

function mark(bytes: number): string {
  return ` … (${bytes} bytes more)`;
}

const markAtEnd = / … \((\d+) bytes more\)$/;

/** Text of bytes that may end within a character, which is left out: a decoder waits for its rest. */
function wholeCharacters(bytes: Buffer): string {
  return new StringDecoder("utf8").write(bytes);
}

/** Twice as much each time, so that a line that comes byte by byte costs no more than one at once. */
function grown(buffer: Buffer<ArrayBuffer>, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(buffer.length * 2, keptBytes)));
  buffer.copy(larger);
  return larger;
}

function withoutReturns(part: Buffer): Buffer {
  let end = part.length;
  while (end > 0 && part[end - 1] === carriageReturn) end--;
  return part.subarray(0, end);
}
