/** A project's Vite config: where and when it is loaded, and what is wrong with it. */
import path from "node:path";
import { UserError } from "../../protocol/errors.ts";
import type { ServeOptions, ViteServerEvents } from "../../protocol/vite-host.ts";
import type { Vite } from "./main.ts";
import { toProblem, type ViteError } from "./problems.ts";

/**
 * A project's tools look at the working directory, as they would under `vite`. Where a host is shared, it is that of whichever
 * project loaded its configuration last.
 */
export function startsLoading({ root, configFile }: ServeOptions, events: ViteServerEvents): void {
  process.chdir(root);
  if (configFile === false) return events.step("Starting Vite", false);
  events.step(`Loading ${path.basename(configFile)}`, true);
}

/** Loads the config alone, before Vite restarts with it; throws what is wrong with it. */
export async function checkConfig(
  vite: Vite,
  options: ServeOptions,
  events: ViteServerEvents,
): Promise<void> {
  const { configFile, root } = options;
  if (configFile === false) return;
  startsLoading(options, events);
  const env = { command: "serve", mode: "development" } as const;
  try {
    await vite.loadConfigFromFile(env, configFile, root, "silent");
  } catch (error) {
    events.step("Starting Vite", false);
    throw error;
  }
  // Vite does it once more.
  startsLoading(options, events);
}

/** A UserError `config_failed` at its place (data: file, line, column; 1-based). */
export function configFailed(error: unknown, root: string, configFile: string): UserError {
  const problem = toProblem(withStackPlace(error as ViteError, configFile), root, configFile);
  const { file, line, column } = problem;
  return new UserError(
    "config_failed",
    `${path.basename(file)} cannot be loaded: ${problem.message}. Correct it and save; the preview starts by itself`,
    { data: { file, line, column }, cause: error },
  );
}

/** An exception thrown while the config runs says its place only in the stack, in the bundled copy of the config. */
function withStackPlace(error: ViteError, configFile: string): ViteError {
  if (error.loc !== undefined || error.errors !== undefined) return error;
  const frame = (error.stack ?? "")
    .split("\n")
    .find((line) => line.includes(configFile) && !line.includes(".timestamp-"));
  const place = /:(\d+):(\d+)\)?$/.exec(frame ?? "");
  return place === null
    ? { ...plain(error), id: configFile }
    : {
        ...plain(error),
        id: configFile,
        loc: { file: configFile, line: Number(place[1]), column: Number(place[2]) - 1 },
      };
}

/** Spreading an Error loses what is not its own. */
function plain(error: ViteError): ViteError {
  return { ...error, message: error.message ?? String(error) };
}
