/** One run of a build command. */
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import { within } from "../../within.ts";
import { UserError } from "../../../protocol/errors.ts";
import { startCommand, type CommandExit, type RunningCommand } from "../commands/command.ts";
import type { Guards } from "../commands/guards.ts";
import { fallbackError } from "../problems/fallback.ts";
import type { BuildPlace } from "../problems/places.ts";
import {
  createProblemParser,
  type ContributedMatchers,
  type Problems,
} from "../problems/problem-parser.ts";
import type { Command } from "../project-config.ts";
import {
  createBuildOutput,
  programName,
  type BackendLine,
  type BuildOutcome,
  type BuildOutput,
} from "./build-output.ts";

export interface BuildOptions {
  readonly problems: Problems;
  readonly contributed: ContributedMatchers;
  readonly place: BuildPlace;
  readonly keeper: ProcessKeeper;
  readonly guards: Guards;
  /** Ms a build may take. */
  readonly limitMs: number;
  logged(line: BackendLine): void;
}

/** Undefined when the signal ended it. What goes wrong is an error of the outcome, also a wrong configuration. */
export async function runBuild(
  build: Command,
  options: BuildOptions,
  signal: AbortSignal,
): Promise<BuildOutcome | undefined> {
  const began = process.hrtime.bigint();
  const outcome = (isGood: boolean, errors: BuildOutcome["errors"]): BuildOutcome => ({
    isGood,
    errors,
    duration: Number(process.hrtime.bigint() - began),
  });
  try {
    const { output, command } = await startBuild(build, options);
    const end = await endOf(command, options.limitMs, signal);
    if (signal.aborted) return undefined;
    if (end === "late")
      return outcome(false, output.takeFailure(tooLong(build, options.limitMs), "cause"));
    if (end.code !== 0) return outcome(false, output.takeFailure(silentFailure(build, end)));
    return outcome(
      true,
      output.take().filter(({ severity }) => severity !== "error"),
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return outcome(false, [failureOf(error.message, build, options.place)]);
  }
}

/** A sentence of ours as an error of the build. */
export function failureOf(
  message: string,
  build: Command | undefined,
  place: BuildPlace,
): BuildOutcome["errors"][number] {
  return fallbackError([message], place, programName(build?.command));
}

/** Throws what is wrong with the command or its matcher. */
export async function startBuild(
  build: Command,
  options: BuildOptions,
  told: (mark: "begins" | "ends", output: BuildOutput) => void = () => {},
): Promise<{ readonly output: BuildOutput; readonly command: RunningCommand }> {
  const { problems, contributed, place, keeper, guards, logged } = options;
  const parser = createProblemParser(problems, place, contributed);
  const program = programName(build.command);
  const output = createBuildOutput(parser, place, { program, logged });
  const line: Parameters<typeof startCommand>[1]["line"] = (printed) => {
    const mark = output.line(printed);
    if (mark !== undefined) told(mark, output);
  };
  const guard = guards.take();
  return { output, command: await startCommand(build, { keeper, guard, line }) };
}

async function endOf(
  command: RunningCommand,
  limitMs: number,
  signal: AbortSignal,
): Promise<CommandExit | "late"> {
  const stop = (): void => void command.stop();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const end = await within(command.exited, limitMs, "late");
    if (end === "late") await command.stop();
    return end;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function tooLong({ command }: Command, limitMs: number): string {
  return `The build ${command.join(" ")} did not end within ${limitMs / 1000} s and was stopped. Let it end, or give it a problem matcher with background`;
}

export function silentFailure({ command }: Command, { code, signal }: CommandExit): string {
  const how = signal === null ? `exit code ${code}` : signal;
  return `The build ${command.join(" ")} ended with ${how} and printed nothing. Run it in a terminal to see why`;
}
