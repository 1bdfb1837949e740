/** The server's side of a Vite host: starts the process, talks to it, knows how it ended. */
import type { ChildProcess } from "node:child_process";
import type { ViteHostEvents, ViteHostMethods } from "../../protocol/vite-host.ts";
import { entries } from "../entries.ts";
import { forkNode, killGroup, viteEnvironment } from "../processes.ts";
import { connect } from "../rpc.ts";

export interface ViteHostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** User configuration was loading when it ended. */
  readonly loadingConfig: boolean;
  /** The last lines it printed, without what was said over IPC. */
  readonly lastLines: readonly string[];
}

export interface ViteHost {
  readonly pid: number;
  readonly methods: ViteHostMethods;
  readonly exited: Promise<ViteHostExit>;
  /** Directs what the host tells to its session; a warm host has nobody to tell yet. */
  listen(events: ViteHostEvents): void;
  /** Asks it to close, ends its process group after the grace. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Ms a Vite host may take to close. */
const stopGraceMs = 3000;
/** Ms; the start has its own, shorter limit. */
const callDeadlineMs = 60_000;
const keptLines = 20;

export interface ProcessKeeper {
  addChild(pid: number): Promise<void>;
  removeChild(pid: number): Promise<void>;
}

/** Forks a Vite host. It serves nothing until told. */
export function startViteHost(keeper: ProcessKeeper): ViteHost {
  const child = forkNode(entries.viteHost, { cwd: process.cwd(), env: viteEnvironment() });
  const pid = child.pid ?? 0;
  void keeper.addChild(pid);
  let loadingConfig = false;
  let events: ViteHostEvents | undefined;
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
        step: (text, config) => {
          loadingConfig = config;
          events?.step(text, config);
        },
        problemsChanged: (problems) => events?.problemsChanged(problems),
        served: (served) => events?.served(served),
        edited: () => events?.edited(),
        logged: (entry) => events?.logged(entry),
      } satisfies ViteHostEvents,
    },
  );
  const exited = new Promise<ViteHostExit>((resolve) => {
    child.once("error", (error) =>
      resolve({ code: null, signal: null, loadingConfig, lastLines: [error.message] }),
    );
    child.once("exit", (code, signal) => {
      // What it started (compilers, esbuild services) must not outlive it.
      killGroup(pid, "SIGKILL");
      void keeper.removeChild(pid);
      close("The Vite process ended");
      resolve({ code, signal, loadingConfig, lastLines: lastLines() });
    });
  });
  return {
    pid,
    methods: remote,
    exited,
    listen: (listener) => {
      events = listener;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const grace = setTimeout(() => killGroup(pid, "SIGKILL"), stopGraceMs);
      // A host that cannot answer is ended by the grace.
      await Promise.race([remote.close().catch(() => {}), exited]);
      killGroup(pid, "SIGTERM");
      await exited;
      clearTimeout(grace);
    },
  };
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
