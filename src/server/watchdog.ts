/**
 * Preloaded into every Node child of the server (`--import`). It ends the process when its parent goes, also while user
 * code blocks the main thread: a closed IPC channel cannot be noticed there, so a thread of its own looks (P-01).
 */
import { Worker } from "node:worker_threads";

/** Ms (P-01). One check in each of many processes: half as often is half of what idle previews cost. */
const parentCheckMs = 2000;

// Re-parenting is how a process without a parent looks on POSIX; on Windows the parent's id simply stops existing.
const watch = `
const { ppid, pid } = process;
const alive = (id) => { try { process.kill(id, 0); return true; } catch (error) { return error.code === "EPERM"; } };
setInterval(() => { if (process.ppid !== ppid || !alive(ppid)) process.kill(pid, "SIGKILL"); }, ${parentCheckMs});
`;

const worker = new Worker(watch, {
  eval: true,
  // The inherited --import would start a watchdog inside the watchdog.
  execArgv: [],
  stdout: false,
  stderr: false,
  resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
});
worker.unref();

process.on("disconnect", () => process.exit());
