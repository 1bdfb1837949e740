/** What the tests of the file writer share: a workspace, and an entry that is a line. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import {
  createFileWriter,
  type FileWriter,
  type FileWriterOptions,
} from "../../../src/server/files/file-writer.ts";
import { addLine } from "./faulty-disk.ts";

export interface Bench {
  readonly folder: string;
  readonly state: string;
  /** A document of the workspace. */
  readonly file: string;
  readonly log: string[];
  open(options?: Partial<FileWriterOptions<string>>): FileWriter<string>;
  read(): Promise<string>;
}

export async function bench(content: string | Uint8Array = "start\n"): Promise<Bench> {
  const folder = await mkdtemp(path.join(tmpdir(), "vitrine-writer-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const state = path.join(folder, "state");
  const file = path.join(folder, "work", "notes.md");
  const log: string[] = [];
  await mkdir(path.dirname(file));
  await writeFile(file, content);
  return {
    folder,
    state,
    file,
    log,
    read: () => readFile(file, "utf8"),
    open: (options) =>
      createFileWriter<string>({
        directory: state,
        apply: addLine,
        log: { add: (_, message) => void log.push(message) },
        wait: async () => {},
        ...options,
      }),
  };
}

/** Names in the document's folder that are ours. */
export async function litter(at: Bench): Promise<string[]> {
  return (await readdir(path.dirname(at.file))).filter((name) => name !== "notes.md");
}
