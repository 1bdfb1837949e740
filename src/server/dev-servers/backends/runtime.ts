/** The one process of a back end, if it has one. */
import { UserError } from "../../../protocol/errors.ts";
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import { within } from "../../within.ts";
import { startCommand, type CommandLine } from "../commands/command.ts";
import type { Guards } from "../commands/guards.ts";
import type { BackendConfig, Command } from "../project-config.ts";
import { startBackendProcess, type BackendProcess } from "./backend-process.ts";

export interface Runtime {
  /** The process, while it serves. */
  current(): BackendProcess | undefined;
  /** Starts it and waits until it is connected. Throws a `UserError` when that fails. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Lets it serve what was built, in the way that is configured (dev-servers 4.4.4). Throws like `start`. */
  replace(): Promise<void>;
}

export interface RuntimeOptions {
  readonly config: BackendConfig;
  /** Of a reload command, when nothing else says one. */
  readonly root: string;
  readonly keeper: ProcessKeeper;
  readonly guards: Guards;
  /** 0 when there is no UI server. */
  vitePort(): number;
  line(line: CommandLine): void;
  /** Ends a start that is on its way. */
  readonly signal: AbortSignal;
  /** Ms a reload command may take. */
  readonly limitMs: number;
  /** It served, and ended without being asked to. */
  exited(description: string): void;
}

export function createRuntime(options: RuntimeOptions): Runtime {
  const { config, keeper, guards, line, signal } = options;
  let current: BackendProcess | undefined;

  const start = async (): Promise<void> => {
    if (config.run === undefined) return;
    const run = { ...config.run, ...prepared(config.run, options) };
    const started = await startBackendProcess(run, { keeper, guards, line, signal });
    current = started;
    void started.exited.then((exit) => {
      if (current !== started) return;
      current = undefined;
      options.exited(started.describe(exit));
    });
  };
  const stop = async (): Promise<void> => {
    const ending = current;
    // First: its exit is no crash.
    current = undefined;
    await ending?.stop();
  };

  return {
    current: () => current,
    start,
    stop,
    async replace() {
      const { reload, run } = config;
      if (typeof reload === "object" && "command" in reload && (run === undefined || current)) {
        const { cwd, env } = run ?? config.build ?? { cwd: options.root, env: {} };
        return runToEnd(prepared({ command: reload.command, cwd, env }, options), options);
      }
      if (typeof reload === "object" && "signal" in reload && current !== undefined)
        return current.signal(reload.signal);
      if (reload === "none" && current !== undefined) return;
      await stop();
      await start();
    },
  };
}

/** With the artefact's path, and what every back end is told of where it runs. */
function prepared({ command, cwd, env }: Command, { config, vitePort }: RuntimeOptions): Command {
  const artifact = config.install ?? config.artifact ?? "";
  const port = String(vitePort());
  return {
    command: command.map((part) => part.replaceAll("${artifact}", () => artifact)),
    cwd,
    env: {
      VITRINE_DEV: "1",
      VITRINE_VITE_PORT: port,
      // Names that the documented SDK reads.
      OMNIVIEW_DEV: "1",
      OMNIVIEW_VITE_PORT: port,
      ...env,
    },
  };
}

async function runToEnd(command: Command, options: RuntimeOptions): Promise<void> {
  const { keeper, line, signal, limitMs } = options;
  const running = await startCommand(command, { keeper, line });
  const cancelled = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const end = await within(Promise.race([running.exited, cancelled]), limitMs, "late");
  await running.stop();
  const { code, signal: ended } = await running.exited;
  if (end !== "late" && code === 0) return;
  const how =
    end === "late"
      ? `did not end within ${limitMs / 1000} s`
      : `ended with ${ended ?? `exit code ${code}`}`;
  throw new UserError(
    "config_failed",
    `The reload command ${command.command.join(" ")} ${how}. Look at its output, or change backend.reload in vitrine.json`,
  );
}
