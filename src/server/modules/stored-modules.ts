/**
 * Packed modules on disk, several in one file: a head line that describes them, then the lines of a pack. Bytes stay bytes:
 * a stored pack is sent as it lies there, and the text of one module is made only for who needs it.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { entryText } from "./pack.ts";
import type { PackedModule } from "./wrap.ts";

export interface StoredModules {
  readonly modules: ReadonlyMap<string, PackedModule>;
  /** The lines that register them, in their order. */
  readonly body: Buffer;
}

interface Head {
  readonly format: number;
  /** Over the body: a file that was cut or changed is not used. */
  readonly hash: string;
  readonly modules: readonly (Omit<PackedModule, "text" | "result"> & {
    readonly key: string;
    /** Bytes of the body before its text, and of its text. */
    readonly at: number;
    readonly length: number;
  })[];
}

/** Raised with every change of what modules are wrapped in: texts of before must not be used. */
const format = 3;
const lineEnd = 10;

/** @returns undefined when there is no such file, or it is not exactly what `storeModules` wrote */
export async function readModules(file: string): Promise<StoredModules | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes === undefined ? undefined : parseModules(bytes);
}

export function parseModules(bytes: Buffer): StoredModules | undefined {
  const end = bytes.indexOf(lineEnd);
  if (end === -1) return undefined;
  try {
    const head = JSON.parse(bytes.toString("utf8", 0, end)) as Head;
    const body = bytes.subarray(end + 1);
    if (head.format !== format || head.hash !== digest(body)) return undefined;
    const modules = head.modules.map(({ key, at, length, ...facts }) => {
      const module: PackedModule = {
        ...facts,
        get text() {
          return body.toString("utf8", at, at + length);
        },
      };
      return [key, module] as const;
    });
    return { modules: new Map(modules), body };
  } catch {
    // Not ours, or of another time.
    return undefined;
  }
}

export function printModules(modules: ReadonlyMap<string, PackedModule>): Buffer {
  const lines: Buffer[] = [];
  const described: Head["modules"][number][] = [];
  let size = 0;
  for (const [key, module] of modules) {
    const { text, deps, isAsync, hash } = module;
    const line = Buffer.from(`${entryText(key, { text, deps, isAsync, hash })}\n`);
    const length = Buffer.byteLength(text);
    // The text ends before the bracket, the comma and the line end.
    described.push({ key, deps, isAsync, hash, length, at: size + line.length - 3 - length });
    lines.push(line);
    size += line.length;
  }
  const body = Buffer.concat(lines);
  const head: Head = { format, hash: digest(body), modules: described };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
}

/** Whole or not at all: another session of the same folder may read it at any moment. */
export async function storeModules(
  file: string,
  modules: ReadonlyMap<string, PackedModule>,
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  await writeFile(temporary, printModules(modules));
  await rename(temporary, file);
}

function digest(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex").slice(0, 16);
}
