/** A block of a log as the realm runs it: it stands in no document, so its places are those within the block itself. */
import path from "node:path";
import type { LogResult } from "../../../markdown/log/events.ts";
import { compileBlock, type BlockSyntaxError, type CompiledBlock } from "../compile.ts";
import type { LogJob } from "./log-job.ts";

/** A frame of an error in a block names it so: `request:3:1`. */
const blockName = "request";

export interface LogBlock {
  /** Absolute path that the block counts as, from which its imports resolve. */
  readonly file: string;
  readonly script: CompiledBlock;
}

/**
 * @param folder absolute
 * @throws BlockSyntaxError
 */
export async function compileLogBlock(
  { id, code, language }: Pick<LogJob, "id" | "code" | "language">,
  folder: string,
  target: "page" | "node",
): Promise<LogBlock> {
  const file = path.join(folder, blockName);
  const place = { file, lineOffset: 0, columnOffset: 0, documentText: code };
  return { file, script: await compileBlock({ code, language, ...place, job: id, target }) };
}

/** The answer to a block that is none. */
export function syntaxErrorResult({ line, column, message }: BlockSyntaxError): LogResult {
  return { ok: false, error: `SyntaxError: ${message}\n    at ${blockName}:${line}:${column}` };
}
