import { readFile, writeFile } from "node:fs/promises";

/** Changes a file as a user's save does. Throws when `from` is not in it, so that a test never waits for nothing. */
export async function replaceInFile(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} does not contain ${JSON.stringify(from)}`);
  await writeFile(file, text.replace(from, to));
}

/** Inserts a line before the first that contains `before`; answers its number, 1-based. */
export async function insertLine(file: string, before: string, line: string): Promise<number> {
  const lines = (await readFile(file, "utf8")).split("\n");
  const index = lines.findIndex((one) => one.includes(before));
  if (index < 0) throw new Error(`${file} does not contain ${JSON.stringify(before)}`);
  await writeFile(file, lines.toSpliced(index, 0, line).join("\n"));
  return index + 1;
}
