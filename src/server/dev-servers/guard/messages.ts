/** What the server and a guard process say to each other. */
import type { Command } from "../project-config.ts";

export type ToGuard =
  | { readonly type: "start"; readonly command: Command; readonly env: NodeJS.ProcessEnv }
  | {
      readonly type: "signal";
      readonly signal: NodeJS.Signals;
      /** The command with all it started, or itself alone. */
      readonly to: "group" | "command";
    };

export type FromGuard =
  | { readonly type: "started"; readonly pid: number }
  /** It could not be started: `ENOENT`, `EACCES` and the like. */
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  | {
      readonly type: "exited";
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    };
