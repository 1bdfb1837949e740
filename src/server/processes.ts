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
    execArgv: options.watched === false ? [] : ["--import", pathToFileURL(entries.watchdog).href],
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

/** Start time of a process as opaque text, undefined when there is no such process (a zombie counts as none). */
export async function processStart(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === "linux")
      return linuxStart(await readFile(`/proc/${pid}/stat`, "utf8"));
    if (process.platform === "win32") return await windowsStart(pid);
    const { stdout } = await run("ps", ["-o", "lstart=", "-p", String(pid)]);
    return stdout.trim() || undefined;
  } catch {
    // No such process, or one we may not look at: either way it is not known to be ours.
    return undefined;
  }
}

/** Whether the very process is still there. */
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

function linuxStart(stat: string): string | undefined {
  // The command name in parentheses may contain blanks; fields count from behind it. Field 3 is the state, 22 the start.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? undefined : fields[19];
}

async function windowsStart(pid: number): Promise<string | undefined> {
  const script = `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.ToFileTimeUtc()`;
  const { stdout } = await run("powershell.exe", ["-NoProfile", "-Command", script], {
    windowsHide: true,
  });
  return stdout.trim() || undefined;
}
