/** Installs the packages of a project that has none yet, where its configuration says so (dev-servers 4.1.1). */
import type { Project } from "../../../protocol/model.ts";
import { UserError } from "../../../protocol/errors.ts";
import { startCommand, type CommandExit } from "../../dev-servers/commands/command.ts";
import { cutLine } from "../../dev-servers/line-reader.ts";
import { levelOf } from "../../dev-servers/log-level.ts";
import type { Log } from "../../log.ts";
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import { installerOf, resolveVite, type ResolvedVite } from "../../vite-host/resolve-vite.ts";

export interface InstallParts {
  readonly project: Project;
  readonly keeper: ProcessKeeper;
  readonly log: Log;
  /** What is being done, in words for the waiting state. */
  step(text: string): void;
}

/**
 * The Vite of a project, installed first when it is missing and `install` allows it.
 * @param signal ends an installation that nobody waits for any more
 * @throws UserError `not_installed`, and what `resolveVite` throws
 */
export async function viteOf(
  parts: InstallParts,
  install: "ask" | "auto" | "never",
  signal: AbortSignal,
): Promise<ResolvedVite> {
  try {
    return await resolveVite(parts.project);
  } catch (error) {
    const isMissing = error instanceof UserError && error.code === "not_installed";
    if (!isMissing || install !== "auto") throw error;
  }
  await installPackages(parts, signal);
  return resolveVite(parts.project);
}

async function installPackages(
  { project, keeper, log, step }: InstallParts,
  signal: AbortSignal,
): Promise<void> {
  const { root, name, id } = project;
  const command = [installerOf(root), "install"];
  step(`Installing packages with ${command[0]}`);
  const running = await startCommand(
    { command, cwd: root, env: {} },
    {
      keeper,
      line: ({ text }) => {
        const message = cutLine(text);
        log.add(levelOf(message), message, { source: "install", session: id });
      },
    },
  );
  const stop = (): void => void running.stop();
  signal.addEventListener("abort", stop, { once: true });
  const exit = await running.exited;
  signal.removeEventListener("abort", stop);
  if (exit.code === 0) return;
  throw new UserError(
    "not_installed",
    `Installing the packages of ${name} with ${command.join(" ")} ended ${howOf(exit)}. Look at the log, correct it, then restart it`,
  );
}

function howOf({ code, signal }: CommandExit): string {
  return signal === null ? `with exit code ${code}` : `by ${signal}`;
}
