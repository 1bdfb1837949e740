/** Packed modules on disk, several in one file: a head line that describes them, then their texts. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { hashOf, type PackedModule } from "./wrap.ts";

interface Head {
  readonly format: number;
  /** Over all texts: a file that was cut or changed is not used. */
  readonly hash: string;
  readonly modules: readonly (Omit<PackedModule, "text" | "result"> & {
    readonly key: string;
    readonly length: number;
  })[];
}

/** Raised when stored texts must not be used by a newer runtime. */
const format = 1;

/** @returns undefined for anything that is not exactly what `printModules` made */
export function parseModules(text: string): Map<string, PackedModule> | undefined {
  const end = text.indexOf("\n");
  if (end === -1) return undefined;
  try {
    const head = JSON.parse(text.slice(0, end)) as Head;
    const body = text.slice(end + 1);
    if (head.format !== format || head.hash !== hashOf(body)) return undefined;
    let at = 0;
    return new Map(
      head.modules.map(({ key, length, ...facts }) => [
        key,
        { ...facts, text: body.slice(at, (at += length)) },
      ]),
    );
  } catch {
    // Not ours, or of another time.
    return undefined;
  }
}

export function printModules(modules: ReadonlyMap<string, PackedModule>): string {
  const body = [...modules.values()].map(({ text }) => text).join("");
  const head: Head = {
    format,
    hash: hashOf(body),
    modules: [...modules].map(([key, { text, deps, isAsync, hash }]) => {
      return { key, deps, isAsync, hash, length: text.length };
    }),
  };
  return `${JSON.stringify(head)}\n${body}`;
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
