/** Whether the process of a `.devinfo` lives (dev-servers 6.2). Looking is all that is ever done to it. */
import { readFile } from "node:fs/promises";
import { processStart } from "../../processes.ts";

export interface Life {
  readonly alive: boolean;
  /** Opaque start time; absent where the system does not let us see it. */
  readonly start?: string;
}

const dead: Life = { alive: false };

/**
 * @param pid positive
 * @param start of the process that is meant; another one that has its number now counts as dead
 */
export async function lifeOf(pid: number, start?: string): Promise<Life> {
  if (!exists(pid) || (await isZombie(pid))) return dead;
  const found = await processStart(pid);
  // Started by another user on a system that hides it: it exists, and more cannot be known.
  if (found === undefined) return exists(pid) ? { alive: true } : dead;
  return start === undefined || start === found ? { alive: true, start: found } : dead;
}

/** Signal 0 is no signal: the kernel only says whether one could be sent. On Windows libuv asks for the exit code. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one all the same.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Dead, but its parent has not asked how it ended: signal 0 reports it as alive. */
async function isZombie(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The command name in parentheses may contain anything; the state stands behind the last one.
  const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
  return state === "Z" || state === "X";
}
