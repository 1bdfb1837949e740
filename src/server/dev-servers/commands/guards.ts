/**
 * Guards of commands (dev-servers section 12), started before there is a command for them where one is about to come: a process
 * takes as long to start as many a build, and after a saved file somebody waits for two of them.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { entries } from "../../entries.ts";
import { forkNode, killGroup, viteEnvironment } from "../../processes.ts";
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";

export interface Guards {
  /** A command will be started soon. */
  prepare(): void;
  /** The guard that waits, or a new one. */
  take(): ChildProcess;
  /** Ends the one that waits; there will be no other. */
  close(): Promise<void>;
}

/** Ms that a guard waits for its command. */
const waitMs = 30_000;

export function createGuards(keeper: ProcessKeeper): Guards {
  let waiting: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const leave = (): ChildProcess | undefined => {
    clearTimeout(timer);
    const guard = waiting;
    waiting = undefined;
    return guard?.connected === true ? guard : undefined;
  };
  const end = async (): Promise<void> => {
    const guard = leave();
    if (guard === undefined) return;
    const exited = once(guard, "exit");
    killGroup(guard.pid ?? 0, "SIGKILL");
    await exited;
  };

  return {
    prepare() {
      if (isClosed || waiting?.connected === true) return;
      waiting = startGuard(keeper);
      timer = setTimeout(() => void end(), waitMs);
    },
    take: () => leave() ?? startGuard(keeper),
    close: () => {
      isClosed = true;
      return end();
    },
  };
}

/** A guard without a command yet, kept as long as it lives. */
export function startGuard(keeper: ProcessKeeper): ChildProcess {
  const guard = forkNode(entries.guard, {
    cwd: process.cwd(),
    env: viteEnvironment(),
    watched: false,
  });
  const forget = keep(keeper, guard.pid ?? 0);
  guard.once("exit", forget);
  guard.once("error", forget);
  return guard;
}

/** @returns takes it out again, also when it is not yet in */
export function keep(keeper: ProcessKeeper, pid: number): () => void {
  const added = keeper.addChild(pid);
  return () => void added.then(() => keeper.removeChild(pid));
}
