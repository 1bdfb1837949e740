/** A disk that fails on command. Also runs in a child process, so it imports no test runner. */
import type { FileHandle } from "node:fs/promises";
import { realDisk, type Disk } from "../../../src/server/files/disk.ts";

/** Adds a line; nothing when it is there; no place when the text says `closed`. Line ends and final newline as found. */
export function addLine(text: string, line: string): string | undefined {
  if (text.includes("closed")) return undefined;
  if (text.split(/\r?\n/).includes(line)) return text;
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  return text === "" || text.endsWith("\n") ? `${text}${line}${end}` : `${text}${end}${line}`;
}

/** What happens to a call: it runs, it fails, it half succeeds, or the process ends with it. */
export type Fate = "run" | "short" | "crash-before" | "crash-after" | Error;

export interface FaultyDisk {
  readonly disk: Disk;
  /** Calls so far, by name. */
  readonly calls: string[];
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** @param decide is asked for each call, 0-based. After a crash every call fails. */
export function faultyDisk(
  decide: (index: number, name: string) => Fate,
  base: Disk = realDisk,
): FaultyDisk {
  const calls: string[] = [];
  let isDead = false;

  const attempt = async (name: string, run: () => Promise<unknown>): Promise<unknown> => {
    if (isDead) {
      // The system closes the handles of a dead process.
      if (name === "close") await run();
      throw systemError("DEAD");
    }
    const fate = decide(calls.push(name) - 1, name);
    isDead = fate === "crash-before" || fate === "crash-after";
    if (fate instanceof Error || fate === "crash-before") {
      if (name === "close") await run();
      throw fate instanceof Error ? fate : systemError("DEAD");
    }
    const result = await run();
    if (fate === "crash-after") {
      if (name === "open") await (result as FileHandle).close();
      throw systemError("DEAD");
    }
    return name === "open" ? wrap(result as FileHandle) : result;
  };

  const wrap = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          const name = String(key);
          const call = value as (...args: unknown[]) => Promise<unknown>;
          return attempt(name, () =>
            call.apply(
              target,
              name === "write" && decide(calls.length, "short?") === "short"
                ? halved(given)
                : given,
            ),
          );
        };
      },
    });

  const disk = Object.fromEntries(
    Object.entries(base).map(([name, call]) => [
      name,
      (...given: unknown[]) =>
        attempt(name, () => (call as (...args: unknown[]) => Promise<unknown>)(...given)),
    ]),
  );
  return { disk: disk as unknown as Disk, calls };
}

function halved([bytes, offset, length, position]: unknown[]): unknown[] {
  return [bytes, offset, Math.ceil(Number(length) / 2), position];
}
