/** The server's side of a Vite host: starts the process, talks to it, knows how it ended. */
import type { ChildProcess } from "node:child_process";
import type {
  ViteHostEvents,
  ViteHostMethods,
  ViteServerEvents,
} from "../../protocol/vite-host.ts";
import { entries } from "../entries.ts";
import { forkNode, killGroup, viteEnvironment } from "../processes.ts";
import { connect } from "../rpc.ts";
import { newSpaceOption } from "./new-space-option.ts";

export interface ViteHostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whose code ended it, as far as the process itself could tell. */
  readonly endedBy: string | undefined;
  /** The last lines it printed, without what was said over IPC. */
  readonly lastLines: readonly string[];
}

export interface ViteHost {
  readonly pid: number;
  readonly methods: ViteHostMethods;
  readonly exited: Promise<ViteHostExit>;
  /** Directs what the host tells of a project; of others nobody hears. */
  listen(project: string, events: ViteServerEvents): void;
  /** Ends its process group by this signal, and by force after the grace. Resolves when it is gone. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Ms a Vite host may take to close. */
export const stopGraceMs = 3000;
/** Ms; the start has its own, shorter limit. */
const callDeadlineMs = 60_000;
/** Ms for what an ended process has said to arrive. */
const lastWordsMs = 500;
const keptLines = 20;

/**
 * A host bundles packages and transforms a whole application at its start, and then waits for edits. V8's new space would stay
 * at many times of what is alive.
 */
const nodeOptions = [`${newSpaceOption}=8`];

/**
 * The bundler's allocator would keep freed pages, which in a process of many servers adds up to a third of its memory. The
 * bench `dev-servers` shows that beside what it costs. Who has set the variables knows better.
 */
const sharedEnvironment = { MIMALLOC_ARENA_PURGE_MULT: "0", MIMALLOC_PURGE_DELAY: "0" };

export interface ProcessKeeper {
  addChild(pid: number): Promise<void>;
  removeChild(pid: number): Promise<void>;
}

/**
 * Forks a Vite host. It serves nothing until told.
 * @param isShared it is for several projects
 */
export function startViteHost(keeper: ProcessKeeper, isShared: boolean): ViteHost {
  const child = forkNode(entries.viteHost, {
    cwd: process.cwd(),
    env: isShared ? { ...sharedEnvironment, ...viteEnvironment() } : viteEnvironment(),
    nodeOptions,
    args: isShared ? ["shared"] : [],
  });
  const pid = child.pid ?? 0;
  void keeper.addChild(pid);
  let endedBy: string | undefined;
  const listeners = new Map<string, ViteServerEvents>();
  const lastLines = keepLines(child);
  const { remote, close } = connect<ViteHostMethods>(
    {
      post: (message) => child.connected && child.send(message as object),
      on: (listener) => child.on("message", listener),
    },
    {
      deadline: callDeadlineMs,
      methods: {},
      events: {
        step: (project, ...args) => listeners.get(project)?.step(...args),
        problemsChanged: (project, ...args) => listeners.get(project)?.problemsChanged(...args),
        served: (project, ...args) => listeners.get(project)?.served(...args),
        edited: (project) => listeners.get(project)?.edited(),
        logged: (project, ...args) => listeners.get(project)?.logged(...args),
        ended: (project) => {
          endedBy = project;
        },
      } satisfies ViteHostEvents,
    },
  );
  const exited = new Promise<ViteHostExit>((resolve) => {
    child.once("error", ({ message }) =>
      resolve({ code: null, signal: null, endedBy, lastLines: [message] }),
    );
    child.once("exit", (code, signal) => {
      // What it started (compilers, esbuild services) must not outlive it.
      killGroup(pid, "SIGKILL");
      void keeper.removeChild(pid);
      void disconnected(child).then(() => {
        resolve({ code, signal, endedBy, lastLines: lastLines() });
        // Who waits for an answer is told how it ended, not that there will be none.
        setImmediate(close, "The Vite process ended");
      });
    });
  });
  return {
    pid,
    methods: remote,
    exited,
    listen: (project, events) => void listeners.set(project, events),
    end: async (signal) => {
      if (pid === 0 || child.exitCode !== null || child.signalCode !== null) return;
      const grace = setTimeout(() => killGroup(pid, "SIGKILL"), stopGraceMs);
      killGroup(pid, signal);
      await exited;
      clearTimeout(grace);
    },
  };
}

/** An exit may be heard of before the last messages. */
async function disconnected(child: ChildProcess): Promise<void> {
  if (!child.connected) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, lastWordsMs);
    child.once("disconnect", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Drains both streams, or a chatty plugin would block on a full pipe, and keeps the end for the crash message. */
function keepLines(child: ChildProcess): () => readonly string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      lines.push(...text.split("\n").filter((line) => line.trim() !== ""));
      lines.splice(0, lines.length - keptLines);
    });
  }
  return () => lines;
}
