/** The builds of one back end, of whatever kind, and their beginning in its record. */
import type { ProcessKeeper } from "../../vite-host/vite-host.ts";
import { UserError } from "../../../protocol/errors.ts";
import { createBackgroundBuild } from "../builds/background-build.ts";
import { BuildLoop } from "../builds/build-loop.ts";
import type { BuildOutcome } from "../builds/build-output.ts";
import type { Slots } from "../../slots.ts";
import type { Guards } from "../commands/guards.ts";
import { runBuild, type BuildOptions } from "../builds/run-build.ts";
import { isBackground, type ContributedMatchers } from "../problems/problem-parser.ts";
import type { BackendConfig, ProjectConfig } from "../project-config.ts";
import type { BackendEvents } from "./backend-events.ts";
import { sourceLine } from "./backend-lines.ts";
import type { BackendRecord } from "./backend-record.ts";

export interface BackendBuildsOptions {
  readonly project: ProjectConfig;
  readonly config: BackendConfig;
  readonly record: BackendRecord;
  readonly events: BackendEvents;
  readonly slots: Slots;
  readonly keeper: ProcessKeeper;
  readonly guards: Guards;
  readonly contributed: ContributedMatchers;
  readonly limitMs: number;
  settle(outcome: BuildOutcome): Promise<void>;
  /** A bug. */
  failed(error: unknown): void;
}

export interface BackendBuilds {
  /** The command never ends and watches the sources by itself. */
  readonly watchesItself: boolean;
  /** A source changed. Absolute path. */
  changed(file: string): void;
  request(): void;
  stop(): Promise<void>;
}

export function createBackendBuilds(options: BackendBuildsOptions): BackendBuilds {
  const { project, config, record, events, guards, settle, failed } = options;
  const { build } = config;
  let changes: string[] = [];

  const began = (): void => {
    // A build that a change cancelled is followed by this one, and neither told its end.
    if (record.facts().status !== "building") record.move("buildBegan", {});
    if (changes.length === 0) return;
    const more = changes.length > 1 ? ` and ${changes.length - 1} more` : "";
    events.logged(sourceLine(config, "info", `Building: ${changes[0]}${more} changed`));
    changes = [];
  };

  const place = { cwd: build?.cwd ?? project.root, root: project.root };
  const buildOptions: BuildOptions = {
    problems: config.problems,
    contributed: options.contributed,
    place,
    keeper: options.keeper,
    guards: options.guards,
    limitMs: options.limitMs,
    logged: events.logged,
  };

  if (build !== undefined && endsNever(config, options.contributed)) {
    const ended = (outcome: BuildOutcome): void => void settle(outcome);
    const background = createBackgroundBuild(build, { ...buildOptions, began, ended, failed });
    return { ...background, watchesItself: true, changed: () => {} };
  }
  const loop = new BuildLoop<BuildOutcome>({
    debounceMs: config.debounceMs,
    onChangeDuringBuild: config.onChangeDuringBuild,
    slots: options.slots,
    build: async (signal) => {
      began();
      // Without a command there is nothing to do, and it always succeeds.
      if (build === undefined) return { isGood: true, errors: [], duration: 0 };
      const built = runBuild(build, buildOptions, signal);
      if (config.run !== undefined) guards.prepare();
      return built;
    },
    apply: settle,
    failed,
  });
  return {
    watchesItself: false,
    request: () => loop.request(),
    stop: () => loop.stop(),
    changed(file) {
      if (!changes.includes(file)) changes.push(file);
      if (build !== undefined) guards.prepare();
      loop.changed();
    },
  };
}

/** A matcher that does not exist is an error of the build, which says so. */
function endsNever(config: BackendConfig, contributed: ContributedMatchers): boolean {
  try {
    return isBackground(config.problems, contributed);
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
