/** Starts a command of a project below a guard, reads what it prints, and ends it (dev-servers section 12). */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { UserError } from "../../../protocol/errors.ts";
import { isSameProcess, killGroup, processStart, viteEnvironment } from "../../processes.ts";
import { quoted } from "../../quoted.ts";
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import { within } from "../../within.ts";
import type { FromGuard, ToGuard } from "../guard/messages.ts";
import { createLineReader } from "../line-reader.ts";
import type { Command } from "../project-config.ts";
import { keep, startGuard } from "./guards.ts";

export interface CommandLine {
  readonly stream: "stdout" | "stderr";
  /** As it was printed. At most 1 MiB, as `text`. */
  readonly raw: string;
  /** Without ANSI sequences. */
  readonly text: string;
}

export interface CommandExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningCommand {
  /** Of the command itself, which leads its group. */
  readonly pid: number;
  /** Resolves after its last line was told. */
  readonly exited: Promise<CommandExit>;
  /** To the command itself. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM to it and all it started, and SIGKILL when that does not help. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface CommandOptions {
  readonly keeper: ProcessKeeper;
  /** One that waits for a command; a new one when absent. */
  readonly guard?: ChildProcess;
  line(line: CommandLine): void;
}

/** Ms (dev-servers 4.1.6 and 4.4.4). */
const termGraceMs = 5000;
const killGraceMs = 3000;
/** Ms for the guard and the rest of the output; what left the group may hold the pipe open for as long as it lives. */
const outputGraceMs = 1000;

/** Starts a command. Throws `not_installed` when there is no such program, `config_failed` when it cannot run. */
export async function startCommand(
  command: Command,
  options: CommandOptions,
): Promise<RunningCommand> {
  const guard = options.guard ?? startGuard(options.keeper);
  const guardPid = guard.pid ?? 0;
  const output = readLines(guard, options.line);
  const { started, exit, gone } = listenTo(guard);
  const post = (message: ToGuard): void => {
    // A guard that is gone has taken the command along.
    if (guard.connected) guard.send(message, () => {});
  };
  post({ type: "start", command, env: { ...viteEnvironment(), ...command.env } });
  const first = await started;
  if (first.type !== "started") {
    await gone;
    throw startError(command, first);
  }
  const { pid } = first;
  const start = await processStart(pid);
  const forget = keep(options.keeper, pid);
  const ended = async (): Promise<CommandExit> => {
    const known = await exit;
    // Without its guard (killed by somebody) the command would go on with nobody to end it.
    if (known === undefined && start !== undefined && (await isSameProcess({ pid, start })))
      killGroup(pid, "SIGKILL");
    await within(Promise.all([output, gone]), outputGraceMs, "late");
    // Nothing is told behind its exit, whoever still writes.
    guard.stdout?.destroy();
    guard.stderr?.destroy();
    forget();
    return { code: known?.code ?? null, signal: known === undefined ? "SIGKILL" : known.signal };
  };
  const exited = ended();
  return {
    pid,
    exited,
    signal: (signal) => post({ type: "signal", signal, to: "command" }),
    stop: async () => {
      post({ type: "signal", signal: "SIGTERM", to: "group" });
      if ((await within(exited, termGraceMs, "late")) !== "late") return;
      post({ type: "signal", signal: "SIGKILL", to: "group" });
      if ((await within(exited, killGraceMs, "late")) !== "late") return;
      killGroup(guardPid, "SIGKILL");
      await exited;
    },
  };
}

type Started = FromGuard & { readonly type: "started" };
type Failed = FromGuard & { readonly type: "failed" };

interface Life {
  /** How the start went. */
  readonly started: Promise<Started | Failed>;
  /** Of the command; undefined when the guard ended without a word. */
  readonly exit: Promise<CommandExit | undefined>;
  /** The guard has ended, and nothing it said is on its way. */
  readonly gone: Promise<unknown>;
}

function listenTo(guard: ChildProcess): Life {
  const gone = new Promise<string>((resolve) => {
    guard.once("error", (error) => resolve(error.message));
    // The exit may be seen before the last message is read; the channel closes behind it.
    const both = ["exit", "disconnect"].map((name) => once(guard, name));
    void Promise.all(both).then(() => resolve("its guard ended"), resolve);
  });
  const started = new Promise<Started | Failed>((resolve) => {
    guard.on("message", (message: FromGuard) => message.type !== "exited" && resolve(message));
    void gone.then((message) => resolve({ type: "failed", code: "", message }));
  });
  const exit = new Promise<CommandExit | undefined>((resolve) => {
    guard.on("message", (message: FromGuard) => message.type === "exited" && resolve(message));
    void gone.then(() => resolve(undefined));
  });
  return { started, exit, gone };
}

/** Resolves at the end of both streams. */
function readLines(guard: ChildProcess, line: CommandOptions["line"]): Promise<unknown> {
  const ends = (["stdout", "stderr"] as const).map((stream) => {
    const reader = createLineReader((raw) =>
      line({ stream, raw, text: stripVTControlCharacters(raw) }),
    );
    const readable = guard[stream];
    readable?.on("data", (chunk: Buffer) => reader.write(chunk));
    return new Promise<void>((resolve) => {
      readable?.once("close", () => {
        reader.end();
        resolve();
      });
    });
  });
  return Promise.all(ends);
}

function startError({ command, cwd }: Command, failed: Failed): UserError {
  const program = quoted(command[0] ?? "");
  if (!existsSync(cwd))
    return new UserError(
      "config_failed",
      `${program} cannot run in ${quoted(cwd)}, which is not there. Make the folder or change cwd in vitrine.json`,
    );
  if (failed.code === "ENOENT")
    return new UserError(
      "not_installed",
      `The command ${program} was not found. Install it or change the command in vitrine.json`,
    );
  return new UserError(
    "config_failed",
    `${program} could not be started: ${failed.message}. Make it executable or change the command in vitrine.json`,
  );
}
