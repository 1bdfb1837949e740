/** A build command that never ends and watches by itself: a build lasts from one of its lines to another (dev-servers 4.3). */
import { UserError } from "../../../protocol/errors.ts";
import type { RunningCommand } from "../commands/command.ts";
import type { Command } from "../project-config.ts";
import type { BuildOutcome } from "./build-output.ts";
import { failureOf, silentFailure, startBuild, type BuildOptions } from "./run-build.ts";

export interface BackgroundBuild {
  /** Starts the command, again if it runs. */
  request(): void;
  /** Nothing is told after this, also before it resolves. */
  stop(): Promise<void>;
}

export interface BackgroundBuildOptions extends BuildOptions {
  began(): void;
  ended(outcome: BuildOutcome): void;
  /** A bug. */
  failed(error: unknown): void;
}

export function createBackgroundBuild(
  build: Command,
  options: BackgroundBuildOptions,
): BackgroundBuild {
  let command: RunningCommand | undefined;
  let isStopped = false;
  let since = 0n;
  let queue = Promise.resolve();

  const begin = (): void => {
    since = process.hrtime.bigint();
    if (!isStopped) options.began();
  };
  const end = (isGood: boolean, errors: BuildOutcome["errors"]): void => {
    const duration = Number(process.hrtime.bigint() - since);
    if (!isStopped) options.ended({ isGood, errors, duration });
  };

  const restart = async (): Promise<void> => {
    const before = command;
    command = undefined;
    await before?.stop();
    if (isStopped) return;
    begin();
    try {
      const started = await startBuild(build, options, (mark, output) => {
        const errors = output.take();
        if (mark === "begins") begin();
        else end(!errors.some(({ severity }) => severity === "error"), errors);
      });
      command = started.command;
      void started.command.exited.then((exit) => {
        if (command !== started.command) return;
        command = undefined;
        end(false, started.output.takeFailure(silentFailure(build, exit)));
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      end(false, [failureOf(error.message, build, options.place)]);
    }
  };

  return {
    request: () => {
      queue = queue.then(restart).catch(options.failed);
    },
    async stop() {
      isStopped = true;
      await queue;
      const last = command;
      command = undefined;
      await last?.stop();
    },
  };
}
