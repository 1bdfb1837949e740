/** Which names a package exports, as it is installed. */
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import type { Vite } from "../main.ts";

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/**
 * By importing it, which sees what CommonJS makes at run time; by its text when it needs a browser to run.
 * @param file absolute path of its entry
 */
export async function readExportNames(vite: Vite, file: string): Promise<readonly string[]> {
  const names = await namesByImport(file).catch(() => namesByText(vite, file));
  return [...new Set(names)].filter((name) => identifier.test(name)).toSorted();
}

async function namesByImport(file: string): Promise<string[]> {
  const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  const { default: main } = module;
  // Of CommonJS only a part of the names is found by Node's look at the text.
  const isObject = (typeof main === "object" && main !== null) || typeof main === "function";
  const isCommon = module["module.exports"] === main || Object.keys(module).length === 1;
  return [...Object.keys(module), ...(isObject && isCommon ? Object.keys(main) : [])];
}

interface Node {
  readonly type: string;
  readonly declaration?: {
    readonly id?: Named | null;
    readonly declarations?: readonly Declared[];
  } | null;
  readonly specifiers?: readonly { readonly exported: Named }[];
}

interface Named {
  readonly name?: string;
  readonly value?: unknown;
}

interface Declared {
  readonly id: Named;
}

async function namesByText(vite: Vite, file: string): Promise<string[]> {
  const { body } = (await vite.parseAstAsync(await readFile(file, "utf8"))) as unknown as {
    readonly body: readonly Node[];
  };
  return body
    .filter(({ type }) => type === "ExportNamedDeclaration")
    .flatMap(({ declaration, specifiers = [] }) => [
      ...(declaration?.declarations ?? []).map(({ id }) => id),
      ...(declaration?.id ? [declaration.id] : []),
      ...specifiers.map(({ exported }) => exported),
    ])
    .map(({ name, value }) => name ?? String(value));
}
