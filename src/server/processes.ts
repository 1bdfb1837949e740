/** The one place where the server starts processes, and how it knows them again. */
import { execFile, fork, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { entries } from "./entries.ts";

const run = promisify(execFile);

/** Pid plus start time: pids are reused, and nothing is killed on a pid alone. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque text that differs between two processes of one pid. */
  readonly start: string;
}

export interface ForkOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** False for an entry that runs no code of others: nothing blocks it, so it notices a closed channel by itself. */
  readonly watched?: boolean;
}

/**
 * Forks a built entry with an IPC channel and, unless it needs none, the watchdog. The child leads its own process group, so that what it
 * started can be ended with it.
 */
export function forkNode(entry: string, options: ForkOptions): ChildProcess {
  return fork(entry, [...(options.args ?? [])], {
    cwd: options.cwd,
    // On a desktop `process.execPath` is Electron, which is a plain Node only with this variable (decision 25).
    env: { ...options.env, ELECTRON_RUN_AS_NODE: "1" },
    execArgv: [
      ...(options.nodeOptions ?? []),
      ...(options.watched === false ? [] : ["--import", pathToFileURL(entries.watchdog).href]),
    ],
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
}

/** Environment for user code in a Node realm: an allow-list, without tokens and editor variables (E-07). */
export function realmEnvironment(): NodeJS.ProcessEnv {
  const allowed =
    /^(PATH|HOME|USERPROFILE|SYSTEMROOT|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|VITRINE_TEST_RUN)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => allowed.test(name)));
}

/** Environment for a project's Vite: the user's own, as `vite` in a terminal would see it, without the editor's internals. */
export function viteEnvironment(): NodeJS.ProcessEnv {
  const internal = /^(VSCODE_|ELECTRON_|NODE_CHANNEL_|VITRINE_(?!TEST_RUN))/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !internal.test(name)));
}

/** What can be seen of a process. */
export interface Life {
  /** A zombie counts as dead. */
  readonly alive: boolean;
  /** Absent where the system does not let us see it. */
  readonly start?: string;
}

/**
 * For looking at a process: one that hides its start time counts as alive.
 *
 * @param pid positive
 * @param start of the process that is meant; another one that has its number now counts as dead
 */
export async function lifeOf(pid: number, start?: string): Promise<Life> {
  const life = await look(pid);
  const isOther = start !== undefined && life.start !== undefined && life.start !== start;
  return isOther ? { alive: false } : life;
}

/** Start time of a process as opaque text, undefined when there is no such process (a zombie counts as none). */
export async function processStart(pid: number): Promise<string | undefined> {
  return (await look(pid)).start;
}

/** For ending a process: whether it is known to be the very one. */
export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  return (await processStart(identity.pid)) === identity.start;
}

/** Kills a child that leads its own group, with everything it started. Nothing happens when it is gone. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  if (process.platform === "win32") {
    // Windows has no groups; taskkill ends the tree. A process that is gone already is no error.
    execFile("taskkill", ["/PID", String(pid), "/T", "/F"], { windowsHide: true }, () => {});
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

async function look(pid: number): Promise<Life> {
  try {
    if (process.platform === "linux") return linuxLife(await readFile(`/proc/${pid}/stat`, "utf8"));
    const start = await (process.platform === "win32" ? windowsStart(pid) : unixStart(pid));
    if (start !== "") return { alive: true, start };
  } catch {
    // No such process, or one we may not look at.
  }
  return { alive: exists(pid) };
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

/** A zombie is dead, but its parent has not asked how it ended: signal 0 would report it as alive. */
function linuxLife(stat: string): Life {
  // Field 3 is the state, 22 the start.
  const fields = statFields(stat);
  const [state = "", start = ""] = [fields[0], fields[19]];
  return /[ZX]/.test(state) ? { alive: false } : { alive: true, start };
}

/** Fields of `/proc/<pid>/stat` from the third on: the name in parentheses before them may contain anything. */
export function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

async function unixStart(pid: number): Promise<string> {
  const { stdout } = await run("ps", ["-o", "lstart=", "-p", String(pid)]);
  return stdout.trim();
}

async function windowsStart(pid: number): Promise<string> {
  const script = `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.ToFileTimeUtc()`;
  const { stdout } = await run("powershell.exe", ["-NoProfile", "-Command", script], {
    windowsHide: true,
  });
  return stdout.trim();
}
