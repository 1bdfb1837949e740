/**
 * The guard of one command (dev-servers section 12). A command that knows nothing of IPC survives a SIGKILL of its parent;
 * this process does know, and takes the command's whole group along when the channel to the server closes. The command
 * writes to the guard's own output, so no byte passes through here.
 */
import { spawnSync, type ChildProcess } from "node:child_process";
import spawn from "cross-spawn";
import type { FromGuard, ToGuard } from "./messages.ts";

const isWindows = process.platform === "win32";
let command: ChildProcess | undefined;

process.on("message", (message: ToGuard) => {
  if (message.type === "start") start(message);
  else if (message.to === "group") signalGroup(message.signal);
  else command?.kill(message.signal);
});
// All ways out lead through `exit`, the one place that ends the group.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, leave);
process.on("disconnect", leave);
process.on("exit", () => signalGroup("SIGKILL"));

function leave(): void {
  process.exit();
}

function start({ command: wanted, env }: ToGuard & { type: "start" }): void {
  const [program = "", ...args] = wanted.command;
  command = spawn(program, args, {
    cwd: wanted.cwd,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    // A group of its own on POSIX. On Windows this would open a console window, and groups do not exist.
    detached: !isWindows,
    windowsHide: true,
  });
  command.once("spawn", () => tell({ type: "started", pid: command?.pid ?? 0 }));
  command.once("error", (error: NodeJS.ErrnoException) =>
    tell({ type: "failed", code: error.code ?? "", message: error.message }, leave),
  );
  // Nothing that it left in its group outlives it, and nothing holds its output open.
  command.once("exit", (code, signal) => tell({ type: "exited", code, signal }, leave));
}

function tell(message: FromGuard, then?: () => void): void {
  process.send?.(message, undefined, {}, () => then?.());
}

/** The group is there as long as anybody is in it, also when its leader is gone: its number is not given to others. */
function signalGroup(signal: NodeJS.Signals): void {
  const pid = command?.pid;
  if (pid === undefined) return;
  if (isWindows) {
    spawnSync("taskkill", ["/PID", String(pid), "/T", "/F"], { windowsHide: true });
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is in it any more.
  }
}
