/** Folders that are named on the command line. */
import { existsSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";

/** @returns the absolute real path @throws UserError `not_found` when there is no such folder */
export function existingFolder(directory: string): string {
  const folder = path.resolve(directory);
  if (!existsSync(folder))
    throw new UserError("not_found", `There is no folder ${folder}. Check the path`);
  if (!statSync(folder).isDirectory())
    throw new UserError("not_found", `${folder} is no folder. Name the folder that holds it`);
  return realpathSync(folder);
}
