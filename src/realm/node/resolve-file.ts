/** Finds the file that a bundler would take for an import: extensions, folders and TypeScript's `.js` spelling. */
import { statSync } from "node:fs";
import path from "node:path";

const extensions = [".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cts", ".cjs", ".json"];
/** TypeScript projects may import the file that the compiler would write. */
const sourceOf: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

/** @param candidate absolute path as it was written; answers the file it means, undefined when there is none */
export function findFile(candidate: string): string | undefined {
  if (isFile(candidate)) return candidate;
  const extension = path.extname(candidate);
  const stem = candidate.slice(0, candidate.length - extension.length);
  const spellings = [
    ...(sourceOf[extension] ?? []).map((source) => stem + source),
    ...extensions.map((one) => candidate + one),
    ...extensions.map((one) => path.join(candidate, `index${one}`)),
  ];
  return spellings.find(isFile);
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
