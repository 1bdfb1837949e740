/** The packages of a project: installed where its configuration or a person says so, before it is started (dev-servers 4.1.1). */
import type { Project } from "../../../protocol/model.ts";
import { UserError } from "../../../protocol/errors.ts";
import { startCommand, type CommandExit } from "../../dev-servers/commands/command.ts";
import {
  arePackagesMissing,
  installCommandOf,
} from "../../dev-servers/detection/package-manager.ts";
import { cutLine } from "../../dev-servers/line-reader.ts";
import { levelOf } from "../../dev-servers/log-level.ts";
import type { UiConfig } from "../../dev-servers/project-config.ts";
import type { Log } from "../../log.ts";
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import { resolveVite, type ResolvedVite } from "../../vite-host/resolve-vite.ts";

export interface InstallParts {
  readonly project: Project;
  readonly keeper: ProcessKeeper;
  readonly log: Log;
  /** What is being done, in words for the waiting state. */
  step(text: string): void;
}

/** `now`: a person asked for it, whatever is there. */
export type Install = UiConfig["install"] | "now";

/**
 * The Vite of a project, installed first when it is missing and `install` allows it.
 * @param signal ends an installation that nobody waits for any more
 * @throws UserError `not_installed`, and what `resolveVite` throws
 */
export async function viteOf(
  parts: InstallParts,
  install: Install,
  signal: AbortSignal,
): Promise<ResolvedVite> {
  const { project } = parts;
  if (install !== "now") {
    try {
      return await resolveVite(project);
    } catch (error) {
      const isMissing = error instanceof UserError && error.code === "not_installed";
      if (!isMissing || install === "never") throw error;
      if (install === "ask") throw await withOffer(error, project);
    }
  }
  await installPackages(parts, signal);
  return resolveVite(project);
}

/** Before a command of the project is run. What it needs only the command knows: without leave it is tried. */
export async function preparePackages(
  parts: InstallParts,
  install: Install,
  signal: AbortSignal,
): Promise<void> {
  const isWanted =
    install === "now" || (install === "auto" && (await arePackagesMissing(parts.project.root)));
  if (isWanted) await installPackages(parts, signal);
}

/** Why a command of the project did not come up: when its packages are missing, most likely that. */
export async function withMissingPackages(
  error: UserError,
  project: Project,
  install: Install,
): Promise<UserError> {
  if (install === "never" || !(await arePackagesMissing(project.root))) return error;
  const { code, message, cause } = error;
  const command = (await installCommandOf(project.root)).join(" ");
  const missing = `${message}. The packages of ${project.name} are not installed: run ${command} in ${project.root}`;
  return withOffer(new UserError(code, missing, { cause }), project);
}

/** The same, for a person who can have it mended by a click. */
async function withOffer(error: UserError, { root }: Project): Promise<UserError> {
  const { code, message, data, cause } = error;
  const command = (await installCommandOf(root)).join(" ");
  return new UserError(code, message, { data: { ...data, install: command }, cause });
}

async function installPackages(
  { project, keeper, log, step }: InstallParts,
  signal: AbortSignal,
): Promise<void> {
  const { root, name, id } = project;
  const command = await installCommandOf(root);
  const text = command.join(" ");
  const say = (level: "info" | "error", message: string): void =>
    log.add(level, message, { source: "install", session: id });
  step(`Installing packages with ${command[0]}`);
  say("info", `Running ${text} in ${root}`);
  const running = await startCommand(
    { command, cwd: root, env: {} },
    {
      keeper,
      line: ({ text: printed }) => {
        const message = cutLine(printed);
        log.add(levelOf(message), message, { source: "install", session: id });
      },
    },
  );
  const stop = (): void => void running.stop();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const exit = await running.exited;
  signal.removeEventListener("abort", stop);
  if (exit.code === 0) return say("info", `The packages of ${name} are installed`);
  throw new UserError(
    "not_installed",
    `Installing the packages of ${name} with ${text} ended ${howOf(exit)}. Look at the log, correct it, then try again`,
    { data: { install: text } },
  );
}

function howOf({ code, signal }: CommandExit): string {
  return signal === null ? `with exit code ${code}` : `by ${signal}`;
}
