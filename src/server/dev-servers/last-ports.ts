/**
 * The port that each project had last: its storage in the browser is bound to it (dev-servers section 5). One small file
 * per project, so that two windows that write at the same time take nothing from each other.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";

export interface LastPorts {
  /** @param key what the port was for; undefined when none is known */
  read(key: string): Promise<number | undefined>;
  /** Never fails: a port that is not remembered is no reason not to serve. */
  write(key: string, port: number): Promise<void>;
}

/** @param directory of the files; need not exist */
export function createLastPorts(directory: string): LastPorts {
  const fileOf = (key: string): string => {
    const hash = createHash("sha256").update(key).digest("hex").slice(0, 32);
    return path.join(directory, `${hash}.json`);
  };
  return {
    async read(key) {
      try {
        const known = JSON.parse(await readFile(fileOf(key), "utf8")) as { port?: unknown };
        return Number.isInteger(known.port) ? (known.port as number) : undefined;
      } catch {
        // None yet, or a torn one: the next free port will do.
        return undefined;
      }
    },
    async write(key, port) {
      const file = fileOf(key);
      const temporary = `${file}.${process.pid}.tmp`;
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await writeFile(temporary, JSON.stringify({ key, port }), { mode: 0o600 });
        await rename(temporary, file);
      } catch {
        // A full disk, or one that is not ours to write.
      }
    },
  };
}
