/** The process of a back end: started, connected, ended. */
import { UserError } from "../../../protocol/errors.ts";
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import {
  startCommand,
  type CommandExit,
  type CommandLine,
  type RunningCommand,
} from "../commands/command.ts";
import type { Guards } from "../commands/guards.ts";
import type { BackendConfig } from "../project-config.ts";
import { awaitHandshake } from "./handshake.ts";

export interface BackendProcess extends RunningCommand {
  /** As its handshake said it, empty when none was said. */
  readonly address: string;
  /** How it ended, for a person. */
  describe(exit: CommandExit): string;
}

export interface BackendProcessOptions {
  readonly keeper: ProcessKeeper;
  readonly guards: Guards;
  line(line: CommandLine): void;
  /** It is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Characters of its last line that a sentence about its end has room for. */
const shownLength = 200;

/** Starts it and waits for its handshake. When that does not come, nothing of it is left, and a `UserError` says why. */
export async function startBackendProcess(
  run: NonNullable<BackendConfig["run"]>,
  { keeper, guards, line, signal }: BackendProcessOptions,
): Promise<BackendProcess> {
  const gone = new AbortController();
  let lastLine = "";
  const describe = (exit: CommandExit, when = ""): string => {
    const how = exit.signal === null ? `with exit code ${exit.code}` : `by ${exit.signal}`;
    const last = lastLine === "" ? "" : `: ${lastLine.slice(0, shownLength)}`;
    return `The back end ended ${how}${when}${last}`;
  };
  try {
    const handshake = awaitHandshake(run.handshake, AbortSignal.any([signal, gone.signal]));
    // It may fail before anybody waits for it: with the command, or at once by its configuration.
    handshake.answered.catch(() => {});
    const command = await startCommand(run, {
      keeper,
      guard: guards.take(),
      line: (printed) => {
        if (printed.text.trim() !== "") lastLine = printed.text.trim();
        line(printed);
        handshake.line(printed);
      },
    });
    const address = await connected(command, handshake.answered, describe);
    return { ...command, address, describe };
  } finally {
    gone.abort();
  }
}

/** The address of the handshake; a command without one is ended. */
async function connected(
  command: RunningCommand,
  answered: Promise<string>,
  describe: (exit: CommandExit, when: string) => string,
): Promise<string> {
  const early = command.exited.then((exit) => {
    const what = describe(exit, " before it served");
    throw new UserError("server_gone", `${what}. Look at its output`);
  });
  // It ends some day, long after anybody waits here.
  early.catch(() => {});
  try {
    return await Promise.race([answered, early]);
  } catch (error) {
    await command.stop();
    throw error;
  }
}
