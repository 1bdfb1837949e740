/** What the tests of the text writer share: a root with a log, and the line that is put into it. */
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { LateText } from "../../../src/server/files/late-texts.ts";
import type { TextWriterOptions } from "../../../src/server/files/text-change.ts";
import { createTextWriter, type TextWriter } from "../../../src/server/files/text-writer.ts";

export interface TextBench {
  readonly folder: string;
  /** Absolute real path. */
  readonly root: string;
  readonly file: string;
  readonly late: LateText[];
  readonly warnings: string[];
  open(options?: Partial<TextWriterOptions>): TextWriter;
  read(): Promise<string>;
  /** Names beside the file. */
  litter(): Promise<string[]>;
}

/** @param content null for no file */
export async function textBench(
  content: string | Uint8Array | null = "start\n",
): Promise<TextBench> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "vitrine-text-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const root = path.join(folder, "root");
  const file = path.join(root, "daebug", "log.md");
  await mkdir(path.dirname(file), { recursive: true });
  if (content !== null) await writeFile(file, content);
  const late: LateText[] = [];
  const warnings: string[] = [];
  return {
    folder,
    root,
    file,
    late,
    warnings,
    read: () => readFile(file, "utf8"),
    litter: async () => (await readdir(path.dirname(file))).filter((name) => name !== "log.md"),
    open: (options) =>
      createTextWriter({
        root,
        late: (text) => void late.push(text),
        warned: (message) => void warnings.push(message),
        ...options,
      }),
  };
}

/** The change that adds a line, once. */
export function adding(line: string): (found: string | undefined) => string {
  return (found = "") => (found.split("\n").includes(line) ? found : `${found}${line}\n`);
}
