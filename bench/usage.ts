/** What the processes with a mark in their environment take, read from /proc: Linux only. */
import { readFileSync } from "node:fs";
import { markedProcesses } from "../test/support/processes.ts";

/** Of /proc/<pid>/stat: fixed at 100 on Linux, whatever the kernel's own. */
const ticksPerSecond = 100;

/** User and system time of all processes with the mark. */
export function cpuSeconds(mark: string): number {
  return sumOver(mark, (pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields count from behind the command's name, which may hold blanks: 14 and 15 are user and system time.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  });
}

/** MB: pages that are in memory, and the same with shared ones divided among those that share them. */
export function memoryOf(mark: string): { readonly rss: number; readonly pss: number } {
  const field = (name: string): number =>
    sumOver(mark, (pid) => {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]) / 1024;
    });
  return { rss: field("Rss"), pss: field("Pss") };
}

function sumOver(mark: string, of: (pid: number) => number): number {
  return markedProcesses(mark).reduce((sum, { pid }) => sum + of(pid), 0);
}
