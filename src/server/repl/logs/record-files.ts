/** Small files beside the process that must be written before something else happens: at once, and whole or not at all. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

export interface RecordFiles {
  /** Undefined when there is none. */
  read(name: string): string | undefined;
  /** In place of what was there. */
  write(name: string, text: string): void;
  append(name: string, text: string): void;
  /** A sign of life. */
  touch(name: string): void;
  /** Ms since the last sign of life; undefined when there is no such file. */
  age(name: string): number | undefined;
  /** Lets go of what is open; what comes later opens it again. */
  close(): void;
  /** Removes all of them. */
  clear(): void;
}

/** @param directory of one root's records; made when it is written to */
export function createRecordFiles(directory: string): RecordFiles {
  const at = (name: string): string => path.join(directory, name);
  /** What is appended to, by name: several lines are written for each request. */
  const open = new Map<string, number>();
  const close = (name: string): void => {
    const file = open.get(name);
    open.delete(name);
    if (file !== undefined) closeSync(file);
  };
  const closeAll = (): void => [...open.keys()].forEach(close);
  return {
    read(name) {
      try {
        return readFileSync(at(name), "utf8");
      } catch {
        // No record is an answer.
        return undefined;
      }
    },
    write(name, text) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const temporary = `${at(name)}.tmp`;
      writeFileSync(temporary, text, { mode: 0o600 });
      close(name);
      renameSync(temporary, at(name));
    },
    append(name, text) {
      const file = open.get(name) ?? openSync(at(name), "a", 0o600);
      open.set(name, file);
      writeFileSync(file, text);
    },
    touch(name) {
      const now = new Date();
      utimesSync(at(name), now, now);
    },
    age(name) {
      try {
        return Date.now() - statSync(at(name)).mtimeMs;
      } catch {
        // See above.
        return undefined;
      }
    },
    close: closeAll,
    clear() {
      closeAll();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Lines of a record that is only ever appended to. The last one may be torn by the end of a process. */
export function parseLines(text: string | undefined): unknown[] {
  return (text ?? "").split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as unknown];
    } catch {
      // Torn.
      return [];
    }
  });
}
