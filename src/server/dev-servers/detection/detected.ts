/** What one folder was recognised as, before it has an id. */
import type { ProjectEvidence } from "../../../protocol/model.ts";
import type { BackendConfig, UiConfig } from "../project-config.ts";

export interface Detected {
  /** Chosen by the project's own metadata; one is made of name and place otherwise. */
  readonly id?: string;
  readonly name: string;
  readonly version?: string;
  /** Absolute real path. */
  readonly root: string;
  readonly evidence: ProjectEvidence;
  readonly ui?: UiConfig;
  /** Absolute path of `vite.config.*`. */
  readonly configFile?: string;
  readonly backend?: BackendConfig;
}

/** Around a folder. */
export interface Surroundings {
  /** Absolute real path of the workspace folder. */
  readonly top: string;
  /** `<state>`, absolute. */
  readonly stateDirectory: string;
}

/** A back end that is a build and nothing else; parts that differ are given. */
export function buildOnly(
  root: string,
  command: readonly string[],
  rest: Pick<BackendConfig, "watch" | "problems">,
): BackendConfig {
  return {
    build: { command, cwd: root, env: {} },
    sync: [],
    debounceMs: 500,
    onChangeDuringBuild: "queue",
    reload: "restart",
    ...rest,
  };
}
