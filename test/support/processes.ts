/** Processes of this machine that carry a marker in their environment. Linux only: elsewhere every list is empty. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface MarkedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** TCP ports on which it listens. */
  readonly ports: readonly number[];
}

/**
 * Every live process, this one excepted, whose `VITRINE_TEST_RUN` begins with `mark`. Marks nest by slashes: a run, a test
 * file, a window. (The server hands this variable on to everything it starts, as the only one of its name.)
 */
export function markedProcesses(mark: string): readonly MarkedProcess[] {
  if (process.platform !== "linux") return [];
  const entry = `VITRINE_TEST_RUN=${mark}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) =>
      procText(pid, "environ")
        .split("\0")
        .some((one) => one.startsWith(entry)),
    )
    .map((pid) => ({
      pid: Number(pid),
      parent: Number(/^PPid:\s+(\d+)/m.exec(procText(pid, "status"))?.[1] ?? 0),
      command: procText(pid, "cmdline").replaceAll("\0", " ").trim(),
      ports: listeningPorts(Number(pid)),
    }));
}

/** TCP ports on which a process listens, IPv4 and IPv6. */
export function listeningPorts(pid: number): readonly number[] {
  const inodes = socketInodes(pid);
  const rows = `${procText(pid, "net/tcp")}\n${procText(pid, "net/tcp6")}`.split("\n");
  const ports = rows
    .map((row) => row.trim().split(/\s+/))
    // State 0A is LISTEN, column 9 the inode: see proc_net_tcp in the kernel's documentation.
    .filter((cells) => cells[3] === "0A" && inodes.has(cells[9] ?? ""))
    .map((cells) => Number.parseInt(cells[1]?.split(":")[1] ?? "0", 16));
  return [...new Set(ports)];
}

/** Waits until no process carries `mark`, at most `timeout` ms; answers those that are still there. */
export async function processesLeft(
  mark: string,
  timeout: number,
): Promise<readonly MarkedProcess[]> {
  const end = performance.now() + timeout;
  for (;;) {
    const left = markedProcesses(mark).filter((one) => !isCompilerService(one));
    if (left.length === 0 || performance.now() > end) return left;
    // The kernel tells nobody but the parent when a process ends, so this has to look again.
    await delay(50);
  }
}

/** One line per process, for a failure's message. */
export function describeProcesses(processes: readonly MarkedProcess[]): string {
  return processes
    .map(
      ({ pid, parent, command, ports }) =>
        `${pid} (child of ${parent}, ports ${ports.join(", ") || "none"}): ${command}`,
    )
    .join("\n");
}

/** esbuild keeps one helper per process that used it; the helper ends with that process. */
function isCompilerService({ parent, command }: MarkedProcess): boolean {
  return parent === process.pid && /esbuild\S* --service=/.test(command);
}

function socketInodes(pid: number): ReadonlySet<string> {
  const directory = `/proc/${pid}/fd`;
  const links = orNothing(() => readdirSync(directory), []).map((name) =>
    orNothing(() => readlinkSync(`${directory}/${name}`), ""),
  );
  return new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ""));
}

function procText(pid: number | string, file: string): string {
  return orNothing(() => readFileSync(`/proc/${pid}/${file}`, "utf8"), "");
}

function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch {
    // The process ended meanwhile, or belongs to another user.
    return nothing;
  }
}
