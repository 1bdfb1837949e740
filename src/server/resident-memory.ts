/** How much memory processes use. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Resident bytes by id. Processes that are gone, or that we may not look at, are left out. */
export async function residentMemory(
  pids: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (pids.length === 0) return new Map();
  const rows =
    process.platform === "linux" ? await Promise.all(pids.map(linuxRow)) : await listed(pids);
  return new Map(rows.filter(([, bytes]) => bytes > 0));
}

type Row = readonly [pid: number, bytes: number];

async function linuxRow(pid: number): Promise<Row> {
  // It may be gone by now.
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return [pid, Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024];
}

/** Lines of two numbers each, whatever else is printed; when one of the processes is gone the exit code says so. */
async function listed(pids: readonly number[]): Promise<Row[]> {
  const isWindows = process.platform === "win32";
  const list = pids.join(",");
  const [program, ...args] = isWindows
    ? [
        "powershell.exe",
        "-NoProfile",
        "-Command",
        `Get-Process -Id ${list} -ErrorAction SilentlyContinue | ForEach-Object { "$($_.Id) $($_.WorkingSet64)" }`,
      ]
    : ["ps", "-o", "pid=,rss=", "-p", list];
  const { stdout } = await run(program ?? "", args, { windowsHide: true }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }),
  );
  return [...stdout.matchAll(/(\d+)\s+(\d+)/g)].map(([, pid, size]) => [
    Number(pid),
    Number(size) * (isWindows ? 1 : 1024),
  ]);
}
