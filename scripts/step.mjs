/** One step of `npm test`: a process group of its own, so that the step's end is the end of all it started. */
import { spawn } from "node:child_process";
import path from "node:path";
import { node24, project } from "./bootstrap.mjs";

/**
 * Runs a script of this project or of a package in Node 24, its output passed through, for at most `timeout` ms.
 * Answers whether it succeeded, and its duration in seconds.
 */
export async function runStep({ title, script, args = [] }, { env, timeout }) {
  console.log(`\n━━ ${title}`);
  const started = performance.now();
  const options = { cwd: project, env, stdio: ["ignore", "inherit", "inherit"], detached: true };
  const child = spawn(node24, [path.join(project, script), ...args], options);
  const endGroup = () => killGroup(child.pid);
  process.once("exit", endGroup);
  const timer = setTimeout(() => {
    console.log(`${title}: ended, not finished after ${timeout / 1000} s`);
    endGroup();
  }, timeout);
  const code = await new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", resolve);
  });
  clearTimeout(timer);
  process.off("exit", endGroup);
  // What is in its group after its end was left behind by it.
  endGroup();
  const seconds = (performance.now() - started) / 1000;
  console.log(`── ${title}: ${code === 0 ? "ok" : "failed"}, ${seconds.toFixed(1)} s`);
  return { ok: code === 0, seconds };
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is empty already, as it should be.
  }
}
