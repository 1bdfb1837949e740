/** `vitrine init`: has the logs of a folder left out of version control (REPL specification 2). */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { UserError } from "../../protocol/errors.ts";
import { createTextWriter } from "../files/text-writer.ts";
import { existingFolder } from "./folders.ts";
import { printLine } from "./output.ts";

export interface InitOptions {
  /** Nobody is asked. */
  readonly yes?: boolean;
}

const entries = ["/daebug.md", "/daebug/"];

/** @throws UserError when there is nobody to ask */
export async function init(directory: string, { yes }: InitOptions): Promise<void> {
  const root = existingFolder(directory);
  const file = path.join(root, ".gitignore");
  const missing = missingIn(await readFile(file, "utf8").catch(() => ""));
  if (missing.length === 0) return printLine(`${file} has both already`);
  if (yes !== true && !(await isWanted(file, missing))) return printLine("Nothing was changed");
  const writer = createTextWriter({ root, late: () => {} });
  await writer.change(file, (found = "") => withEntries(found));
  await writer.close();
  printLine(`${file}: ${missing.join(" and ")} added`);
}

async function isWanted(file: string, missing: readonly string[]): Promise<boolean> {
  const question = `Add ${missing.join(" and ")} to ${file}?`;
  if (!process.stdin.isTTY)
    throw new UserError("bad_request", `${question} Nobody can answer here: say --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [Y/n] `);
  terminal.close();
  return /^(?:y|yes)?$/i.test(answer.trim());
}

function missingIn(text: string): readonly string[] {
  const lines = new Set(text.split(/\r?\n/).map((line) => line.trim()));
  return entries.filter((entry) => !lines.has(entry));
}

function withEntries(text: string): string {
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const above = text === "" || text.endsWith("\n") ? text : text + end;
  return (
    above +
    missingIn(text)
      .map((entry) => entry + end)
      .join("")
  );
}
