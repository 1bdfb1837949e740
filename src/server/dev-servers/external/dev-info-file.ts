/** Reads a `.devinfo` without trusting what stands under the name: a link, a pipe, a folder, gigabytes. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { UserError } from "../../../protocol/errors.ts";
import { largestDevInfo } from "./dev-info.ts";

export const devInfoName = ".devinfo";

/** Reading only, no link as last part, no waiting for the other end of a pipe. Windows knows neither of the two. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * @returns its text, undefined when there is none
 * @throws UserError `invalid_devinfo` for what is no ordinary file of at most 64 KiB, or may not be read
 */
export async function readDevInfoFile(file: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, flags);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unfit(`it cannot be opened (${code}); make it an ordinary file of yours`, cause);
  }
  try {
    return await readSmall(handle);
  } finally {
    await handle.close();
  }
}

/** Removes the file if it still has this text. Never throws: a file that stays is only looked at again. */
export async function removeDevInfoFile(file: string, text: string): Promise<void> {
  const current = await readDevInfoFile(file).catch(() => undefined);
  if (current !== text) return;
  await takeAway(file, text).catch(() => {
    // A folder that is not ours to write: the file stays, and is judged as dead again when it changes.
  });
}

/** Takes the file away, and puts it back if it is another one by now. */
async function takeAway(file: string, text: string): Promise<void> {
  const aside = `${file}.${process.pid}-${randomBytes(6).toString("hex")}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== text) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

async function readSmall(handle: FileHandle): Promise<string> {
  if (!(await handle.stat()).isFile()) throw unfit("it is no ordinary file; write a text file");
  // One byte more than allowed, whatever size it claims: it may grow while it is read.
  const buffer = Buffer.alloc(largestDevInfo + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (length > largestDevInfo)
      throw unfit(`it is larger than ${largestDevInfo} bytes; write only the documented fields`);
    if (bytesRead === 0) return buffer.toString("utf8", 0, length);
  }
}

function unfit(reason: string, cause?: unknown): UserError {
  return new UserError("invalid_devinfo", `The .devinfo was not accepted: ${reason}`, { cause });
}
