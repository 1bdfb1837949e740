/** How much memory processes use, with all that they started: a package manager is small, the server below it is not. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { statFields } from "../processes.ts";
import { residentMemory } from "../resident-memory.ts";

const run = promisify(execFile);

/** Resident bytes by the id of the first process; those that are gone, or cannot be seen, are left out. */
export async function memoryOf(pids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const children = childrenByParent(await parents().catch(() => new Map<number, number>()));
  const trees = pids.map((pid) => [pid, treeOf(pid, children)] as const);
  const sizes = await residentMemory(trees.flatMap(([, tree]) => tree));
  const sums = trees.map(
    ([pid, tree]) => [pid, tree.reduce((sum, one) => sum + (sizes.get(one) ?? 0), 0)] as const,
  );
  return new Map(sums.filter(([, bytes]) => bytes > 0));
}

type Children = ReadonlyMap<number, readonly number[]>;

function treeOf(pid: number, children: Children): readonly number[] {
  const tree = new Set([pid]);
  // A set hands out what is added while it is walked.
  for (const one of tree) for (const child of children.get(one) ?? []) tree.add(child);
  return [...tree];
}

function childrenByParent(all: ReadonlyMap<number, number>): Children {
  const children = new Map<number, number[]>();
  for (const [pid, parent] of all) children.set(parent, [...(children.get(parent) ?? []), pid]);
  return children;
}

/** The parent of every process that can be seen. */
function parents(): Promise<ReadonlyMap<number, number>> {
  if (process.platform === "linux") return linuxParents();
  return process.platform === "win32"
    ? listedParents("powershell.exe", ["-NoProfile", "-Command", windowsList])
    : listedParents("ps", ["-A", "-o", "pid=,ppid="]);
}

const windowsList =
  'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId)" }';

async function listedParents(program: string, args: string[]): Promise<Map<number, number>> {
  const { stdout } = await run(program, args, { windowsHide: true });
  return new Map([...stdout.matchAll(/(\d+)\s+(\d+)/g)].map((row) => [+row[1]!, +row[2]!]));
}

async function linuxParents(): Promise<Map<number, number>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const rows = await Promise.all(
    pids.map(async (pid): Promise<[number, number]> => {
      // It may be gone by now.
      const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      return [Number(pid), Number(statFields(stat)[1] ?? 0)];
    }),
  );
  return new Map(rows);
}
