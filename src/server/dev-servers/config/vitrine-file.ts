/** Reads the `vitrine.json` of a workspace folder. Whatever is wrong with it becomes Problems at their places. */
import { lstat } from "node:fs/promises";
import path from "node:path";
import { UserError } from "../../../protocol/errors.ts";
import type { Problem } from "../../../protocol/model.ts";
import { createPathGate } from "../../files/path-gate.ts";
import { checkFile, type CheckedConfig } from "./entries.ts";
import type { ConfigIssue } from "./issues.ts";
import { readJsonText, type JsonPlace, type JsonText } from "./json-text.ts";

export const vitrineFileName = "vitrine.json";

/** Problems of one file; nobody reads more, and each is looked up in the text. */
const mostProblems = 100;
/** Bytes. A file of this size holds hundreds of projects, and the worst text of it is parsed within a second. */
const largestFile = 256 * 1024;

export interface VitrineFile extends CheckedConfig {
  /** Absolute path. */
  readonly file: string;
  readonly problems: readonly Problem[];
  /** Nothing is wrong with it, and it is not just being written. */
  readonly isRight: boolean;
  problemOf(issue: ConfigIssue): Problem;
}

/** @param folder absolute @returns undefined when there is no such file */
export async function readVitrineFile(folder: string): Promise<VitrineFile | undefined> {
  const file = path.join(folder, vitrineFileName);
  const text = await readText(folder, file);
  if (text === undefined) return undefined;
  if (typeof text !== "string") return unreadable(file, text.reason);
  const json = readJsonText(text);
  const checked = checkFile(json.errors.length > 0 ? undefined : json.value);
  const problemOf = (issue: ConfigIssue): Problem => toProblem(file, json, issue);
  const problems = [
    ...syntaxProblems(file, json),
    ...checked.issues.slice(0, mostProblems).map(problemOf),
  ];
  // An editor empties a file before it writes it.
  const isRight = text.trim() !== "" && problems.every(({ severity }) => severity !== "error");
  return { ...checked, file, isRight, problems, problemOf };
}

/** A text, why there is none, or undefined when there is no file. */
async function readText(
  folder: string,
  file: string,
): Promise<string | { readonly reason: string } | undefined> {
  const bytes = await readBytes(folder).catch((error: unknown) => error);
  if (bytes instanceof UserError) {
    const facts = await lstat(file).catch(() => undefined);
    if (facts === undefined) return undefined;
    return {
      reason: facts.isDirectory()
        ? "is a folder; make it a file"
        : "cannot be read, or leads out of the workspace folder; make it a file of this folder",
    };
  }
  if (!(bytes instanceof Buffer)) return { reason: `cannot be read (${String(bytes)}); try again` };
  if (bytes.length > largestFile)
    return { reason: `is larger than ${largestFile / 1024} KiB; shorten it` };
  try {
    // The decoder drops a byte order mark, as editors do when they count columns.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { reason: "is not UTF-8; save it in that encoding" };
  }
}

/** At most one byte more than is allowed. */
async function readBytes(folder: string): Promise<Buffer> {
  const { handle } = await createPathGate({ roots: [folder] }).open(vitrineFileName);
  try {
    const buffer = Buffer.alloc(largestFile + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, reason: string): VitrineFile {
  const problem = (message: string): Problem =>
    problemAt(file, { line: 1, column: 1, endLine: 1, endColumn: 1 }, message);
  return {
    ...checkFile(undefined),
    file,
    isRight: false,
    problems: [problem(`${vitrineFileName} ${reason}`)],
    problemOf: ({ message }) => problem(message),
  };
}

function syntaxProblems(file: string, json: JsonText): Problem[] {
  // The others follow from the first.
  return json.errors
    .slice(0, 1)
    .map(({ message, ...place }) =>
      problemAt(file, place, `${vitrineFileName} is not valid JSON here: ${message}; correct it`),
    );
}

function toProblem(file: string, json: JsonText, issue: ConfigIssue): Problem {
  const place = issue.atKey === true ? json.placeOfKey(issue.path) : json.placeOf(issue.path);
  return { ...problemAt(file, place, issue.message), severity: issue.severity };
}

function problemAt(file: string, place: JsonPlace, message: string): Problem {
  return { file, ...place, severity: "error", message, source: "vitrine" };
}
